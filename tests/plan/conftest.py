"""A control plane to plan against, as its callers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.catalog.regions import LOCAL_ACCOUNT
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.plane import ControlPlane
from sagectl.errors import NotFoundError
from sagectl.gateway.client import LocalCaller
from sagectl.plan.planner import Choices, planned
from sagectl.plan.secrets import Secrets
from sagectl.schema.model import ServiceModel, service_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sagectl.manifest.document import Document
    from sagectl.plan.change import Plan
    from sagectl.plan.live import Callers

REGION = "us-east-1"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def plane(tmp_path: Path, model: ServiceModel) -> Iterator[ControlPlane]:
    made = ControlPlane(tmp_path / "state", model)
    yield made
    made.store.close()


@pytest.fixture
def callers(plane: ControlPlane) -> Callers:
    return lambda region: LocalCaller(plane.handle, LOCAL_ACCOUNT, region)


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "state")


def no_manager(name: str, region: str) -> str:
    raise NotFoundError("ResourceNotFoundException", f"there is no secret {name} in {region}")


@pytest.fixture
def environ() -> dict[str, str]:
    """The variables that {env: NAME} sees."""
    return {}


@pytest.fixture
def secrets(tmp_path: Path, environ: dict[str, str]) -> Secrets:
    return Secrets(tmp_path / "state", "local", environ, no_manager)


@pytest.fixture
def plan_of(callers: Callers, model: ServiceModel, secrets: Secrets) -> Callable[..., Plan]:
    """``plan_of(document, ..., retry_failed=True)``: what it takes to have them live."""

    def plan(*documents: Document, **choices: bool) -> Plan:
        wanted = Choices(REGION, upload_to="s3://models/uploads", **choices)
        return planned(documents, callers, model, wanted, secrets)

    return plan
