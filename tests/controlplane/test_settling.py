"""Workforces that take their time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.controlplane.faults import Fault
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import OIDC, TestClock, refusal, team

if TYPE_CHECKING:
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


ACTIONS = st.lists(
    st.sampled_from(["create", "update", "delete", "team", "no team", "short", "long"]),
    min_size=5,
    max_size=40,
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(actions=ACTIONS)
def test_any_life_of_a_workforce_is_that_of_its_state_machine(
    model: ServiceModel, actions: list[str]
) -> None:
    with TemporaryDirectory() as place:
        clock = TestClock()
        plane = ControlPlane(Path(place), model, clock=clock, workforce_seconds=10)
        life = Life(clock)
        for action in actions:
            if action in WAITS:
                clock.advance(WAITS[action])
                continue
            operation, params = CALLS[action]
            try:
                plane.handle(operation, params)
                got = ""
            except Fault as fault:
                got = fault.code
            assert got == life.does(action), action
            listed = plane.handle("ListWorkforces", {})["Workforces"]
            assert [row["Status"] for row in listed] == ([life.status] if life.status else [])
        plane.store.close()


WAITS = {"short": 4, "long": 10}
CALLS = {
    "create": ("CreateWorkforce", WORKFORCE),
    "update": ("UpdateWorkforce", {**NAMED, "SourceIpConfig": {"Cidrs": ["10.0.0.0/8"]}}),
    "delete": ("DeleteWorkforce", NAMED),
    "team": ("CreateWorkteam", team("radiology")),
    "no team": ("DeleteWorkteam", {"WorkteamName": "radiology"}),
}


class Life:
    """What must become of a workforce and its one team, in plain Python."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.status = ""
        self.due = clock.now
        self.has_team = False

    def does(self, action: str) -> str:
        """The code that the action is refused with, or "" and it is done."""
        if self.status not in ("", "Active") and self.due <= self.clock.now:
            self.status = "" if self.status == "Deleting" else "Active"
        refusal = self.refusal(action)
        if not refusal:
            self.has_team = {"team": True, "no team": False}.get(action, self.has_team)
            goal = {"create": "Initializing", "update": "Updating", "delete": "Deleting"}
            if action in goal:
                self.status = goal[action]
                self.due = self.clock.now + timedelta(seconds=10)
        return refusal

    def refusal(self, action: str) -> str:
        if action == "no team":
            return "" if self.has_team else "ValidationException"
        if action == "team" and self.has_team:
            return "ResourceInUse"
        if (action == "create") == bool(self.status):
            return "ValidationException"
        if action != "create" and self.status != "Active":
            return "ValidationException" if action == "team" else "ConflictException"
        return "ResourceInUse" if action == "delete" and self.has_team else ""
