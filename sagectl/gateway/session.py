"""The one botocore session of a profile, from which every client is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.errors import CredentialsError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.session import Session

# SageMaker throttles early (about 1 create and 2 lists a second) and its answers to a burst
# are retried with jitter; three attempts, botocore's default, are too few for a set of files.
MAX_ATTEMPTS = 10


def session(profile: str | None) -> Session:
    """A botocore session of ``profile``, or of what the environment names.

    Raises CredentialsError for a profile that is not configured.
    """
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    made = Session(profile=profile)
    try:
        made.get_scoped_config()
    except ProfileNotFound as error:
        known = ", ".join(made.available_profiles) or "none"
        raise CredentialsError(
            str(error), hint=f"Profiles configured here: {known}."
        ) from error
    return made


def default_region(profile: str | None) -> str:
    """The region that the AWS configuration names; InputError if it names none."""
    region: str | None = session(profile).get_config_variable("region")
    if region is None:
        raise InputError(
            "no region is configured",
            hint="Give --region, set AWS_REGION, or name one in the AWS profile. "
            "To work without AWS, add --local.",
        )
    return region


def client(
    service: str,
    region: str,
    *,
    profile: str | None = None,
    endpoint_url: str | None = None,
    connections: int = 10,
    prepare: Callable[[Session], None] | None = None,
) -> Any:
    """A botocore client of ``service`` that outlasts throttling.

    ``AWS_MAX_ATTEMPTS`` and ``AWS_RETRY_MODE`` keep their say. ``prepare`` may change the
    session that makes it. Raises InputError for an endpoint that is no URL.
    """
    from botocore.config import Config

    base = session(profile)
    if prepare is not None:
        prepare(base)
    retries: dict[str, Any] = {"mode": base.get_config_variable("retry_mode") or "standard"}
    if base.get_config_variable("max_attempts") is None:
        retries["total_max_attempts"] = MAX_ATTEMPTS
    config = Config(
        retries=retries,
        max_pool_connections=connections,
        user_agent_appid="sagectl",
    )
    try:
        return base.create_client(
            service, region_name=region, endpoint_url=endpoint_url, config=config
        )
    except ValueError as error:
        raise InputError(
            f"cannot make a client of {service}: {error}",
            hint="Check --endpoint-url and --region.",
        ) from error


def caller_arn(region: str, *, profile: str | None = None) -> str:
    """The ARN of whom the credentials belong to. Raises CredentialsError, ServiceError."""
    from sagectl.gateway.failures import translated

    with translated("GetCallerIdentity"):
        return str(client("sts", region, profile=profile).get_caller_identity()["Arn"])
