"""Calls at the pace that the service allows, by a token bucket for each class of operation."""

from __future__ import annotations

import threading
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.gateway.client import Caller


class Rate(NamedTuple):
    """So many calls a second for long, and ``burst`` of them at once."""

    per_second: float
    burst: int


# SageMaker publishes few of its rates. CreateTrainingJob has 1 a second (service quotas), lists
# about 2 (sagemaker-python-sdk, pull request 2071); what goes beyond is throttled and retried.
CHANGES = Rate(2.0, 20)
LISTS = Rate(2.0, 10)
LOOKS = Rate(10.0, 40)
# The first that an operation's name begins with counts.
RATES: Mapping[str, Rate] = {
    "Describe": LOOKS,
    "ListTags": LOOKS,
    "List": LISTS,
    "Search": LISTS,
}


def operation_class(operation: str) -> str:
    """What an operation's calls are counted as: a row of RATES, or Change."""
    return next((name for name in RATES if operation.startswith(name)), "Change")


class Bucket:
    """Tokens that come back at a rate; takers wait their turn, in the order they came."""

    def __init__(
        self,
        rate: Rate,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._pause = pause
        self._tokens = float(rate.burst)
        self._seen = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take a token, after a pause if there is none."""
        with self._lock:
            now = self._clock()
            gained = (now - self._seen) * self._rate.per_second
            self._tokens = min(self._rate.burst, self._tokens + gained) - 1
            self._seen = now
            # A debt is a place in the queue: whoever comes later waits longer.
            wait = -self._tokens / self._rate.per_second
        if wait > 0:
            self._pause(wait)


class PacedCaller:
    """A caller that keeps to the rates of one account and region.

    ``calls`` are the operations asked for so far, and how often; retries do not count.
    """

    def __init__(
        self,
        caller: Caller,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._caller = caller
        self.calls: dict[str, int] = {}
        self._counting = threading.Lock()
        self._buckets = {
            name: Bucket(rate, clock, pause)
            for name, rate in {**RATES, "Change": CHANGES}.items()
        }

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        with self._counting:
            self.calls[operation] = self.calls.get(operation, 0) + 1
        self._buckets[operation_class(operation)].take()
        return self._caller.call(operation, params)
