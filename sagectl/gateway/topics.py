"""Amazon SNS topics, as far as work teams are told through them."""

from __future__ import annotations

from typing import NamedTuple

from sagectl.errors import NotFoundError, ServiceError
from sagectl.gateway.failures import translated

_MISSING = "NotFound"  # the code of SNS for a topic that is not there
_PENDING = "PendingConfirmation"  # stands where a confirmed subscription has its ARN


class SnsSubscription(NamedTuple):
    """Who is told, and how: ``endpoint`` is an address, a number or an ARN."""

    protocol: str
    endpoint: str
    is_confirmed: bool


class SnsTopic(NamedTuple):
    """What SNS says of a topic; ``policy`` is its JSON text, empty if it has none."""

    policy: str
    subscriptions: tuple[SnsSubscription, ...]


def sns_topic(arn: str, *, profile: str | None = None) -> SnsTopic | None:
    """The topic of ``arn``, asked for in its own region; None if it does not exist.

    Raises CredentialsError, and ServiceError for what else SNS answers.
    """
    from sagectl.gateway.session import client

    sns = client("sns", arn.split(":")[3], profile=profile)
    try:
        with translated("GetTopicAttributes"):
            told = sns.get_topic_attributes(TopicArn=arn)
        with translated("ListSubscriptionsByTopic"):
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
            found = [each for page in pages for each in page["Subscriptions"]]
    except NotFoundError:
        return None
    except ServiceError as error:
        if error.code == _MISSING:
            return None
        raise
    subscriptions = tuple(
        SnsSubscription(
            each["Protocol"], each.get("Endpoint", ""), each["SubscriptionArn"] != _PENDING
        )
        for each in found
    )
    return SnsTopic(told["Attributes"].get("Policy", ""), subscriptions)
