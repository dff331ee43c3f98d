"""Logs of jobs against moto's CloudWatch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.gateway.logs import GROUP, CloudWatchLog
from sagectl.gateway.session import client
from tests.support.moto import moto

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto() as url:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", url)
        yield client("logs", "us-east-1")


def written(watch: Any, stream: str, *lines: str) -> None:
    now = int(time.time() * 1000)
    watch.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": now, "message": line} for line in lines],
    )


def test_a_job_without_a_log_has_no_lines(watch: Any) -> None:
    assert CloudWatchLog("digits", "us-east-1").more() == []


def test_a_log_is_read_on_and_another_jobs_is_left_out(watch: Any) -> None:
    watch.create_log_group(logGroupName=GROUP)
    for stream in ("digits/1", "digits-2/1"):
        watch.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    written(watch, "digits/1", "one", "two")
    written(watch, "digits-2/1", "another")
    log = CloudWatchLog("digits", "us-east-1")

    assert log.more() == ["one", "two"]
    assert log.more() == []
    written(watch, "digits/1", "three")
    assert log.more() == ["three"]
