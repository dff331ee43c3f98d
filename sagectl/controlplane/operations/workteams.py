"""Private work teams: groups of a workforce's members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.controlplane import faults, resources
from sagectl.controlplane.clock import timestamp
from sagectl.controlplane.operations import tags, workforces
from sagectl.controlplane.paging import page, with_token
from sagectl.controlplane.settling import settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

KIND = "Workteam"
# What UpdateWorkteam may change, each as a whole.
MUTABLE = WORKTEAM_KIND.mutable
# The workforce that the service makes with the first Cognito work team (API reference,
# UpdateWorkforce: "WorkforceName is automatically set to default").
DEFAULT_WORKFORCE = "default"


def create(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """CreateWorkteam: a taken name is said before a quota."""
    name, place = params["WorkteamName"], context.place
    settle(context)
    with context.store.writing() as db:
        if resources.find(db, KIND, place, name):
            raise faults.resource_in_use(
                f"A work team named {name!r} already exists in {place.region}.",
                hint="Choose another name, or use UpdateWorkteam.",
            )
        if resources.count(db, KIND, place) >= context.quotas[KIND]:
            raise faults.limit_exceeded(
                f"Account {place.account} has {context.quotas[KIND]} work teams in "
                f"{place.region}, the most there may be.",
                hint="Delete a work team first.",
            )
        workforce = _workforce(context, db, params)
        if workforce.status != "Active":
            raise faults.validation(
                f"The workforce {workforce.name!r} is {workforce.status}; only one that is "
                "Active takes work teams.",
                hint="Wait until it is Active.",
            )
        _check_members(workforce, params["MemberDefinitions"])
        body = {field: params[field] for field in MUTABLE if field in params}
        body |= {"WorkforceArn": workforce.arn, "SubDomain": workforce.body["SubDomain"]}
        made = resources.insert(
            db, KIND, place, name, body, status="", now=context.now, parent=workforce.arn
        )
        tags.put(context, db, made, params.get("Tags", ()))
    return {"WorkteamArn": made.arn}


def update(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateWorkteam: a list of members replaces the old one."""
    with context.store.writing() as db:
        old = found(context, db, params["WorkteamName"])
        if "MemberDefinitions" in params:
            workforce = resources.first(db, workforces.KIND, context.place)
            if workforce is not None:
                _check_members(workforce, params["MemberDefinitions"])
        given = {field: params[field] for field in MUTABLE if field in params}
        body = {**old.body, **given}
        return {"Workteam": shown(resources.save(db, old, now=context.now, body=body))}


def delete(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteWorkteam."""
    with context.store.writing() as db:
        team = found(context, db, params["WorkteamName"])
        resources.remove(db, team, now=context.now)
    return {"Success": True}


def describe(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeWorkteam."""
    with context.store.reading() as db:
        return {"Workteam": shown(found(context, db, params["WorkteamName"]))}


def list_(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListWorkteams."""
    with context.store.reading() as db:
        rows, token = page(context, db, KIND, params, show=shown, sort_by="CreateDate")
    return with_token({"Workteams": rows}, token)


def found(context: Context, db: Connection, name: str) -> Resource:
    """The work team of that name; the service calls its absence a ValidationException."""
    team = resources.find(db, KIND, context.place, name)
    if team is None:
        raise faults.not_found(
            f"The work team {name!r} does not exist in {context.place.region}.",
            code="ValidationException",
        )
    return team


def shown(team: Resource) -> dict[str, Any]:
    """A work team as the service shows it."""
    return {
        "WorkteamName": team.name,
        "WorkteamArn": team.arn,
        **team.body,
        "CreateDate": timestamp(team.created),
        "LastUpdatedDate": timestamp(team.modified),
    }


def _workforce(context: Context, db: Connection, params: Mapping[str, Any]) -> Resource:
    """The workforce that the team is to belong to; one that is not seen yet is none."""
    if "WorkforceName" in params:
        workforce: Resource | None = workforces.found(context, db, params["WorkforceName"])
    else:
        workforce = resources.first(db, workforces.KIND, context.place)
    if workforce is not None:
        if not resources.is_seen(context.store, workforce):
            raise workforces.absent(context, workforce.name)
        return workforce
    member = params["MemberDefinitions"][0].get("CognitoMemberDefinition")
    if member is None:
        raise faults.validation(
            f"No workforce exists in {context.place.region}, and only a work team of Amazon "
            "Cognito groups brings its own.",
            hint="Create a workforce with OidcConfig first.",
        )
    config = {"UserPool": member["UserPool"], "ClientId": member["ClientId"]}
    body = {"CognitoConfig": config}
    return workforces.insert(context, db, DEFAULT_WORKFORCE, body, status="Active")


def _check_members(workforce: Resource, members: Sequence[Mapping[str, Any]]) -> None:
    """Members must come from where the workforce's workers sign in."""
    pool = workforce.body.get("CognitoConfig")
    wanted = "OidcMemberDefinition" if pool is None else "CognitoMemberDefinition"
    for index, member in enumerate(members):
        where = f"memberDefinitions.{index + 1}.member"
        if wanted not in member:
            provider = "an OIDC provider" if pool is None else "Amazon Cognito"
            raise faults.validation(
                f"The workforce {workforce.name!r} uses {provider}, "
                f"so {where} must be a {wanted}."
            )
        if pool is None:
            continue
        for field in ("UserPool", "ClientId"):
            if member[wanted][field] != pool[field]:
                raise faults.validation(
                    f"{where} names {field} {member[wanted][field]!r}; that of workforce "
                    f"{workforce.name!r} is {pool[field]!r}."
                )


OPERATIONS = {
    "CreateWorkteam": create,
    "UpdateWorkteam": update,
    "DeleteWorkteam": delete,
    "DescribeWorkteam": describe,
    "ListWorkteams": list_,
}
