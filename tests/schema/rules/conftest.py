"""Which rules a request breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from sagectl.schema.model import ServiceModel, service_model
from sagectl.schema.request import findings

if TYPE_CHECKING:
    from sagectl.diagnostics import Diagnostic


class Broken(Protocol):
    def __call__(self, operation: str, params: dict[str, Any]) -> list[str]: ...


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def broken(model: ServiceModel) -> Broken:
    """The findings of a request, as ``rule at path`` each."""

    def broken(operation: str, params: dict[str, Any]) -> list[str]:
        return [_told(one) for one in findings(operation, params, model)]

    return broken


def _told(finding: Diagnostic) -> str:
    sign = "" if finding.is_error else " (warning)"
    return f"{finding.rule} at {finding.path}{sign}"
