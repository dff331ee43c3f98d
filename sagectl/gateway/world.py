"""What AWS says of the things that jobs depend on: buckets, objects, roles."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagectl.errors import CredentialsError, InputError, NotFoundError, ServiceError
from sagectl.gateway.failures import translated
from sagectl.gateway.objects import bucket_and_key

if TYPE_CHECKING:
    from collections.abc import Callable

# text, hint, whether it is certain
Problem = tuple[str, str, bool]


class AwsWorld:
    """Asks S3 and IAM, and writes nothing."""

    def __init__(self, region: str, *, profile: str | None = None) -> None:
        self._region = region
        self._profile = profile

    @cached_property
    def _s3(self) -> Any:
        from sagectl.gateway.session import client

        return client("s3", self._region, profile=self._profile)

    @cached_property
    def _iam(self) -> Any:
        from sagectl.gateway.session import client

        return client("iam", self._region, profile=self._profile)

    def input_problem(self, uri: str, region: str) -> Problem | None:
        """Whether the object is there, in a bucket of ``region``."""
        try:
            bucket, key = bucket_and_key(uri)
        except InputError as error:
            return (error.message, error.hint or "", True)
        return self._bucket_problem(bucket, region) or _answered(
            uri, "HeadObject", lambda: self._s3.head_object(Bucket=bucket, Key=key)
        )

    def output_problem(self, uri: str, region: str) -> Problem | None:
        """Whether the bucket is there, in ``region``."""
        return self._bucket_problem(uri.removeprefix("s3://").partition("/")[0], region)

    def role_problem(self, arn: str) -> Problem | None:
        """Whether the role exists."""
        name = arn.rpartition("/")[2]
        return _answered(arn, "GetRole", lambda: self._iam.get_role(RoleName=name))

    def _bucket_problem(self, bucket: str, region: str) -> Problem | None:
        found: dict[str, Any] = {}
        problem = _answered(
            f"the bucket {bucket}",
            "HeadBucket",
            lambda: found.update(self._s3.head_bucket(Bucket=bucket)),
        )
        if problem is not None:
            return problem
        headers = found.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        there = found.get("BucketRegion") or headers.get("x-amz-bucket-region")
        if there and there != region:
            return (
                f"the bucket {bucket} is in {there}, and the job would run in {region}",
                "Use a bucket of the job's region, or run the job in the bucket's.",
                True,
            )
        return None


def _answered(what: str, operation: str, call: Callable[[], Any]) -> Problem | None:
    """None if the call succeeds; a problem that is certain if the thing does not exist."""
    try:
        with translated(operation):
            call()
    except NotFoundError:
        return (f"{what} does not exist", "", True)
    except CredentialsError as error:
        return (f"{what} cannot be looked at: {error.message}", "", False)
    except ServiceError as error:
        if error.code == "NoSuchEntity":
            return (f"{what} does not exist", "", True)
        return (f"{what} cannot be looked at: {error}", "", False)
    return None
