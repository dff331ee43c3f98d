"""How each action of a plan is done, call by call."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.errors import InterruptedRunError, NotFoundError, ServiceError, WaitTimeoutError
from sagectl.manifest.document import Secret
from sagectl.plan.change import Action, Change
from sagectl.plan.confidential import remember
from sagectl.plan.crews import pool_of
from sagectl.plan.diff import differences
from sagectl.plan.live import described, failure, status
from sagectl.plan.people import admit
from sagectl.plan.targets import replaced
from sagectl.plan.uploads import send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.manifest.document import Reference
    from sagectl.plan.crews import Pools
    from sagectl.plan.live import Caller, Callers
    from sagectl.plan.order import Key
    from sagectl.plan.secrets import Secrets
    from sagectl.plan.uploads import Objects

Sent = list[tuple[str, bool]]  # URI, and whether it had to be sent

# A VPC workforce takes about six minutes (terraform-provider-aws waits ten); a job that is
# stopping gets two minutes from the service before it is killed.
SETTLING_SECONDS = 900.0
SEEING_SECONDS = 120.0
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 2.0


def pauses(limit: float) -> Iterator[float]:
    """Seconds between looks: quick at first, then patient, ``limit`` in all."""
    spent, pause = 0.0, _FIRST_PAUSE
    while spent < limit:
        yield pause
        spent += pause
        pause = min(pause * 1.5, _LAST_PAUSE)


class Steps:
    """Carries out single changes; safe to use from several threads."""

    def __init__(
        self,
        callers: Callers,
        objects: Objects,
        results: Mapping[Key, Mapping[str, Any]],
        secrets: Secrets,
        *,
        pause: Callable[[float], None],
        stops: Callable[[], bool],
        pools: Pools,
    ) -> None:
        self._callers = callers
        self._objects = objects
        self._results = results
        self._secrets = secrets
        self._pause = pause
        self._stops = stops
        self._pools = pools

    def carry_out(self, change: Change) -> tuple[Sent, Mapping[str, Any]]:
        """Make one change; what was uploaded for it, and the service's answer."""
        self._let_in(change)
        sent = [(item.uri, send(item, self._objects)) for item in change.uploads]
        caller = self._callers(change.region)
        return sent, _ACTIONS[change.action](self, change, caller)

    def _let_in(self, change: Change) -> None:
        """Have the people of a work team in its groups, before the team is made of them."""
        pool = pool_of(change, self._pools) if change.people else None
        if pool is None:
            return
        there = set(pool.groups())
        for group in {group for person in change.people for group in person.joins} - there:
            pool.create_group(group)
        for person in change.people:
            admit(person, pool)

    def _create(self, change: Change, caller: Caller) -> Mapping[str, Any]:
        try:
            result: Mapping[str, Any] = self._accepted(change, caller)
        except ServiceError as error:
            live = (
                described(change.kind, change.document.name, caller) if _doubt(error) else None
            )
            # An answer that was lost on the way: what is there is what was asked for.
            if live is None or differences(change.kind, change.params, live):
                raise
            result = live
        self._remember(change, result)
        self._settled(change, caller)
        return result

    def _accepted(self, change: Change, caller: Caller) -> Mapping[str, Any]:
        """The answer to the create call, tried again while it cannot see what was just made.

        CreateWorkteam and CreateLabelingJob answer ValidationException for a while after
        their workforce or work team was made (terraform-provider-aws tries for two minutes).
        """
        params = self._params(change)
        made = [key[1] for key in change.needs if key in self._results]
        for pause in pauses(SEEING_SECONDS):
            try:
                return caller.call(change.kind.create, params)
            except ServiceError as error:
                if not made or not _is_unseen(error, made) or self._stops():
                    raise
            self._pause(pause)
        return caller.call(change.kind.create, params)

    def _update(self, change: Change, caller: Caller) -> Mapping[str, Any]:
        result: Mapping[str, Any] = {}
        if change.params and change.kind.update:
            result = caller.call(change.kind.update, self._params(change))
            self._remember(change, change.live or {})
            self._settled(change, caller)
        if change.tags and change.live:
            tags = [{"Key": name, "Value": value} for name, value in change.tags.items()]
            arn = change.live[change.kind.arn_field]
            caller.call("AddTags", {"ResourceArn": arn, "Tags": tags})
        return result

    def _replace(self, change: Change, caller: Caller) -> Mapping[str, Any]:
        for team in change.lost:
            with suppress(NotFoundError):
                caller.call("DeleteWorkteam", {"WorkteamName": team})
        self._delete(change, caller)
        self._gone(change, caller)
        return self._create(change, caller)

    def _gone(self, change: Change, caller: Caller) -> None:
        """Return once a workforce is no longer there: a region has only one."""
        for pause in pauses(0.0 if change.kind.is_job else SETTLING_SECONDS):
            if described(change.kind, change.document.name, caller) is None:
                return
            if self._stops():
                raise InterruptedRunError(f"{change.label} was being deleted when interrupted")
            self._pause(pause)

    def _delete(self, change: Change, caller: Caller) -> Mapping[str, Any]:
        kind, name = change.kind, {change.kind.name_field: change.document.name}
        try:
            if kind.stop and status(kind, change.live) not in _final(change):
                caller.call(kind.stop, name)
                self._at_rest(change, caller)
            answer = caller.call(kind.delete, name) if kind.delete else {}
        except NotFoundError:
            return {}  # somebody else was quicker
        if answer.get("Success") is False:
            raise ServiceError(
                "NotDeleted",
                f"the service did not delete {change.label}",
                operation=kind.delete,
            )
        return answer

    def _params(self, change: Change) -> dict[str, Any]:
        """The parameters with the ARNs of what this run has made, and with secret values."""

        def value(_: str, leaf: Reference | Secret) -> Any:
            if isinstance(leaf, Secret):
                return self._secrets.value(leaf, change.region)
            made = self._results[leaf.kind, leaf.name, change.region]
            return made[KINDS[leaf.kind].arn_field]

        return replaced(change.params, value)

    def _remember(self, change: Change, live: Mapping[str, Any]) -> None:
        """Note which secrets were sent, so that the next plan can tell them from new ones."""
        arn = str(live[change.kind.arn_field])
        remember(change.params, change.kind, arn, change.region, self._secrets)

    def _settled(self, change: Change, caller: Caller) -> None:
        """Return once a workforce is ready for work teams."""
        if change.kind.is_job or change.kind.statuses is None:
            return
        live = self._at_rest(change, caller)
        if live is not None and status(change.kind, live) in change.kind.statuses.failed:
            raise ServiceError(
                "Failed", f"{change.label} failed: {failure(change.kind, live) or 'no reason'}"
            )

    def _at_rest(self, change: Change, caller: Caller) -> Mapping[str, Any] | None:
        """The resource once its status is a final one, or None if it vanished."""
        for pause in pauses(SETTLING_SECONDS):
            live = described(change.kind, change.document.name, caller)
            state = status(change.kind, live)
            if state is None or state in _final(change):
                return live
            if self._stops():
                raise InterruptedRunError(f"{change.label} was {state} when interrupted")
            self._pause(pause)
        raise WaitTimeoutError(
            f"{change.label} is still {state} after {SETTLING_SECONDS:.0f} seconds",
            hint="Apply again once it has settled.",
        )


def _final(change: Change) -> frozenset[str]:
    return change.kind.statuses.final if change.kind.statuses else frozenset()


def _doubt(error: ServiceError) -> bool:
    """Whether a create that failed may have succeeded: no answer, or a second try's answer."""
    return (
        error.status == 0
        or error.status >= 500
        or error.code == "ResourceInUse"
        or "more than one workforce" in error.message
    )


def _is_unseen(error: ServiceError, made: Sequence[str]) -> bool:
    """Whether the service says that something just made does not exist."""
    says_missing = "exist" in error.message or "No workforce" in error.message
    names_it = any(name in error.message for name in made)
    return error.code == "ValidationException" and says_missing and names_it


_ACTIONS: dict[Action, Callable[[Steps, Change, Caller], Mapping[str, Any]]] = {
    Action.CREATE: Steps._create,
    Action.UPDATE: Steps._update,
    Action.REPLACE: Steps._replace,
    Action.DELETE: Steps._delete,
}
