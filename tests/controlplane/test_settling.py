"""Workforces that take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.faults import Fault
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import OIDC, TestClock, refusal, team

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel

WORKFORCE = {"WorkforceName": "crowd", "OidcConfig": OIDC}
NAMED = {"WorkforceName": "crowd"}


@pytest.fixture
def slow(state: Path, model: ServiceModel, clock: TestClock) -> ControlPlane:
    """A plane whose workforces take ten seconds to each state."""
    return ControlPlane(state, model, clock=clock, workforce_seconds=10)


def status(plane: ControlPlane) -> str:
    found: str = plane.handle("DescribeWorkforce", NAMED)["Workforce"]["Status"]
    return found


def test_a_workforce_passes_through_the_states_of_the_service(
    slow: ControlPlane, clock: TestClock
) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    seen = [status(slow)]
    clock.advance(10)
    seen.append(status(slow))
    slow.handle("UpdateWorkforce", {**NAMED, "SourceIpConfig": {"Cidrs": ["10.0.0.0/8"]}})
    seen.append(status(slow))
    clock.advance(10)
    seen.append(status(slow))
    slow.handle("DeleteWorkforce", NAMED)
    seen.append(status(slow))
    assert seen == ["Initializing", "Active", "Updating", "Active", "Deleting"]
    clock.advance(10)
    assert slow.handle("ListWorkforces", {}) == {"Workforces": []}
    with pytest.raises(Fault, match="No workforce"):
        status(slow)
    slow.handle("CreateWorkforce", WORKFORCE)


def test_a_workforce_on_its_way_cannot_be_changed(slow: ControlPlane) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    update = {**NAMED, "SourceIpConfig": {"Cidrs": ["10.0.0.0/8"]}}
    assert refusal(slow, "UpdateWorkforce", update).code == "ConflictException"
    assert refusal(slow, "DeleteWorkforce", NAMED).code == "ConflictException"


def test_only_an_active_workforce_takes_teams(slow: ControlPlane, clock: TestClock) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    fault = refusal(slow, "CreateWorkteam", team("radiology"))
    assert fault.code == "ValidationException"
    assert "Initializing" in fault.message
    clock.advance(10)
    slow.handle("CreateWorkteam", team("radiology"))


def test_a_workforce_that_is_being_deleted_still_takes_its_place(
    slow: ControlPlane, clock: TestClock
) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    clock.advance(10)
    slow.handle("DeleteWorkforce", NAMED)
    assert refusal(slow, "CreateWorkforce", WORKFORCE).code == "ValidationException"
    clock.advance(10)
    slow.handle("CreateWorkforce", WORKFORCE)


def test_another_plane_on_the_directory_sees_it_arrive(
    slow: ControlPlane, state: Path, model: ServiceModel, clock: TestClock
) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    clock.advance(10)
    assert status(ControlPlane(state, model, clock=clock)) == "Active"


def test_where_it_is_on_its_way_to_is_not_shown(slow: ControlPlane) -> None:
    slow.handle("CreateWorkforce", WORKFORCE)
    shown = slow.handle("DescribeWorkforce", NAMED)["Workforce"]
    assert not {name for name in shown if name.startswith("Settles")}
