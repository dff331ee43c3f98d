"""Whether the people of a work team are told of new labeling jobs.

Source: the developer guide's page on Amazon SNS topics for work teams; how policies are read
is the IAM user guide's page on policy evaluation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVICE = "sagemaker.amazonaws.com"
ACTION = "sns:publish"
# Condition operators that compare with a pattern or a text, without what may stand around them.
_PATTERNS = ("ArnLike", "ArnEquals", "StringLike")
_TEXTS = ("StringEquals",)


class Subscription(Protocol):
    @property
    def protocol(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def is_confirmed(self) -> bool: ...


class Topic(Protocol):
    @property
    def policy(self) -> str: ...
    @property
    def subscriptions(self) -> Sequence[Subscription]: ...


def notification(team: Mapping[str, Any], topic: Topic | None) -> dict[str, Any]:
    """A row on ``team`` and the ``topic`` that it names; ``Problems`` is empty if all is well.

    ``MayPublish`` is absent where the topic's policy hangs on a condition that only the
    service can judge.
    """
    row: dict[str, Any] = {"WorkteamName": team["WorkteamName"]}
    arn = topic_arn(team)
    if arn is None:
        return {**row, "Problems": ["names no topic: nobody is told of new jobs"]}
    row |= {"NotificationTopicArn": arn, "Exists": topic is not None}
    if topic is None:
        return {**row, "Problems": ["the topic does not exist"]}
    may = may_publish(topic.policy, arn, team["WorkteamArn"])
    confirmed = sum(each.is_confirmed for each in topic.subscriptions)
    if may is not None:
        row["MayPublish"] = may
    row["Subscribers"] = confirmed
    row["Unconfirmed"] = len(topic.subscriptions) - confirmed
    row["Subscriptions"] = [
        {
            "Protocol": each.protocol,
            "Endpoint": each.endpoint,
            "IsConfirmed": each.is_confirmed,
        }
        for each in topic.subscriptions
    ]
    row["Problems"] = list(_problems(may, confirmed, row["Unconfirmed"]))
    return row


def topic_arn(team: Mapping[str, Any]) -> str | None:
    """The topic that a described work team names."""
    found: str | None = team.get("NotificationConfiguration", {}).get("NotificationTopicArn")
    return found or None


def _problems(may: bool | None, confirmed: int, unconfirmed: int) -> Iterator[str]:
    if may is False:
        yield f"its policy does not let {SERVICE} publish"
    if not confirmed and unconfirmed:
        yield f"nobody has confirmed a subscription; {unconfirmed} wait"
    elif not confirmed:
        yield "nobody has subscribed"


def may_publish(policy: str, topic: str, team: str) -> bool | None:
    """Whether a topic's ``policy`` lets SageMaker publish for the work team of ARN ``team``.

    None if that hangs on a condition other than on the source's ARN or account.
    """
    try:
        statements = json.loads(policy or "{}").get("Statement", [])
    except (ValueError, AttributeError):
        return False
    known = {"aws:sourcearn": team, "aws:sourceaccount": team.split(":")[4]}
    verdicts: dict[str, list[bool | None]] = {"Allow": [], "Deny": []}
    for statement in _list(statements):
        if _concerns(statement, topic):
            verdict = _conditions(statement.get("Condition", {}), known)
            verdicts[statement["Effect"]].append(verdict)
    if True in verdicts["Deny"]:
        return False
    if True in verdicts["Allow"]:
        return None if None in verdicts["Deny"] else True
    return None if None in verdicts["Allow"] else False


def _concerns(statement: Mapping[str, Any], topic: str) -> bool:
    """Whether a statement is about SageMaker's publishing to ``topic``."""
    principal = statement.get("Principal", {})
    if isinstance(principal, Mapping):
        who = [*_list(principal.get("Service", [])), *_list(principal.get("AWS", []))]
    else:
        who = _list(principal)
    actions = [str(each).lower() for each in _list(statement.get("Action", []))]
    resources = _list(statement.get("Resource", "*"))
    return (
        any(each in ("*", SERVICE) for each in who)
        and any(fnmatchcase(ACTION, each) for each in actions)
        and any(fnmatchcase(topic, str(each)) for each in resources)
    )


def _conditions(conditions: Mapping[str, Any], known: Mapping[str, str]) -> bool | None:
    """Whether all hold for what SageMaker sends; None if that cannot be told from here."""
    verdicts = [
        _holds(operator, key.lower(), _list(wanted), known)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _holds(
    operator: str, key: str, wanted: Sequence[Any], known: Mapping[str, str]
) -> bool | None:
    if key == "aws:sourceowner":
        return False  # what a new topic's policy asks for, and a service does not send
    plain = operator.removesuffix("IfExists")
    if key not in known or plain not in (*_PATTERNS, *_TEXTS):
        return None
    if plain in _TEXTS:
        return known[key] in map(str, wanted)
    return any(fnmatchcase(known[key], str(each)) for each in wanted)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
