"""The lookout: the truth about many jobs, and what it costs in calls."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.catalog.kinds import COMPILATION_JOB_KIND, LABELING_JOB_KIND, WORKTEAM_KIND
from sagectl.controlplane.plane import ControlPlane
from sagectl.plan.live import described
from sagectl.plan.lookout import Lookout
from sagectl.plan.waiter import Target
from tests.support.planes import TestClock, compilation, labeling, with_team

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.plan.live import Caller
    from sagectl.schema.model import ServiceModel

REGION = "us-east-1"


class Far:
    """A plane at the other end of a network, which counts who asks what."""

    def __init__(self, state: Path, model: ServiceModel) -> None:
        self.clock = TestClock()
        self.plane = ControlPlane(state, model, clock=self.clock)
        self.calls: Counter[str] = Counter()

    def __call__(self, region: str) -> Caller:
        return self

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.calls[operation] += 1
        return self.plane.handle(operation, params, region=REGION)

    def asked(self) -> dict[str, int]:
        """The calls since this was asked last."""
        asked, self.calls = dict(self.calls), Counter()
        return asked

    def create(self, *names: str) -> None:
        for name in names:
            self.plane.handle("CreateCompilationJob", compilation(name), region=REGION)

    def stop(self, name: str) -> None:
        name_field = {"CompilationJobName": name}
        self.plane.handle("StopCompilationJob", name_field, region=REGION)


@pytest.fixture
def far(tmp_path: Path, model: ServiceModel) -> Far:
    return Far(tmp_path / "state", model)


def jobs(count: int, first: int = 0) -> list[Target]:
    names = [f"job-{number}" for number in range(first, first + count)]
    return [Target(COMPILATION_JOB_KIND, name, REGION) for name in names]


def states(found: Mapping[Target, Mapping[str, Any] | None]) -> list[str | None]:
    return [live and live["CompilationJobStatus"] for live in found.values()]


def test_a_look_at_many_jobs_is_one_list_and_one_describe_for_each_that_ended(far: Far) -> None:
    targets = jobs(40)
    far.create(*(target.name for target in targets))
    lookout = Lookout(far)

    assert set(states(lookout.look(targets))) == {"STARTING"}
    assert far.asked() == {"ListCompilationJobs": 1}

    far.clock.advance(120)
    far.stop("job-7")
    far.stop("job-9")
    found = lookout.look(targets)

    assert far.asked() == {"ListCompilationJobs": 1, "DescribeCompilationJob": 2}
    assert states(found).count("STOPPED") == 2
    ended = found[targets[7]]
    assert ended is not None
    assert "RoleArn" in ended  # Describe's answer, not a row of a list


def test_a_few_jobs_are_described(far: Far) -> None:
    targets = jobs(4)
    Lookout(far).look(targets)

    assert far.asked() == {"DescribeCompilationJob": 4}


def test_a_list_is_left_off_where_it_takes_more_calls(far: Far) -> None:
    targets = jobs(6)
    far.create(*(target.name for target in targets))
    far.clock.advance(60)
    far.create(*(f"other-{number}" for number in range(320)))

    found = Lookout(far).look(targets)

    assert set(states(found)) == {"STARTING"}
    assert far.asked() == {"ListCompilationJobs": 3, "DescribeCompilationJob": 6}


def test_what_others_do_is_not_listed_again_and_again(far: Far) -> None:
    targets = jobs(10)
    far.create(*(f"other-{number}" for number in range(150)))
    far.clock.advance(3600)
    far.create(*(target.name for target in targets))
    lookout = Lookout(far)
    for _ in range(9):
        far.clock.advance(3600)
        lookout.look(targets)

    assert far.asked() == {"ListCompilationJobs": 9}


def test_what_is_not_there_is_seen_when_it_comes(far: Far) -> None:
    targets = jobs(10)
    lookout = Lookout(far)
    assert set(states(lookout.look(targets))) == {None}

    far.create("job-3")

    assert states(lookout.look(targets)).count("STARTING") == 1


def test_what_vanishes_is_described(far: Far) -> None:
    targets = jobs(10)
    far.create(*(target.name for target in targets))
    Lookout(far).look(targets, is_gone=True)

    assert far.asked() == {"DescribeCompilationJob": 10}


def test_what_vanished_unexpectedly_is_noticed_after_a_while(far: Far) -> None:
    targets = jobs(10)
    far.create(*(target.name for target in targets))
    lookout = Lookout(far)
    lookout.look(targets)
    far.stop("job-3")
    far.plane.handle("DeleteCompilationJob", {"CompilationJobName": "job-3"}, region=REGION)

    seen = [states(lookout.look(targets))[3] for _ in range(12)]

    assert seen[-1] is None


def test_work_teams_are_described_and_labeling_jobs_listed(far: Far) -> None:
    team = with_team(far.plane)
    names = [f"Scans-{number}" for number in range(8)]
    for name in names:
        far.plane.handle("CreateLabelingJob", labeling(name, team), region=REGION)
    # Labeling jobs' names ignore case.
    labelings = [Target(LABELING_JOB_KIND, name.lower(), REGION) for name in names]
    teams = [Target(WORKTEAM_KIND, f"team-{number}", REGION) for number in range(8)]

    found = Lookout(far).look([*labelings, *teams])

    assert all(found[target] for target in labelings)
    assert far.asked() == {"ListLabelingJobs": 1, "DescribeWorkteam": 8}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "stop", "other", "look"]),
        st.integers(0, 11),
        st.sampled_from([0.0, 0.4, 30.0, 61.0, 5000.0]),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_a_look_says_what_describe_says(
    steps: list[tuple[str, int, float]], model: ServiceModel
) -> None:
    targets = jobs(12)
    with TemporaryDirectory() as folder:
        far = Far(Path(folder), model)
        lookout = Lookout(far)
        made: dict[str, bool] = {}  # name -> whether it runs
        for number, (step, which, seconds) in enumerate([*steps, ("look", 0, 0.0)]):
            far.clock.advance(seconds)
            name = f"job-{which}"
            if step == "create" and name not in made:
                far.create(name)
                made[name] = True
            elif step == "stop" and made.get(name):
                far.stop(name)
                made[name] = False
            elif step == "other":
                far.create(f"other-{number}")
            elif step == "look":
                truth = {target: described(target.kind, target.name, far) for target in targets}
                assert states(lookout.look(targets)) == states(truth)
        far.plane.store.close()
