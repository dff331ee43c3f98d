"""Who works in which team, for people: on a screen, or as a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.columns import reader
from sagectl.render.sections import sections
from sagectl.render.views import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.plan.staffing import Staffing
    from sagectl.render.views import Report

_TEAMS = (
    Column("TEAM", "WorkteamName"),
    Column("GROUPS", "Groups", "list"),
    Column("PEOPLE", "PeopleCount"),
    Column("CIDRS", "Cidrs", "list"),
    Column("TOPIC", "NotificationTopicArn"),
    Column("PORTAL", "Portal"),
)
_WORKFORCES = (
    Column("WORKFORCE", "WorkforceName"),
    Column("CIDRS", "Cidrs", "list"),
    Column("PORTAL", "Portal"),
)
_PEOPLE = (Column("TEAM", "WorkteamName"), Column("PEOPLE", "People", "list"))
_REMARKS = (Column("ABOUT", "About"), Column("REMARK", "Remark"))
_REGION = Column("REGION", "Region")  # in front, where several regions are told of
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .8rem;border-bottom:1px solid #ccc}"
    "td{overflow-wrap:anywhere}@media(prefers-color-scheme:dark)"
    "{body{background:#111;color:#eee}th,td{border-color:#444}}"
)


def report(found: Staffing) -> Report:
    """``found`` as something to show; its rows are the teams."""
    columns = _with_region(_TEAMS, found.teams)
    teams = Listing("Teams", found.teams, columns, "workteam", "WorkteamName", "work teams")
    return sections(found.value(), _sections(found), teams)


def page(found: Staffing) -> str:
    """``found`` as one HTML page that needs nothing else."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>Who labels</title><style>{_STYLE}</style></head><body><h1>Who labels</h1>",
    ]
    for title, columns, rows in _sections(found):
        parts.append(f"<h2>{title}</h2>{_table(columns, rows)}")
    return "\n".join([*parts, "</body></html>\n"])


def _sections(
    found: Staffing,
) -> tuple[tuple[str, Sequence[Column], Sequence[Mapping[str, Any]]], ...]:
    sections = (
        ("Workforces", _WORKFORCES, found.workforces),
        ("Teams", _TEAMS, found.teams),
        ("People", _PEOPLE, tuple(row for row in found.teams if row.get("People"))),
        ("Remarks", _REMARKS, found.remarks),
    )
    return tuple(
        (title, _with_region(columns, rows), rows) for title, columns, rows in sections
    )


def _with_region(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> Sequence[Column]:
    return (_REGION, *columns) if any("Region" in row for row in rows) else columns


def _table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> str:
    from html import escape

    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(column.title.capitalize())}</th>" for column in columns)
    readers = [reader(column) for column in columns]
    lines = ("".join(f"<td>{escape(read(row))}</td>" for read in readers) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
