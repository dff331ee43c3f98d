"""Private workforces: one per account and region, of Cognito or of an OIDC provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults, resources
from sagectl.controlplane.clock import timestamp
from sagectl.controlplane.operations import tags
from sagectl.controlplane.paging import page, with_token
from sagectl.controlplane.secrets import digested
from sagectl.controlplane.settling import moving, require_settled, settle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

KIND = "Workforce"
# What CreateWorkforce and UpdateWorkforce take beside the name.
CONFIGURATION = (
    "CognitoConfig",
    "OidcConfig",
    "SourceIpConfig",
    "WorkforceVpcConfig",
    "IpAddressType",
)
SHOWN = (*CONFIGURATION, "SubDomain", "FailureReason")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID_LENGTH = 10
_ENDPOINT_BYTES = 8


def create(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """CreateWorkforce."""
    settle(context)
    status, body = moving(context, "Initializing", _configured(context, {}, params))
    with context.store.writing() as db:
        if resources.count(db, KIND, context.place) >= context.quotas[KIND]:
            # The service's text (terraform-provider-aws, PR 20472).
            raise faults.validation(
                "Cannot create more than one workforce for account "
                f"{context.place.account}. If you are trying to update existing workforce, "
                "please use UpdateWorkforce API"
            )
        made = insert(context, db, params["WorkforceName"], body, status=status)
        tags.put(context, db, made, params.get("Tags", ()))
    return {"WorkforceArn": made.arn}


def insert(
    context: Context, db: Connection, name: str, body: Mapping[str, Any], *, status: str
) -> Resource:
    """Keep a new workforce under its own sub-domain."""
    letters = (_ID_LETTERS[byte % len(_ID_LETTERS)] for byte in context.entropy(_ID_LENGTH))
    domain = f"{''.join(letters)}.labeling.{context.place.region}.sagemaker.aws"
    return resources.insert(
        db,
        KIND,
        context.place,
        name,
        {**body, "SubDomain": domain},
        status=status,
        now=context.now,
    )


def update(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateWorkforce: each configuration given replaces the whole of the old one."""
    settle(context)
    with context.store.writing() as db:
        old = found(context, db, params["WorkforceName"])
        require_settled(old)
        if "OidcConfig" in params:
            _check_oidc_change(db, old)
        status, body = moving(context, "Updating", _configured(context, old.body, params))
        new = resources.save(db, old, now=context.now, status=status, body=body)
        return {"Workforce": shown(new)}


def _check_oidc_change(db: Connection, workforce: Resource) -> None:
    if "OidcConfig" not in workforce.body:
        raise faults.validation(
            f"The workforce {workforce.name!r} uses Amazon Cognito; "
            "an OIDC provider cannot take its place.",
            hint="Delete the workforce and create it anew.",
        )
    if resources.has_children(db, workforce.arn):
        raise faults.validation(
            f"The OIDC configuration of workforce {workforce.name!r} cannot change "
            "while it has work teams.",
            hint="Delete its work teams first.",
        )


def delete(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteWorkforce: only once its work teams are gone."""
    settle(context)
    with context.store.writing() as db:
        old = found(context, db, params["WorkforceName"])
        require_settled(old)
        if resources.has_children(db, old.arn):
            raise faults.resource_in_use(
                f"The workforce {old.name!r} still has work teams.",
                hint="Delete its work teams first.",
            )
        if context.workforce_ms:
            status, body = moving(context, "Deleting", old.body)
            resources.save(db, old, now=context.now, status=status, body=body)
        else:
            resources.remove(db, old, now=context.now)
    return {}


def describe(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeWorkforce."""
    settle(context)
    with context.store.reading() as db:
        return {"Workforce": shown(found(context, db, params["WorkforceName"]))}


def list_(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListWorkforces."""
    settle(context)
    with context.store.reading() as db:
        rows, token = page(context, db, KIND, params, show=shown, sort_by="CreateDate")
    return with_token({"Workforces": rows}, token)


def found(context: Context, db: Connection, name: str) -> Resource:
    """The workforce of that name; the service calls its absence a ValidationException."""
    workforce = resources.find(db, KIND, context.place, name)
    if workforce is None:
        raise absent(context, name)
    return workforce


def absent(context: Context, name: str) -> faults.Fault:
    """There is no workforce of that name."""
    return faults.not_found(
        f"No workforce named {name!r} in {context.place.region}.", code="ValidationException"
    )


def shown(workforce: Resource) -> dict[str, Any]:
    """A workforce as the service shows it: without its secret, its allow list never absent."""
    body = workforce.body
    view = {
        "WorkforceName": workforce.name,
        "WorkforceArn": workforce.arn,
        "LastUpdatedDate": timestamp(workforce.modified),
        "SourceIpConfig": {"Cidrs": []},
        "CreateDate": timestamp(workforce.created),
        "Status": workforce.status,
        **{name: body[name] for name in SHOWN if name in body},
    }
    if "OidcConfig" in body:
        view["OidcConfig"] = {
            name: value for name, value in body["OidcConfig"].items() if name != "ClientSecret"
        }
    return view


def _configured(
    context: Context, old: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    given = {name: params[name] for name in CONFIGURATION if name in params}
    body = {**old, **given}
    if "OidcConfig" in given:
        secret = digested(context.store.key(), given["OidcConfig"]["ClientSecret"])
        body["OidcConfig"] = {**given["OidcConfig"], "ClientSecret": secret}
    if "WorkforceVpcConfig" in given:
        if given["WorkforceVpcConfig"]:
            endpoint = f"vpce-{context.entropy(_ENDPOINT_BYTES).hex()}"
            body["WorkforceVpcConfig"] = given["WorkforceVpcConfig"] | {
                "VpcEndpointId": endpoint
            }
        else:
            # An empty one takes the workforce out of its VPC (terraform-provider-aws).
            del body["WorkforceVpcConfig"]
    return body


OPERATIONS = {
    "CreateWorkforce": create,
    "UpdateWorkforce": update,
    "DeleteWorkforce": delete,
    "DescribeWorkforce": describe,
    "ListWorkforces": list_,
}
