"""Objects in S3, by the same three words as the local object store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError, NotFoundError
from sagectl.gateway.failures import translated

if TYPE_CHECKING:
    from pathlib import Path


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The two parts of ``s3://bucket/key``; InputError where one is missing."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise InputError(
            f"{uri!r} does not name an object", hint="Object names look like s3://bucket/key."
        )
    return bucket, key


class ListedObject(NamedTuple):
    """One object of a listing."""

    uri: str


class S3Objects:
    """Objects in S3 as ``profile`` may reach them; the bucket's own region is found by S3."""

    def __init__(self, region: str, *, profile: str | None = None) -> None:
        self._region = region
        self._profile = profile

    @cached_property
    def _client(self) -> Any:
        from sagectl.gateway.session import client

        return client("s3", self._region, profile=self._profile)

    def exists(self, uri: str) -> bool:
        bucket, key = bucket_and_key(uri)
        try:
            with translated("HeadObject"):
                self._client.head_object(Bucket=bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def put(self, uri: str, source: Path) -> None:
        """Send the file ``source``, in parts if it is large."""
        from boto3.exceptions import S3UploadFailedError
        from boto3.s3.transfer import S3Transfer

        bucket, key = bucket_and_key(uri)
        with translated("PutObject"):
            try:
                S3Transfer(self._client).upload_file(str(source), bucket, key)
            except S3UploadFailedError as error:
                # It wraps the service's answer in a sentence; the answer itself says more.
                raise (error.__context__ or error) from error

    def fetch(self, uri: str, target: Path) -> None:
        """Bring the object to the file ``target``; NotFoundError where there is none."""
        from boto3.s3.transfer import S3Transfer

        bucket, key = bucket_and_key(uri)
        try:
            with translated("GetObject"):
                S3Transfer(self._client).download_file(bucket, key, str(target))
        except NotFoundError as error:  # the service says no more than 404
            raise NotFoundError(error.code, f"{uri} does not exist") from error

    def listing(self, uri: str) -> list[ListedObject]:
        """The objects whose key starts with the one in ``uri``."""
        bucket, key = bucket_and_key(uri)
        with translated("ListObjectsV2"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=key
            )
            return [
                ListedObject(f"s3://{bucket}/{row['Key']}")
                for page in pages
                for row in page.get("Contents", ())
            ]
