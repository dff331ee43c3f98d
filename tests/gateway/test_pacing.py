"""Pacing: bursts at once, then no faster than the rate, whatever the number of threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.gateway.pacing import CHANGES, LOOKS, Bucket, PacedCaller, Rate, operation_class

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clock:
    """Time that passes as it is slept through."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    bucket = Bucket(Rate(2.0, 5), clock, clock.pause)
    for _ in range(5):
        bucket.take()
    assert clock.now == 100.0
    for _ in range(10):
        bucket.take()
    assert clock.now == pytest.approx(105.0)


def test_what_was_not_used_comes_back_up_to_the_burst() -> None:
    clock = Clock()
    bucket = Bucket(Rate(2.0, 5), clock, clock.pause)
    for _ in range(5):
        bucket.take()
    clock.now += 1000
    for _ in range(5):
        bucket.take()
    assert clock.now == 1100.0


def test_threads_share_the_rate() -> None:
    waits: list[float] = []
    bucket = Bucket(Rate(10.0, 1), lambda: 0.0, waits.append)
    threads = [threading.Thread(target=bucket.take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("DescribeWorkteam", "Describe"),
        ("ListTags", "ListTags"),
        ("ListWorkteams", "List"),
        ("Search", "Search"),
        ("CreateCompilationJob", "Change"),
        ("StopLabelingJob", "Change"),
        ("AddTags", "Change"),
    ],
)
def test_operations_are_counted_by_what_they_do(operation: str, expected: str) -> None:
    assert operation_class(operation) == expected


def test_classes_do_not_wait_for_each_other() -> None:
    class Silent:
        def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
            return {}

    clock = Clock()
    caller = PacedCaller(Silent(), clock, clock.pause)
    for _ in range(CHANGES.burst):
        caller.call("CreateWorkteam", {})
    for _ in range(LOOKS.burst):
        caller.call("DescribeWorkteam", {})
    assert clock.now == 100.0
    caller.call("CreateWorkteam", {})
    assert clock.now == pytest.approx(100.0 + 1 / CHANGES.per_second)
