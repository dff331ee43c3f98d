"""Failures: what an HTTP service says, and what it does not, in sagectl's words."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sagectl.errors import CredentialsError, NotFoundError, SagectlError, ServiceError
from sagectl.gateway.client import AwsCaller
from tests.support.answering import Quiet
from tests.support.answering import answering as served

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answering(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """A service that gives these answers in turn, the last for ever, and what it heard."""
    heard: list[str] = []

    class Handler(Quiet):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answers[min(len(heard), len(answers) - 1)]
            heard.append(self.headers["X-Amz-Target"])
            self.answer(json.dumps(body).encode(), status, x_amzn_RequestId="request-1")

    with served(Handler) as url:
        yield url, heard


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


def failure(operation: str, code: str, message: str, status: int = 400) -> SagectlError:
    with (
        answering((status, {"__type": code, "message": message})) as (url, _),
        pytest.raises(SagectlError) as caught,
    ):
        AwsCaller("us-east-1", endpoint_url=url).call(operation, {"WorkteamName": "a"})
    return caught.value


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        pytest.param("DescribeWorkteam", "ResourceNotFound", "x", id="code"),
        pytest.param(
            "DescribeWorkteam", "ValidationException", "The work team a is not.", id="team"
        ),
        pytest.param(
            "DescribeWorkteam", "ValidationException", "No workforce found", id="workforce"
        ),
        pytest.param(
            "DescribeWorkteam", "ValidationException", "Could not find a.", id="could-not-find"
        ),
        pytest.param(
            "DeleteWorkteam", "ValidationException", "a does not exist or", id="does-not-exist"
        ),
    ],
)
def test_what_means_not_found_is_not_found(operation: str, code: str, message: str) -> None:
    assert isinstance(failure(operation, code, message), NotFoundError)


def test_a_missing_part_of_a_creation_is_a_refusal() -> None:
    with answering(
        (400, {"__type": "ValidationException", "message": "The Workteam does not exist"})
    ) as (url, _):
        caller = AwsCaller("us-east-1", endpoint_url=url)
        params = {"WorkteamName": "a", "Description": "b", "MemberDefinitions": []}
        with pytest.raises(ServiceError) as caught:
            caller.call("UpdateWorkteam", params | {"MemberDefinitions": [{}]})
    assert not isinstance(caught.value, NotFoundError)


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"],
)
def test_what_the_caller_may_not_do_is_the_fourth_exit_code(code: str) -> None:
    error = failure("DescribeWorkteam", code, "no")
    assert isinstance(error, CredentialsError)
    assert error.hint
    assert code in error.message


def test_throttling_is_waited_out() -> None:
    throttled = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    with answering(throttled, throttled, (200, {})) as (url, heard):
        AwsCaller("us-east-1", endpoint_url=url).call("ListWorkteams", {})
    assert heard == ["SageMaker.ListWorkteams"] * 3


def test_throttling_without_end_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    error = failure("DescribeWorkteam", "ThrottlingException", "Rate exceeded")
    assert isinstance(error, ServiceError)
    assert "--parallel" in (error.hint or "")


def test_nobody_at_the_endpoint_is_a_refusal_without_a_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ServiceError) as caught:
        AwsCaller("us-east-1", endpoint_url="http://127.0.0.1:9").call("ListWorkteams", {})
    assert caught.value.status == 0
    assert "--endpoint-url" in (caught.value.hint or "")
