"""Rules of requests that create or change a work team."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.diagnostics import Diagnostic
from sagectl.schema.rules.rule import Breach, Rule, listed, text
from sagectl.schema.rules.tags import TAG_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.manifest.document import Document

_COGNITO, _OIDC = "CognitoMemberDefinition", "OidcMemberDefinition"


def _members(params: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, member in enumerate(listed(params, "MemberDefinitions")):
        if isinstance(member, dict):
            yield f"MemberDefinitions[{index}]", member


def _one_kind_of_member(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path, member in _members(params):
        if _COGNITO in member and _OIDC in member:
            said = f"is given beside {_COGNITO}, and a member is of one kind"
            yield Breach(f"{path}.{_OIDC}", said, "Keep one of the two.")
        elif _COGNITO not in member and _OIDC not in member:
            said = f"is required, or {_OIDC} is, and both are missing"
            hint = "Name a Cognito user group, or groups of your own provider."
            yield Breach(f"{path}.{_COGNITO}", said, hint)


def _one_provider(params: Mapping[str, Any]) -> Iterator[Breach]:
    first: tuple[str, str] | None = None
    for path, member in _members(params):
        named = [name for name in (_COGNITO, _OIDC) if name in member]
        if len(named) != 1:
            continue
        if first is None:
            first = (path, named[0])
        elif named[0] != first[1]:
            said = f"is of another identity provider than {first[0]} ({first[1]})"
            yield Breach(f"{path}.{named[0]}", said, "All members come from one provider.")


def _one_pool(params: Mapping[str, Any]) -> Iterator[Breach]:
    for name in ("UserPool", "ClientId"):
        first: tuple[str, str] | None = None
        for path, member in _members(params):
            at = f"{path}.{_COGNITO}.{name}"
            value = text(member, f"{_COGNITO}.{name}")
            if value is None:
                continue
            if first is None:
                first = (at, value)
            elif value != first[1]:
                said = f"{value!r} differs from {first[0]}, which is {first[1]!r}"
                yield Breach(at, said, f"All Cognito members have the same {name}.")


def _repeated_groups(params: Mapping[str, Any]) -> Iterator[Breach]:
    met: set[tuple[str, str]] = set()
    for path, member in _members(params):
        groups = listed(member, f"{_OIDC}.Groups")
        at = [(f"{path}.{_OIDC}.Groups[{index}]", group) for index, group in enumerate(groups)]
        at.append((f"{path}.{_COGNITO}.UserGroup", text(member, f"{_COGNITO}.UserGroup")))
        for place, group in at:
            if not isinstance(group, str):
                continue
            key = ("Groups" if "Groups[" in place else "UserGroup", group)
            if key in met:
                yield Breach(place, f"the group {group!r} is in this team already")
            met.add(key)


def _something_to_change(params: Mapping[str, Any]) -> Iterator[Breach]:
    fields = WORKTEAM_KIND.mutable
    if not any(name in params for name in fields):
        yield Breach("", "changes nothing", f"Give one of {', '.join(fields)}.")


def stray_workers(document: Document) -> Iterator[Diagnostic]:
    """Findings on the ``workers`` of a document that its team cannot have."""
    if document.workers and document.kind != "Workteam":
        said = "is for a Workteam alone"
        yield Diagnostic(said, "workers", document.workers[0].span, rule="workteam.workers")
        return
    groups = {
        group
        for _, member in _members(document.spec)
        for group in (
            *listed(member, f"{_OIDC}.Groups"),
            text(member, f"{_COGNITO}.UserGroup"),
        )
    }
    for worker in document.workers:
        for group in worker.groups:
            if group not in groups:
                said = f"{group!r} is not a group of this team"
                hint = "Name one of its groups, or none for the first."
                yield Diagnostic(said, "workers", worker.span, hint, "workteam.workers")


_MEMBER_RULES = (
    Rule(
        "workteam.member",
        "A member definition is a Cognito group or a list of OIDC groups.",
        "API reference, MemberDefinition",
        _one_kind_of_member,
    ),
    Rule(
        "workteam.one-provider",
        "Cognito and OIDC members do not mix.",
        "API reference, CreateWorkteam",
        _one_provider,
    ),
    Rule(
        "workteam.one-pool",
        "All Cognito members have the same user pool and client.",
        "API reference, CreateWorkteam",
        _one_pool,
    ),
    Rule(
        "workteam.repeated-group",
        "A group is in a team once.",
        "sagectl",
        _repeated_groups,
        is_lenient=True,
    ),
)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "CreateWorkteam": (*_MEMBER_RULES, *TAG_RULES),
        "UpdateWorkteam": (
            Rule(
                "workteam.update-nothing",
                "An update changes something.",
                "sagectl",
                _something_to_change,
            ),
            *_MEMBER_RULES,
        ),
    }
)
