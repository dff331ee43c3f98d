"""``sagectl workteam notifications``: whether teams are told of new labeling jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import WORKTEAM_KIND, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.pools import REDACT, shown
from sagectl.cli.verbs import described, name_argument, rows
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.app import App

_COLUMNS = (
    Column("TEAM", "WorkteamName"),
    Column("TOPIC", "NotificationTopicArn", "arn"),
    Column("SUBSCRIBERS", "Subscribers"),
    Column("UNCONFIRMED", "Unconfirmed"),
    Column("MAY PUBLISH", "MayPublish"),
    Column("PROBLEMS", "Problems", "list"),
)


@click.command("notifications", cls=Command)
@takes(name_argument(WORKTEAM_KIND, "names", nargs=-1, metavar="[NAME]..."), REDACT)
@pass_app
def notifications(app: App, names: tuple[str, ...], redact: bool) -> int:
    """Tell whether teams are told of new labeling jobs: all of them, or those of NAME.

    For each team: whether its SNS topic exists, whether the topic's policy lets SageMaker
    publish to it, and who has subscribed. Exit code 1 if something is wrong with one.

    \b
    Examples:
      sagectl workteam notifications
      sagectl workteam notifications radiology -o json
    """
    from sagectl.plan.notifications import notification, topic_arn
    from sagectl.render.views import Listing

    if app.settings.is_local:
        raise InputError(
            "the local plane has no topics to ask about",
            hint="Leave out --local to ask Amazon SNS.",
        )
    kind = WORKTEAM_KIND
    if names:
        teams = [described(app, kind, name).row for name in names]
    else:
        teams = list(rows(app, kind.list, {}, kind.list_member))
    name = shown(redact)
    found = []
    for team in teams:
        arn = topic_arn(team)
        found.append(_named(notification(team, app.aws.topic(arn) if arn else None), name))
    app.show(Listing("Notifications", found, _COLUMNS, "workteam", "WorkteamName", "teams"))
    return 1 if any(row["Problems"] for row in found) else 0


def _named(row: Mapping[str, Any], name: Callable[[str], str]) -> dict[str, Any]:
    """The row with its subscribers as they may be shown."""
    if "Subscriptions" not in row:
        return dict(row)
    told = [{**each, "Endpoint": name(each["Endpoint"])} for each in row["Subscriptions"]]
    return {**row, "Subscriptions": told}
