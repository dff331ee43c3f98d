"""The composition root: every part is made here, on first use, and introduced to the others."""

from __future__ import annotations

import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.diagnostics import Diagnostic
    from sagectl.gateway.client import Caller
    from sagectl.gateway.objects import S3Objects
    from sagectl.render.console import Console
    from sagectl.render.views import View
    from sagectl.schema.model import ServiceModel
    from sagectl.settings import Settings

# How the control plane starts its supervisor and its jobs; AWS is never reached this way.
COMMAND = (sys.executable, "-m", "sagectl")


class App:
    """What a command may ask for; nothing is imported or opened before it is asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.stdin = sys.stdin if stdin is None else stdin
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = sys.stderr if stderr is None else stderr
        self.environ = os.environ if environ is None else environ
        self.clock = clock or _now
        self.sleep = sleep
        self._callers: dict[str, Caller] = {}

    @cached_property
    def model(self) -> ServiceModel:
        """The installed botocore's SageMaker model, pruned."""
        from sagectl.schema.model import service_model

        return service_model(self.settings.home.cache)

    @cached_property
    def plane(self) -> ControlPlane:
        """The embedded control plane; a job that it queues is picked up by a supervisor."""
        from sagectl.controlplane.plane import ControlPlane

        state = self.settings.home.state
        return ControlPlane(state, lambda: self.model, clock=self.clock, launch=self._launch)

    def _launch(self) -> None:
        from sagectl.controlplane.worker import launch

        if self.settings.workers:
            launch(self.plane, workers=self.settings.workers, command=COMMAND)

    @cached_property
    def region(self) -> str:
        """The region in force: told, or the AWS profile's, or the local default."""
        if self.settings.region:
            return self.settings.region
        if self.settings.is_local:
            return DEFAULT_LOCAL_REGION
        from sagectl.gateway.session import default_region

        return default_region(self.settings.profile)

    @property
    def caller(self) -> Caller:
        """Whoever answers SageMaker's operations in the region in force."""
        return self.caller_in(self.region)

    def caller_in(self, region: str | None) -> Caller:
        """Whoever answers in ``region`` (None: the region in force)."""
        region = region or self.region
        if region not in self._callers:
            if not self._callers:
                self._say_whom()
            self._callers[region] = self._caller(region)
        return self._callers[region]

    def _caller(self, region: str) -> Caller:
        if self.settings.is_local:
            from sagectl.gateway.client import LocalCaller

            return LocalCaller(self.plane.handle, LOCAL_ACCOUNT, region)
        from sagectl.gateway.client import AwsCaller

        return AwsCaller(
            region, profile=self.settings.profile, endpoint_url=self.settings.endpoint_url
        )

    @cached_property
    def objects(self) -> ObjectStore | S3Objects:
        """Where ``s3://`` leads: a folder tree locally, S3 otherwise."""
        if self.settings.is_local:
            from sagectl.controlplane.objects import ObjectStore

            return ObjectStore(self.settings.home.state)
        from sagectl.gateway.objects import S3Objects

        return S3Objects(self.region, profile=self.settings.profile)

    @cached_property
    def console(self) -> Console:
        """Where results and remarks go."""
        from sagectl.render.console import Console

        return Console(self.stdout, self.stderr, self.settings, environ=self.environ)

    def show(self, view: View) -> None:
        """Write a result (a Listing, Record or Manifest) to stdout in the chosen format."""
        self.console.show(view)

    def say(self, text: str) -> None:
        """A remark on stderr; ``--quiet`` silences it."""
        self.console.say(text)

    def warn(self, diagnostic: Diagnostic) -> None:
        """A finding that stops nothing, on stderr."""
        self.console.warn(diagnostic)

    def _say_whom(self) -> None:
        # Never a silent choice: a command that does not talk to AWS says to whom it does.
        if self.settings.is_local:
            self.say(f"local control plane at {self.settings.home.state}")
        elif self.settings.endpoint_url:
            self.say(f"talking to {self.settings.endpoint_url}")


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
