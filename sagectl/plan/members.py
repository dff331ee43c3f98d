"""The groups of a work team, whichever identity provider they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# "One to ten groups can be used to create a single private work team" (API reference,
# MemberDefinition); a Cognito group is a definition of its own, of which there are ten.
MAX_GROUPS = 10
COGNITO, _OIDC = "CognitoMemberDefinition", "OidcMemberDefinition"


class Members(NamedTuple):
    """Groups in the order of the service; ``pool`` and ``client`` are Cognito's, else None."""

    groups: tuple[str, ...]
    pool: str | None = None
    client: str | None = None

    @property
    def provider(self) -> str:
        return "OIDC" if self.pool is None else "Cognito"

    def rows(self) -> list[dict[str, str]]:
        """A row for every group, in the service's spelling."""
        known = {"UserPool": self.pool, "ClientId": self.client}
        also = {name: value for name, value in known.items() if value is not None}
        return [{"Group": group, "Provider": self.provider, **also} for group in self.groups]

    def definitions(self) -> list[dict[str, Any]]:
        """The groups as MemberDefinitions."""
        if self.pool is None:
            return [{_OIDC: {"Groups": list(self.groups)}}]
        where = {"UserPool": self.pool, "ClientId": self.client}
        return [{COGNITO: {**where, "UserGroup": group}} for group in self.groups]


def groups_of(team: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups of a work team's specification or description, each once."""
    groups: list[str] = []
    for definition in team.get("MemberDefinitions", ()):
        groups += definition.get(_OIDC, {}).get("Groups", ())
        if cognito := definition.get(COGNITO):
            groups.append(cognito["UserGroup"])
    return tuple(dict.fromkeys(groups))


def members(team: Mapping[str, Any]) -> Members:
    """The groups of a described work team. Raises InputError for a team that has none."""
    groups = groups_of(team)
    cognito: Mapping[str, Any] = next(
        (each[COGNITO] for each in team.get("MemberDefinitions", ()) if COGNITO in each), {}
    )
    if not groups:
        raise InputError(
            f"{team.get('WorkteamName')} has no groups of its own: it is no private team"
        )
    return Members(groups, cognito.get("UserPool"), cognito.get("ClientId"))


def with_groups(old: Members, added: Iterable[str]) -> Members:
    """``old`` and the groups ``added``. Raises InputError for more than a team can have."""
    groups = tuple(dict.fromkeys((*old.groups, *added)))
    if len(groups) > MAX_GROUPS:
        raise InputError(
            f"that would be {len(groups)} groups, and a team has at most {MAX_GROUPS}",
            hint="Put the people of several groups into one, or make a second team.",
        )
    return old._replace(groups=groups)


def without_groups(old: Members, removed: Iterable[str]) -> Members:
    """``old`` less the groups ``removed``. Raises InputError if that leaves none."""
    gone = frozenset(removed)
    groups = tuple(group for group in old.groups if group not in gone)
    if not groups:
        raise InputError(
            "that would remove the last group, and a team has at least one",
            hint="Add another group first, or delete the team.",
        )
    return old._replace(groups=groups)


def require_groups(old: Members, names: Sequence[str]) -> None:
    """Raises InputError for names that are no groups of the team."""
    if unknown := [name for name in names if name not in old.groups]:
        raise InputError(
            f"no group of this team: {', '.join(unknown)}",
            hint=f"Its groups are {', '.join(old.groups)}.",
        )
