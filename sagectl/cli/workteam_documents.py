"""Work teams from flags."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.cli.documents import Field, document_options
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import Word
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.app import App
    from sagectl.cli.documents import Wanted

_SWITCH = Word(("Enabled", "Disabled"))
_PRESIGN = "WorkerAccessConfiguration.S3Presign.IamPolicyConstraints"

MUTABLE = (
    Field("--description", "Description", "What the team works on."),
    Field(
        "--notification-topic",
        "NotificationConfiguration.NotificationTopicArn",
        "SNS topic that is told of new tasks.",
        metavar="ARN",
    ),
    Field(
        "--source-ip",
        f"{_PRESIGN}.SourceIp",
        "Tie links to task files to the worker's address.",
        type=_SWITCH,
    ),
    Field(
        "--vpc-source-ip",
        f"{_PRESIGN}.VpcSourceIp",
        "Tie links to task files to the worker's address in the VPC.",
        type=_SWITCH,
    ),
)
FIELDS = (Field("--workforce", "WorkforceName", "Workforce that the team is of."), *MUTABLE)


ALSO = {"MemberDefinitions": "--group"}


class Groups(NamedTuple):
    """Where a team's members come from: groups of either identity provider."""

    oidc: tuple[str, ...]
    cognito: tuple[str, ...]
    user_pool: str | None
    client_id: str | None

    def members(self) -> list[dict[str, Any]]:
        """The groups as the service's MemberDefinitions."""
        if self.cognito and not (self.user_pool and self.client_id):
            raise InputError(
                "--cognito-group needs the pool and the client that it belongs to",
                hint="Give --user-pool and --client-id too.",
            )
        pool = {"UserPool": self.user_pool, "ClientId": self.client_id}
        members: list[dict[str, Any]] = [
            {"CognitoMemberDefinition": {**pool, "UserGroup": group}} for group in self.cognito
        ]
        if self.oidc:
            members.append({"OidcMemberDefinition": {"Groups": list(self.oidc)}})
        return members


GROUP_OPTIONS = (
    click.Option(("--group", "oidc"), multiple=True, help="OIDC group; repeatable."),
    click.Option(
        ("--cognito-group", "cognito"), multiple=True, help="Cognito group; repeatable."
    ),
    click.Option(("--user-pool",), help="Cognito: the user pool of the groups."),
    click.Option(("--client-id",), help="Cognito: the app client of the groups."),
)


def group_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say whose members a team has; hand it ``groups``."""

    def command(*args: Any, **given: Any) -> Any:
        groups = Groups(*(given.pop(name) for name in Groups._fields))
        return function(*args, groups=groups, **given)

    return takes(*GROUP_OPTIONS)(update_wrapper(command, function))


@click.command(cls=Command)
@document_options(WORKTEAM_KIND, FIELDS, tags=True, also=ALSO)
@group_options
@pass_app
def create(app: App, wanted: Wanted, groups: Groups) -> None:
    """Create a work team from groups of the identity provider.

    \b
    Examples:
      sagectl --local workteam create radiology --group doctors --group nurses \\
        --description "Chest X-rays" --yes
      sagectl --local workteam create radiology --group doctors \\
        --description "Chest X-rays" --dry-run -o yaml > radiology.yaml
    """
    from sagectl.cli.changes import created

    created(app, wanted.over({"MemberDefinitions": groups.members()}))


@click.command(cls=Command)
@document_options(WORKTEAM_KIND, MUTABLE, also=ALSO)
@group_options
@pass_app
def update(app: App, wanted: Wanted, groups: Groups) -> None:
    """Change a work team; groups that are given replace the ones it has.

    \b
    Example:
      sagectl --local workteam update radiology --description "Chest and knee" --yes
    """
    from sagectl.cli.changes import updated

    updated(app, wanted.over({"MemberDefinitions": groups.members()}))
