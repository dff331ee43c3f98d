"""The queue of jobs and the leases of roles, as workers and supervisors use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane import jobs, leases
from sagectl.controlplane.leases import Lease
from tests.support.planes import compilation

if TYPE_CHECKING:
    from sagectl.controlplane.jobs import Job
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.store import Store


@pytest.fixture
def store(plane: ControlPlane) -> Store:
    """The store of a plane where jobs one, two and three wait."""
    for name in ("one", "two", "three"):
        plane.handle("CreateCompilationJob", compilation(name))
    return plane.store


def claimed(store: Store, owner: str = "worker", now: int = 0) -> Job:
    job = jobs.claim(store, owner, now=now, lease_ms=100)
    assert job is not None
    return job


def test_jobs_are_claimed_in_the_order_they_came(store: Store) -> None:
    assert [claimed(store).name for _ in range(3)] == ["one", "two", "three"]
    assert jobs.claim(store, "worker", now=0, lease_ms=1) is None


def test_a_claim_counts_attempts_and_sets_a_lease(store: Store) -> None:
    job = claimed(store, now=50)
    assert (job.owner, job.attempts, job.lease_until) == ("worker", 1, 150)
    assert not job.stop_requested


def test_a_heartbeat_prolongs_the_lease_and_keeps_the_process(store: Store) -> None:
    job = claimed(store)
    assert jobs.heartbeat(store, job, now=90, lease_ms=100, pid=77) is not None
    again = jobs.heartbeat(store, job, now=120, lease_ms=100)
    assert again is not None
    assert (again.lease_until, again.pid) == (220, 77)


def test_a_released_job_is_queued_again_in_its_old_place(store: Store) -> None:
    job = claimed(store)
    assert jobs.release(store, job, "STARTING", now=200)
    again = claimed(store, "other")
    assert (again.name, again.attempts) == ("one", 2)


def test_who_lost_a_job_changes_it_no_more(store: Store) -> None:
    lost = claimed(store)
    jobs.release(store, lost, "STARTING", now=200)
    assert jobs.heartbeat(store, lost, now=201, lease_ms=1) is None
    assert jobs.record(store, lost, "COMPLETED", now=201) is None
    assert not jobs.release(store, lost, "STARTING", now=201)
    assert claimed(store, "other").resource.status == "STARTING"


def test_a_job_that_ended_is_out_of_the_queue(store: Store) -> None:
    job = claimed(store)
    assert jobs.record(store, job, "FAILED", now=5, FailureReason="no") is not None
    assert [job.name for job in jobs.active(store)] == ["two", "three"]
    assert jobs.record(store, job, "COMPLETED", now=6) is None


def test_fields_recorded_later_join_the_earlier(store: Store) -> None:
    job = claimed(store)
    jobs.record(store, job, "INPROGRESS", now=5, CompilationStartTime=5)
    done = jobs.record(store, job, "COMPLETED", now=9, CompilationEndTime=9)
    assert done is not None
    assert done.resource.body["CompilationStartTime"] == 5
    assert done.resource.body["CompilationEndTime"] == 9
    assert (done.resource.status, done.resource.modified) == ("COMPLETED", 9)


def lease(owner: str, beat: int) -> Lease:
    return Lease("supervisor", owner, pid=1, boot="boot", beat=beat)


def test_one_process_at_a_time_holds_a_role(store: Store) -> None:
    assert leases.take(store, lease("first", 10), instead_of=None)
    assert not leases.take(store, lease("second", 20), instead_of=None)
    assert leases.holder(store, "supervisor") == lease("first", 10)


def test_of_those_who_saw_a_dead_holder_one_takes_its_role(store: Store) -> None:
    leases.take(store, lease("dead", 10), instead_of=None)
    seen = leases.holder(store, "supervisor")
    assert leases.take(store, lease("first", 20), instead_of=seen)
    assert not leases.take(store, lease("second", 30), instead_of=seen)


def test_a_holder_that_was_heard_of_meanwhile_keeps_its_role(store: Store) -> None:
    leases.take(store, lease("first", 10), instead_of=None)
    seen = leases.holder(store, "supervisor")
    leases.beat(store, "supervisor", "first", now=11)
    assert not leases.take(store, lease("second", 30), instead_of=seen)


def test_a_role_whose_holder_is_silent_can_be_taken(store: Store) -> None:
    leases.take(store, lease("first", 10), instead_of=None)
    seen = leases.holder(store, "supervisor")
    assert leases.take(store, lease("second", 20), instead_of=seen)
    assert not leases.beat(store, "supervisor", "first", now=30)
    assert leases.beat(store, "supervisor", "second", now=30)
    assert leases.holder(store, "supervisor") == lease("second", 30)
