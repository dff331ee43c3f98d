"""What compilation jobs write, as CloudWatch Logs keeps it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sagectl.errors import NotFoundError
from sagectl.gateway.failures import translated

# SageMaker developer guide, "Log Amazon SageMaker events with Amazon CloudWatch".
GROUP = "/aws/sagemaker/CompilationJobs"


class CloudWatchLog:
    """The log of one job, read on from where the last look ended."""

    def __init__(self, job: str, region: str, *, profile: str | None = None) -> None:
        self._job = job
        self._region = region
        self._profile = profile
        self._tokens: dict[str, str] = {}

    @cached_property
    def _client(self) -> Any:
        from sagectl.gateway.session import client

        return client("logs", self._region, profile=self._profile)

    def more(self) -> list[str]:
        """The lines since the last look; none where the job has written nothing yet."""
        try:
            with translated("DescribeLogStreams"):
                pages = self._client.get_paginator("describe_log_streams").paginate(
                    logGroupName=GROUP, logStreamNamePrefix=self._job
                )
                names = [row["logStreamName"] for page in pages for row in page["logStreams"]]
        except NotFoundError:
            return []
        # A job's streams are <job>/...; another job's name may begin with this one's.
        ours = [name for name in names if name.partition("/")[0] == self._job]
        return [line for name in ours for line in self._stream(name)]

    def _stream(self, name: str) -> list[str]:
        lines: list[str] = []
        while True:
            last = self._tokens.get(name)
            position = {"nextToken": last} if last else {}
            with translated("GetLogEvents"):
                found = self._client.get_log_events(
                    logGroupName=GROUP, logStreamName=name, startFromHead=True, **position
                )
            lines += [event["message"] for event in found["events"]]
            self._tokens[name] = found["nextForwardToken"]
            # The end of a stream answers with the token that it was asked with.
            if self._tokens[name] == last or not found["events"]:
                return lines
