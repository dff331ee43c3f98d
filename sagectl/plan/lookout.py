"""The lookout: how many resources are doing, learnt by as few calls as will do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sagectl.plan.live import NearCaller, described, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sagectl.catalog.kinds import Kind
    from sagectl.plan.live import Caller, Callers
    from sagectl.plan.waiter import Target

    Live = Mapping[str, Any] | None

FEW = 5  # resources; Describe is allowed about that many times as often as a list
_ROWS = 100  # of a page
_AFRESH = 10  # looks; every so many, nothing that was seen before is relied on
# What changed shortly before the last change that was seen may have been listed late.
_OVERLAP = timedelta(minutes=1)


class Lookout:
    """Looks at resources again and again.

    Many jobs of a region are looked at by a list of those that were modified since the last
    look: it tells their status, and Describe the rest of a job that has ended. Where a list
    would take more pages than half as many calls as Describe, everything is described.
    """

    def __init__(self, callers: Callers, parallel: int = 1) -> None:
        self._callers = callers
        self._parallel = parallel
        self._turns: dict[tuple[str, str], int] = {}
        self._marks: dict[tuple[str, str], datetime] = {}
        self._known: dict[Target, Live] = {}

    def look(self, targets: Sequence[Target], *, is_gone: bool = False) -> dict[Target, Live]:
        """What there is of every target now; a job under way may be as a list shows it.

        ``is_gone`` says that they are expected to vanish, which no list of changes tells.
        """
        groups: dict[tuple[str, str], list[Target]] = {}
        for target in targets:
            groups.setdefault((target.kind.name, target.region), []).append(target)
        for place, group in groups.items():
            caller = self._callers(place[1])
            if isinstance(caller, NearCaller):
                with caller.together():
                    self._known |= ((item, _described(item, caller)) for item in group)
            elif len(group) < FEW or is_gone or not group[0].kind.is_job:
                self._describe(group, caller)
            else:
                self._list(place, group, caller)
        return {target: self._known[target] for target in targets}

    def _describe(self, targets: Sequence[Target], caller: Caller) -> None:
        found = mapped(lambda item: _described(item, caller), targets, self._parallel)
        self._known |= zip(targets, found, strict=True)

    def _list(self, place: tuple[str, str], targets: list[Target], caller: Caller) -> None:
        turn = self._turns[place] = self._turns.get(place, -1) + 1
        if turn % _AFRESH == 0:
            self._marks.pop(place, None)
        mark = self._marks.get(place)
        wanted = {_folded(item.kind, item.name): item for item in targets}
        met: dict[Target, Mapping[str, Any]] = {}
        is_whole = False
        for rows, is_last in self._pages(targets[0].kind, caller, mark, len(targets)):
            for row in rows:
                self._mark(place, row)
                name = _folded(targets[0].kind, row[targets[0].kind.name_field])
                if name in wanted:
                    met[wanted[name]] = row
            is_whole = is_last or (mark is None and len(met) == len(wanted))
            if is_whole:
                break
        self._known |= met
        rest = [item for item in targets if item not in met]
        if not is_whole:
            self._describe(rest, caller)
        elif mark is None:
            self._known |= dict.fromkeys(rest)  # the list is all there is
        self._describe(
            [item for item, row in met.items() if _has_ended(item.kind, row)], caller
        )

    def _pages(
        self, kind: Kind, caller: Caller, mark: datetime | None, count: int
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], bool]]:
        """Rows, and whether they are the last, for as long as that is fewer calls."""
        # What is waited for is mostly what was made last.
        params: dict[str, Any] = {
            "MaxResults": _ROWS,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        if mark is not None:
            params["LastModifiedTimeAfter"] = mark - _OVERLAP
        for _ in range(max(1, count // 2)):
            answer = caller.call(kind.list, params)
            token = answer.get("NextToken")
            yield answer[kind.list_member], not token
            params["NextToken"] = token

    def _mark(self, place: tuple[str, str], row: Mapping[str, Any]) -> None:
        """Note the latest change that was seen, by the clock of the service."""
        when = row.get("LastModifiedTime") or row["CreationTime"]
        self._marks[place] = max(when, self._marks.get(place, when))


def _described(target: Target, caller: Caller) -> Live:
    return described(target.kind, target.name, caller)


def _folded(kind: Kind, name: str) -> str:
    """``name`` as the service tells it from others: labeling jobs' names ignore case."""
    return name.lower() if kind.name == "LabelingJob" else name


def _has_ended(kind: Kind, row: Mapping[str, Any]) -> bool:
    state = row.get(kind.status_field or "")
    return kind.statuses is not None and state in kind.statuses.final
