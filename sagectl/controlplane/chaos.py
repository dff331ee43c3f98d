"""Trouble on purpose, by seed, so that people can test what their own code makes of it."""

from __future__ import annotations

import copy
import threading
import time
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT
from sagectl.controlplane import faults
from sagectl.controlplane.lagging import Lagging
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.plane import ControlPlane
    from sagectl.schema.model import ServiceModel

# Begins the token of a page that was left empty; what follows is the token that was sent.
_SKIPPED = "empty."


class Chaos(NamedTuple):
    """How much trouble, of which kind; shares are between 0 and 1.

    ``throttle``: share of calls refused with ThrottlingException. ``errors``: share that fails
    with InternalFailure. ``empty_pages``: share of list pages that are empty but have a token.
    ``failures``: share of new workforces that end Failed. ``delay``: seconds that an answer
    may come later. ``lag``: seconds until reads see a change, and until what was made can be
    named by others: a workforce by its work teams, a work team by labeling jobs.
    """

    seed: int = 0
    throttle: float = 0.0
    errors: float = 0.0
    empty_pages: float = 0.0
    failures: float = 0.0
    delay: float = 0.0
    lag: float = 0.0


_SECONDS = ("delay", "lag")


def chaos(text: str) -> Chaos:
    """What ``seed=7,throttle=0.1,empty-pages=0.2`` asks for; raises InputError."""
    asked: dict[str, float] = {}
    for part in text.split(","):
        word, given, value = part.partition("=")
        name = word.strip().replace("-", "_")
        if name not in Chaos._fields:
            known = ", ".join(field.replace("_", "-") for field in Chaos._fields)
            raise InputError(f"{part!r} is no trouble that is known", hint=f"Known: {known}.")
        if not given:
            raise InputError(f"{part!r} has no value", hint=f"Write {word.strip()}=NUMBER.")
        try:
            asked[name] = int(value) if name == "seed" else float(value)
        except ValueError as error:
            raise InputError(f"{word}: {value!r} is not a number") from error
        if name != "seed" and not 0 <= asked[name] <= (60 if name in _SECONDS else 1):
            limit = "60 seconds" if name in _SECONDS else "1"
            raise InputError(f"{word}: {value} is not between 0 and {limit}")
    return Chaos(**asked)  # type: ignore[arg-type]


class Unruly:
    """A control plane that answers as a busy, distant service does: not always, not at once.

    Trouble comes before anything is done, so a call that was refused changed nothing. The
    n-th call of a process meets the same trouble in each run with the same seed.
    """

    def __init__(
        self, plane: ControlPlane, asked: Chaos, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._plane = plane
        self._asked = asked
        self._sleep = sleep
        self._lock = threading.Lock()
        self._calls = 0
        if asked.lag:
            self._plane = copy.copy(plane)
            self._plane.store = Lagging(
                plane.state, plane.clock, asked.lag, flush=plane.store.flush
            )

    @property
    def model(self) -> ServiceModel:
        return self._plane.model

    def handle(
        self,
        operation: str,
        params: Mapping[str, Any],
        *,
        account: str = LOCAL_ACCOUNT,
        region: str = DEFAULT_LOCAL_REGION,
    ) -> dict[str, Any]:
        """As ControlPlane.handle, when it does not refuse."""
        luck = self._luck()
        if self._asked.delay:
            self._sleep(luck.random() * self._asked.delay)
        if luck.random() < self._asked.throttle:
            raise faults.throttled()
        if luck.random() < self._asked.errors:
            raise faults.internal()
        if "NextToken" in params or operation.startswith(("List", "Search")):
            token = params.get("NextToken") or ""
            if luck.random() < self._asked.empty_pages:
                return {self._member(operation): [], "NextToken": _SKIPPED + token}
            params = _without_skips(params, token)
        return self._plane.handle(operation, params, account=account, region=region)

    def _luck(self) -> Random:
        with self._lock:
            self._calls += 1
            return Random(f"{self._asked.seed}/{self._calls}")

    def _member(self, operation: str) -> str:
        members = self.model.operation(operation).output_shape.members
        return next(name for name, shape in members.items() if shape.type == "list")


def _without_skips(params: Mapping[str, Any], token: str) -> dict[str, Any]:
    while token.startswith(_SKIPPED):
        token = token.removeprefix(_SKIPPED)
    rest = {name: value for name, value in params.items() if name != "NextToken"}
    return {**rest, "NextToken": token} if token else rest
