"""What cannot be done however it is tried, found before the first call."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.diagnostics import Diagnostic
from sagectl.plan.change import ABSENT, Action
from sagectl.plan.live import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import SourceSpan
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Change, FieldChange
    from sagectl.plan.live import Caller, Callers

TEAM_LIMIT = 25  # per account and region: API reference, CreateWorkteam
_SHOWN = 60  # characters of a value in a finding


def immutable(
    document: Document, kind: Kind, fields: Sequence[FieldChange], live: Mapping[str, Any]
) -> tuple[Diagnostic, ...]:
    """Differences in fields that no update operation takes."""
    fixed = [
        item for item in fields if item.path.split(".")[0].split("[")[0] not in kind.mutable
    ]
    found = [
        _finding(
            document,
            item,
            f"{_difference(document, item)}, and no update can change it",
            "Say --recreate to have it deleted and made again, or write what is live.",
            "set.immutable",
        )
        for item in fixed
    ]
    # A workforce signs in one way for life (API reference, UpdateWorkforce).
    if kind.name == "Workforce" and "OidcConfig" in document.spec and live.get("CognitoConfig"):
        found.append(
            Diagnostic(
                f"{document.label} signs in by Cognito and cannot be moved to OIDC",
                "spec.OidcConfig",
                span(document, "OidcConfig"),
                hint="Say --recreate to have it deleted and made again, its work teams too.",
                rule="set.immutable",
            )
        )
    return tuple(found)


def changed_job(
    document: Document, kind: Kind, fields: Sequence[FieldChange], *, has_failed: bool
) -> tuple[Diagnostic, ...]:
    """Differences between a job and its manifest; jobs are made once and never changed."""
    hint = f"Give the {kind.noun} another name, or have one made with --replace-jobs=suffix"
    if has_failed and kind.delete is not None:
        hint = f"It ended badly: --retry-failed deletes it and makes it as written. Or: {hint}"
    elif kind.delete is not None:
        hint = f"{hint}, or delete {document.label} first"
    return tuple(
        _finding(
            document,
            item,
            f"{_difference(document, item)}, and a {kind.noun} cannot be changed",
            f"{hint}.",
            "set.immutable",
        )
        for item in fields
    )


def not_deletable(document: Document, kind: Kind, state: str) -> Diagnostic:
    """A failed job that no call can delete, so that its name is used up."""
    return Diagnostic(
        f"{document.label} ended {state}, and {kind.plural} cannot be deleted",
        "name",
        span(document, "name"),
        hint="Give it another name.",
        rule="set.retry",
    )


def findings(changes: Sequence[Change], callers: Callers) -> Iterator[Diagnostic]:
    """What the set as a whole runs into."""
    yield from _too_many_teams(changes, callers)


def team_names(caller: Caller) -> tuple[str, ...]:
    """The work teams of a region, by name."""
    return tuple(sorted(str(row["WorkteamName"]) for row in listed(WORKTEAM_KIND, caller)))


def teams_of(made: Change, fields: Sequence[FieldChange], callers: Callers) -> tuple[str, ...]:
    """The work teams that keep a workforce from being signed into otherwise."""
    touched = any(item.path.startswith("OidcConfig") for item in fields)
    is_sign_in = made.kind.name == "Workforce" and touched
    return team_names(callers(made.region)) if is_sign_in else ()


def sign_in(
    made: Change, fields: Sequence[FieldChange], teams: Sequence[str]
) -> Iterator[Diagnostic]:
    """UpdateWorkforce takes an OidcConfig only while there is no work team."""
    touched = next((item for item in fields if item.path.startswith("OidcConfig")), None)
    if touched and teams:
        yield _finding(
            made.document,
            touched,
            f"the sign-in of {made.label} cannot change while it has work teams: "
            f"{', '.join(teams)}",
            "Delete the work teams first, or say --recreate to have it done.",
            "set.sign-in",
        )


def loss(teams: Sequence[str], kept: Collection[str]) -> str:
    """What deleting a workforce takes along; ``kept`` are the teams that a set makes again."""
    text = "it is deleted and made again"
    if again := [name for name in teams if name in kept]:
        text += f", its work teams too: {', '.join(again)}"
    if gone := [name for name in teams if name not in kept]:
        text += f"; lost, as no document makes them: {', '.join(gone)}"
    return text


def _too_many_teams(changes: Sequence[Change], callers: Callers) -> Iterator[Diagnostic]:
    new = Counter(
        change.region
        for change in changes
        if change.kind is WORKTEAM_KIND and change.action is Action.CREATE
    )
    for region, count in new.items():
        gone = sum(len(change.lost) for change in changes if change.region == region)
        there = len(team_names(callers(region))) - gone
        if there + count > TEAM_LIMIT:
            last = next(
                change.document
                for change in reversed(changes)
                if change.kind is WORKTEAM_KIND and change.region == region
            )
            yield Diagnostic(
                f"{region} has {there} work teams and would get {count} more; "
                f"{TEAM_LIMIT} are allowed",
                span=last.span,
                hint="Delete teams that are not needed, or merge some of these.",
                rule="set.team-limit",
            )


def span(document: Document, path: str) -> SourceSpan | None:
    """Where ``path`` of a spec stands in the file, or the nearest thing around it."""
    parts = f"spec.{path}".replace("[]", "").split(".") if path != "name" else ["name"]
    while parts:
        if found := document.spans.get(".".join(parts)):
            return found
        parts.pop()
    return document.span


def _finding(
    document: Document, item: FieldChange, summary: str, hint: str, rule: str
) -> Diagnostic:
    where = f"spec.{item.path}"
    return Diagnostic(summary, where, span(document, item.path), hint=hint, rule=rule)


def _difference(document: Document, item: FieldChange) -> str:
    field = item.path.rpartition(".")[2]
    if item.before is ABSENT:
        return f"{document.label} was made without {field} {_short(item.after)}"
    if item.after is ABSENT:
        return f"{document.label} has {field} {_short(item.before)} too"
    return (
        f"{document.label} has {field} {_short(item.before)}, not {_short(item.after)} as "
        "written here"
    )


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
