"""The composition root: every part is made here, on first use, and introduced to the others."""

from __future__ import annotations

import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sagectl.app.aws import AwsBackend
    from sagectl.app.local import LocalBackend
    from sagectl.diagnostics import Diagnostic
    from sagectl.gateway.client import Caller
    from sagectl.plan.datachecks import Looks
    from sagectl.plan.events import Event, Observer
    from sagectl.plan.planner import Choices
    from sagectl.plan.secrets import Secrets
    from sagectl.render.console import Console
    from sagectl.render.views import View
    from sagectl.schema.model import ServiceModel
    from sagectl.settings import Settings


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
        self.listeners: list[Observer] = []  # who else is told what happens
        self.warned: list[Diagnostic] = []
        self._callers: dict[str, Caller] = {}

    @cached_property
    def local(self) -> LocalBackend:
        """The embedded control plane, whether or not commands work on it."""
        from sagectl.app.local import LocalBackend

        return LocalBackend(self.settings, lambda: self.model, self.clock)

    @cached_property
    def aws(self) -> AwsBackend:
        """AWS, whether or not commands work on it."""
        from sagectl.app.aws import AwsBackend

        return AwsBackend(self.settings, self.environ, self.clock, self.sleep)

    @property
    def backend(self) -> LocalBackend | AwsBackend:
        """What commands work on."""
        return self.local if self.settings.is_local else self.aws

    @cached_property
    def model(self) -> ServiceModel:
        """The installed botocore's SageMaker model, pruned."""
        from sagectl.schema.model import service_model

        return service_model(self.settings.home.cache)

    @property
    def region(self) -> str:
        """The region in force: told, or the AWS profile's, or the local default."""
        return self.backend.region

    @property
    def caller(self) -> Caller:
        """Whoever answers SageMaker's operations in the region in force."""
        return self.caller_in(self.region)

    def caller_in(self, region: str | None) -> Caller:
        """Whoever answers in ``region`` (None: the region in force)."""
        region = region or self.region
        if region not in self._callers:
            # Never a silent choice: a command that does not talk to AWS says to whom it does.
            if not self._callers and (greeting := self.backend.greeting):
                self.say(greeting)
            self._callers[region] = self.backend.caller(region)
        return self._callers[region]

    def looks(self, *, remote: bool, objects: bool = False) -> Looks:
        """How far checks of a labeling job's data may look."""
        from sagectl.plan.datachecks import Looks

        backend = self.backend
        return Looks(backend.fetch if remote else None, backend.exist if objects else None)

    @cached_property
    def secrets(self) -> Secrets:
        """Secret values, and what is remembered of those applied to this backend."""
        from sagectl.plan.secrets import Secrets

        state = self.settings.home.state
        return Secrets(state, self.scope, self.environ, self.backend.secret_text)

    @property
    def scope(self) -> str:
        """The backend in a word: local, aws, or an endpoint of one's own."""
        settings = self.settings
        return "local" if settings.is_local else settings.endpoint_url or "aws"

    @cached_property
    def console(self) -> Console:
        """Where results and remarks go."""
        from sagectl.render.console import Console

        return Console(self.stdout, self.stderr, self.settings, environ=self.environ)

    @property
    def is_lenient(self) -> bool:
        """Whether the service may know more than the installed model: AWS, unless --strict."""
        return not self.settings.is_local and not self.settings.strict

    def choices(
        self,
        *,
        retry_failed: bool = False,
        set_secrets: bool = False,
        replace_jobs: str | None = None,
        recreate: bool = False,
        upload_to: str | None = None,
        parallel: int | None = None,
    ) -> Choices:
        """How to plan on the chosen backend; ``parallel`` None is what suits it."""
        from sagectl.plan.planner import Choices

        return Choices(
            region=self.region,
            upload_to=upload_to or self.settings.upload_to or self.backend.uploads,
            is_lenient=self.is_lenient,
            retry_failed=retry_failed,
            set_secrets=set_secrets,
            replace_jobs=replace_jobs is not None,
            recreate=recreate,
            parallel=parallel or self.backend.parallel,
        )

    def show(self, view: View) -> None:
        """Write a result (a Listing, Record or Manifest) to stdout in the chosen format."""
        self.console.show(view)

    def say(self, text: str) -> None:
        """A remark on stderr; ``--quiet`` silences it."""
        self.console.say(text)

    def warn(self, diagnostic: Diagnostic) -> None:
        """A finding that stops nothing, on stderr."""
        self.warned.append(diagnostic)
        self.console.warn(diagnostic)

    def tell(self, event: Event) -> None:
        """Let the listeners know what happened."""
        for listener in self.listeners:
            listener(event)

    def close(self) -> None:
        """End the run; what was never asked for has nothing to end."""
        if "aws" in vars(self):
            self.aws.close()


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
