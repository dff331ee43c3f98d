"""Callers: whoever answers an operation, on AWS or in this process."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from botocore.session import Session

PAGE_ROWS = 100
# A filtered list may answer page after page of nothing (aws-cli issue 7596); this many in a
# row is taken for a loop.
EMPTY_PAGES = 100


class Caller(Protocol):
    """Answers SageMaker's operations in one account and region."""

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The service's answer; raises ServiceError, NotFoundError or CredentialsError."""
        ...


class Handler(Protocol):
    """What a control plane in this process is to a LocalCaller."""

    def __call__(
        self, operation: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> dict[str, Any]: ...


class LocalCaller:
    """A control plane in this process, seen from one account and region.

    ``together`` makes the context in which its reads are of one moment.
    """

    def __init__(
        self,
        handle: Handler,
        account: str,
        region: str,
        together: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._handle = handle
        self._account = account
        self._region = region
        self._together = together

    def together(self) -> AbstractContextManager[None]:
        """A context for many reads, which cost less in it and are of one moment."""
        return self._together()

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._handle(operation, params, account=self._account, region=self._region)


class AwsCaller:
    """SageMaker over the network, by botocore clients made on the first call.

    In ``cache`` they keep what they need of botocore's data files; without one they read those
    whole. Safe to use from as many threads as it has ``connections``.
    """

    def __init__(
        self,
        region: str,
        *,
        profile: str | None = None,
        endpoint_url: str | None = None,
        connections: int = 64,
        cache: Path | None = None,
    ) -> None:
        from sagectl.gateway.session import client

        self._made = partial(
            client,
            "sagemaker",
            region,
            profile=profile,
            endpoint_url=endpoint_url,
            connections=connections,
        )
        self._cache = cache
        self._clients: dict[str, Any] = {}
        self._lock = Lock()

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        from botocore import xform_name

        from sagectl.gateway.failures import translated

        made = self._client(operation)
        with translated(operation):
            answer = getattr(made, xform_name(operation))(**params)
        answer.pop("ResponseMetadata", None)
        return dict(answer)

    def _client(self, operation: str) -> Any:
        """A client that knows ``operation``: Search's needs far more of the model."""
        from sagectl.schema.pruning import SEARCH

        part = "search" if operation in SEARCH else "managed"
        with self._lock:
            if part not in self._clients:
                self._clients[part] = self._made(prepare=self._pruning(part))
            return self._clients[part]

    def _pruning(self, part: str) -> Callable[[Session], None] | None:
        if self._cache is None:
            return None
        from sagectl.gateway.loading import prune

        return partial(prune, cache=self._cache, part=part)


def pages(
    caller: Caller,
    operation: str,
    params: Mapping[str, Any],
    member: str,
    *,
    limit: int | None = None,
) -> Iterator[Any]:
    """The rows of ``member`` over all pages of ``operation``, ``limit`` of them at most."""
    params = {"MaxResults": PAGE_ROWS, **params}
    empty = sent = 0
    while limit is None or sent < limit:
        answer = caller.call(operation, params)
        rows = answer.get(member, [])
        for row in rows if limit is None else rows[: limit - sent]:
            sent += 1
            yield row
        token = answer.get("NextToken")
        if not token:
            return
        empty = 0 if rows else empty + 1
        if empty == EMPTY_PAGES:
            raise ServiceError(
                "EmptyPages",
                f"{operation} answered {EMPTY_PAGES} empty pages in a row",
                operation=operation,
                hint="Narrow the list: leave out the time filters, or name what is wanted.",
            )
        params = {**params, "NextToken": token}
