"""Random lives of a plane against a model of its rules in plain Python."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sagectl.controlplane import jobs
from sagectl.controlplane.faults import Fault
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import COGNITO, OIDC, TestClock, cognito, compilation, groups, team

if TYPE_CHECKING:
    from sagectl.controlplane.jobs import Job
    from sagectl.schema.model import ServiceModel

NAMES = st.sampled_from(["ant", "bee", "cat"])
REGIONS = st.sampled_from(["us-east-1", "eu-west-1"])
PROVIDERS = st.sampled_from(["oidc", "cognito"])
FINAL = ("COMPLETED", "FAILED", "STOPPED")
QUOTAS = {"Workforce": 1, "Workteam": 2, "Tag": 50}
MEMBERS = {"oidc": groups("readers"), "cognito": [cognito("readers")]}
CONFIGURATIONS = {"oidc": {"OidcConfig": OIDC}, "cognito": {"CognitoConfig": COGNITO}}


@dataclass
class Region:
    """What there should be in one region."""

    workforce: tuple[str, str] | None = None  # its name and provider
    teams: dict[str, str] = field(default_factory=dict)  # name -> description
    jobs: dict[str, str] = field(default_factory=dict)  # name -> status


class PlaneMachine(RuleBasedStateMachine):
    """Each rule does something to the plane and says what the answer must be."""

    model: ClassVar[ServiceModel]

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.clock = TestClock()
        self.plane = self.opened()
        self.expected = {"us-east-1": Region(), "eu-west-1": Region()}
        self.working: dict[tuple[str, str], Job] = {}

    def opened(self) -> ControlPlane:
        state = Path(self.directory.name) / "state"
        return ControlPlane(state, self.model, clock=self.clock, quotas=QUOTAS)

    def teardown(self) -> None:
        self.plane.store.close()
        self.directory.cleanup()

    def code(self, operation: str, params: dict[str, Any], region: str) -> str:
        """The code of the refusal, or "" where there was none."""
        self.clock.advance()
        try:
            self.plane.handle(operation, params, region=region)
        except Fault as fault:
            return fault.code
        return ""

    @rule()
    def reopen(self) -> None:
        self.plane.store.close()
        self.plane = self.opened()

    @rule(name=NAMES, provider=PROVIDERS, region=REGIONS)
    def create_workforce(self, name: str, provider: str, region: str) -> None:
        here = self.expected[region]
        got = self.code(
            "CreateWorkforce", {"WorkforceName": name, **CONFIGURATIONS[provider]}, region
        )
        assert got == ("ValidationException" if here.workforce else "")
        here.workforce = here.workforce or (name, provider)

    @rule(name=NAMES, region=REGIONS)
    def delete_workforce(self, name: str, region: str) -> None:
        here = self.expected[region]
        got = self.code("DeleteWorkforce", {"WorkforceName": name}, region)
        if not here.workforce or here.workforce[0] != name:
            assert got == "ValidationException"
        elif here.teams:
            assert got == "ResourceInUse"
        else:
            assert got == ""
            here.workforce = None

    @rule(name=NAMES, region=REGIONS)
    def change_provider(self, name: str, region: str) -> None:
        here = self.expected[region]
        params = {"WorkforceName": name, "OidcConfig": OIDC}
        allowed = here.workforce == (name, "oidc") and not here.teams
        got = self.code("UpdateWorkforce", params, region)
        assert got == ("" if allowed else "ValidationException")

    @rule(name=NAMES, provider=PROVIDERS, region=REGIONS)
    def create_team(self, name: str, provider: str, region: str) -> None:
        here = self.expected[region]
        request = team(name, MemberDefinitions=MEMBERS[provider])
        got = self.code("CreateWorkteam", request, region)
        if name in here.teams:
            assert got == "ResourceInUse"
        elif len(here.teams) >= QUOTAS["Workteam"]:
            assert got == "ResourceLimitExceeded"
        elif (here.workforce or ("default", "cognito"))[1] != provider:
            assert got == "ValidationException"
        else:
            assert got == ""
            here.workforce = here.workforce or ("default", "cognito")
            here.teams[name] = request["Description"]

    @rule(name=NAMES, text=st.text("abc", min_size=1, max_size=4), region=REGIONS)
    def describe_team_anew(self, name: str, text: str, region: str) -> None:
        here = self.expected[region]
        params = {"WorkteamName": name, "Description": text}
        got = self.code("UpdateWorkteam", params, region)
        assert got == ("" if name in here.teams else "ValidationException")
        if name in here.teams:
            here.teams[name] = text

    @rule(name=NAMES, region=REGIONS)
    def delete_team(self, name: str, region: str) -> None:
        here = self.expected[region]
        got = self.code("DeleteWorkteam", {"WorkteamName": name}, region)
        assert got == ("ValidationException" if here.teams.pop(name, None) is None else "")

    @rule(name=NAMES, region=REGIONS)
    def create_job(self, name: str, region: str) -> None:
        here = self.expected[region]
        got = self.code("CreateCompilationJob", compilation(name), region)
        assert got == ("ResourceInUse" if name in here.jobs else "")
        here.jobs.setdefault(name, "STARTING")

    @rule()
    def claim_job(self) -> None:
        job = jobs.claim(self.plane.store, "worker", now=0, lease_ms=1)
        waiting = any(
            status == "STARTING" and (region, name) not in self.working
            for region, here in self.expected.items()
            for name, status in here.jobs.items()
        )
        assert (job is not None) == waiting
        if job is not None:
            self.working[job.resource.place.region, job.name] = job

    @rule(status=st.sampled_from(["INPROGRESS", *FINAL]))
    def record_job(self, status: str) -> None:
        for (region, name), job in list(self.working.items())[:1]:
            here = self.expected[region]
            assert jobs.record(self.plane.store, job, status, now=self.now()) is not None
            if status in FINAL:
                del self.working[region, name]
                here.jobs[name] = status
            elif here.jobs[name] != "STOPPING":
                here.jobs[name] = status

    def now(self) -> int:
        return int(self.clock.advance().timestamp() * 1000)

    @rule(name=NAMES, region=REGIONS)
    def stop_job(self, name: str, region: str) -> None:
        here = self.expected[region]
        got = self.code("StopCompilationJob", {"CompilationJobName": name}, region)
        if name not in here.jobs:
            assert got == "ResourceNotFound"
        elif here.jobs[name] in FINAL:
            assert got == "ValidationException"
        else:
            assert got == ""
            here.jobs[name] = "STOPPING" if (region, name) in self.working else "STOPPED"

    @rule(name=NAMES, region=REGIONS)
    def delete_job(self, name: str, region: str) -> None:
        here = self.expected[region]
        got = self.code("DeleteCompilationJob", {"CompilationJobName": name}, region)
        if name not in here.jobs:
            assert got == "ResourceNotFound"
        elif here.jobs[name] not in FINAL:
            assert got == "ValidationException"
        else:
            assert got == ""
            del here.jobs[name]

    @invariant()
    def the_plane_shows_what_is_expected(self) -> None:
        for region, here in self.expected.items():
            listed = self.plane.handle("ListWorkforces", {}, region=region)["Workforces"]
            names = [row["WorkforceName"] for row in listed]
            assert names == ([here.workforce[0]] if here.workforce else [])
            teams = self.plane.handle("ListWorkteams", {}, region=region)["Workteams"]
            assert {row["WorkteamName"]: row["Description"] for row in teams} == here.teams
            found = self.plane.handle("ListCompilationJobs", {}, region=region)
            assert {
                row["CompilationJobName"]: row["CompilationJobStatus"]
                for row in found["CompilationJobSummaries"]
            } == here.jobs


def test_a_plane_keeps_its_rules_whatever_is_asked_of_it(model: ServiceModel) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    class Machine(PlaneMachine):
        pass

    Machine.model = model
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
