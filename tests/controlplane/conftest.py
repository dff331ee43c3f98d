"""A control plane on a real database file, under a clock that tests turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.plane import ControlPlane
from sagectl.schema.model import ServiceModel, service_model
from tests.support.planes import TestClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def plane(state: Path, model: ServiceModel, clock: TestClock) -> Iterator[ControlPlane]:
    made = ControlPlane(state, model, clock=clock)
    yield made
    made.store.close()
