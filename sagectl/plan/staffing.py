"""Who works in which team, from where, and what to think of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.plan.addresses import MAX_RANGES
from sagectl.plan.members import MAX_GROUPS, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.plan.people import Pool

_NEAR = 1  # this many short of a limit is near it
Row = dict[str, Any]


class Staffing(NamedTuple):
    """The rows of a report, in the service's spelling where it has a word for them."""

    workforces: tuple[Row, ...]
    teams: tuple[Row, ...]
    remarks: tuple[Row, ...]

    def value(self) -> Row:
        return {
            "Workforces": list(self.workforces),
            "Teams": list(self.teams),
            "Remarks": list(self.remarks),
        }


def merged(regions: Mapping[str, Staffing]) -> Staffing:
    """What is known of several regions as one, each row with its ``Region``."""

    def rows(member: str) -> tuple[Row, ...]:
        return tuple(
            {"Region": region, **row}
            for region, found in regions.items()
            for row in getattr(found, member)
        )

    return Staffing(*map(rows, Staffing._fields))


class _People(NamedTuple):
    """E-mail addresses by group, and those in no team."""

    groups: Mapping[str, frozenset[str]]
    idle: tuple[str, ...]


def staffing(
    workforces: Sequence[Mapping[str, Any]],
    teams: Sequence[Mapping[str, Any]],
    pool: Pool | None,
) -> Staffing:
    """What is described of ``workforces`` and ``teams``, with the people of ``pool``.

    Without a pool, as with a company's own provider, nobody is counted.
    """
    used = {group for team in teams for group in groups_of(team)}
    people = _people(pool, used) if pool else None
    ranges = {
        row["WorkforceArn"]: list(row.get("SourceIpConfig", {}).get("Cidrs", ()))
        for row in workforces
    }
    team_rows = tuple(_team(team, ranges, people) for team in teams)
    remarks = [*_of_workforces(workforces), *_of_teams(team_rows)]
    if people:
        remarks += [
            _remark(group, "no team uses this group") for group in people.groups.keys() - used
        ]
        remarks += [_remark(email, "is in no team") for email in people.idle]
    remarks.sort(key=lambda row: (row["Remark"], row["About"]))
    return Staffing(tuple(map(_workforce, workforces)), team_rows, tuple(remarks))


def _people(pool: Pool, used: set[str]) -> _People:
    groups = {
        group: frozenset(known.email for known in pool.members(group))
        for group in pool.groups()
    }
    busy: set[str] = set().union(*(groups[name] for name in used & groups.keys()))
    idle = (known.email for known in pool.people() if known.email not in busy)
    return _People(groups, tuple(sorted(idle)))


def _workforce(row: Mapping[str, Any]) -> Row:
    cidrs = list(row.get("SourceIpConfig", {}).get("Cidrs", ()))
    found: Row = {"WorkforceName": row["WorkforceName"], "Cidrs": cidrs}
    if domain := row.get("SubDomain"):
        found["Portal"] = f"https://{domain}"
    return found


def _team(
    team: Mapping[str, Any], ranges: Mapping[str, list[str]], people: _People | None
) -> Row:
    groups = groups_of(team)
    found: Row = {
        "WorkteamName": team["WorkteamName"],
        "Groups": list(groups),
        "Cidrs": ranges.get(team.get("WorkforceArn", ""), []),
    }
    if people:
        nobody: frozenset[str] = frozenset()
        found["People"] = sorted(
            nobody.union(*(people.groups.get(each, ()) for each in groups))
        )
        found["PeopleCount"] = len(found["People"])
    if topic := team.get("NotificationConfiguration", {}).get("NotificationTopicArn"):
        found["NotificationTopicArn"] = topic
    if domain := team.get("SubDomain"):
        found["Portal"] = f"https://{domain}"
    return found


def _of_workforces(workforces: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for row in workforces:
        count = len(row.get("SourceIpConfig", {}).get("Cidrs", ()))
        if not count:
            yield _remark(row["WorkforceName"], "has no address range: open to everywhere")
        if count >= MAX_RANGES - _NEAR:
            yield _remark(row["WorkforceName"], f"has {count} of {MAX_RANGES} address ranges")


def _of_teams(teams: Sequence[Row]) -> Iterator[Row]:
    for row in teams:
        count = len(row["Groups"])
        if row.get("PeopleCount") == 0:
            yield _remark(row["WorkteamName"], "has nobody in it")
        if count >= MAX_GROUPS - _NEAR:
            yield _remark(row["WorkteamName"], f"has {count} of {MAX_GROUPS} groups")
        if "NotificationTopicArn" not in row:
            yield _remark(row["WorkteamName"], "has no notification topic")


def _remark(about: str, text: str) -> Row:
    return {"About": about, "Remark": text}
