"""The composition root: every part is made here, on first use, and introduced to the others."""

from __future__ import annotations

import os
import sys
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TextIO

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from sagectl.controlplane.joblog import JobLog
    from sagectl.controlplane.labelwork import LabelingWork
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.diagnostics import Diagnostic
    from sagectl.gateway.client import Caller
    from sagectl.gateway.logs import CloudWatchLog
    from sagectl.gateway.names import Names
    from sagectl.gateway.objects import S3Objects
    from sagectl.gateway.pacing import PacedCaller
    from sagectl.gateway.topics import SnsTopic
    from sagectl.plan.datachecks import Looks
    from sagectl.plan.events import Event, Observer
    from sagectl.plan.people import Pool
    from sagectl.plan.planner import Choices
    from sagectl.plan.preflight import World
    from sagectl.plan.secrets import Secrets
    from sagectl.plan.waiter import Target
    from sagectl.render.console import Console
    from sagectl.render.views import View
    from sagectl.schema.model import ServiceModel
    from sagectl.settings import Settings

# Calls under way at a time on AWS; locally threads gain nothing.
REMOTE_PARALLEL = 8
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
        self.listeners: list[Observer] = []  # who else is told what happens
        self.warned: list[Diagnostic] = []
        self._callers: dict[str, Caller] = {}
        self._paced: list[PacedCaller] = []
        self._heard: list[Names] = []
        self._fetched: dict[str, Path] = {}

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
        return ControlPlane(state, lambda: self.model, clock=self.clock, launch=self._queued)

    def _queued(self) -> None:
        self.launch()

    def launch(self) -> bool:
        """Make sure that a supervisor runs queued jobs; True if this started one."""
        from sagectl.controlplane.worker import launch

        return launch(self.plane, workers=self.settings.workers, command=COMMAND)

    @cached_property
    def labeling_work(self) -> LabelingWork:
        """The local labeling jobs, as those who work on them see them."""
        from sagectl.controlplane.labelwork import LabelingWork
        from sagectl.controlplane.resources import Place

        place = Place(LOCAL_ACCOUNT, self.local_region)
        return LabelingWork(self.plane, place, Consolidation())

    def pool(
        self,
        user_pool: str,
        *,
        password: str | None,
        sends_mail: bool,
        region: str | None = None,
    ) -> Pool:
        """Where the workers are kept: the plane's own table, or the Cognito ``user_pool``."""
        if self.settings.is_local:
            from sagectl.controlplane.clock import milliseconds
            from sagectl.controlplane.pool import LocalPool
            from sagectl.controlplane.resources import Place

            place = Place(LOCAL_ACCOUNT, region or self.local_region)
            now = partial(milliseconds, self.clock)
            return LocalPool(self.plane.store, place, now, password)
        from sagectl.gateway.cognito import CognitoPool

        profile = self.settings.profile
        return CognitoPool(
            region or self.region, user_pool, profile=profile, sends_mail=sends_mail
        )

    def people_of(self, region: str, user_pool: str | None) -> Pool | None:
        """The pool of a work team's people; None for those of a provider of one's own."""
        if user_pool is None and not self.settings.is_local:
            return None
        return self.pool(user_pool or "", password=None, sends_mail=True, region=region)

    def topic(self, arn: str) -> SnsTopic | None:
        """The SNS topic of ``arn``; None if it does not exist."""
        from sagectl.gateway.topics import sns_topic

        return sns_topic(arn, profile=self.settings.profile)

    def identity(self) -> str:
        """Whom the credentials belong to, as STS says."""
        from sagectl.gateway.session import caller_arn

        return caller_arn(self.region, profile=self.settings.profile)

    @cached_property
    def region(self) -> str:
        """The region in force: told, or the AWS profile's, or the local default."""
        if self.settings.is_local or self.settings.region:
            return self.local_region
        from sagectl.gateway.session import default_region

        return default_region(self.settings.profile)

    @property
    def local_region(self) -> str:
        """The region that was told, or the local default."""
        return self.settings.region or DEFAULT_LOCAL_REGION

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

            together = self.plane.store.snapshot
            return LocalCaller(self.plane.handle, LOCAL_ACCOUNT, region, together)
        from sagectl.gateway.client import AwsCaller
        from sagectl.gateway.names import ListeningCaller
        from sagectl.gateway.pacing import PacedCaller

        caller = AwsCaller(
            region,
            profile=self.settings.profile,
            endpoint_url=self.settings.endpoint_url,
            cache=self.settings.home.cache,
        )
        paced = PacedCaller(caller, pause=self.sleep)
        self._paced.append(paced)
        names = self.names(None if region == self.region else region)
        self._heard.append(names)
        return ListeningCaller(paced, names)

    def names(self, region: str | None = None) -> Names:
        """What the TAB key knows of AWS in ``region`` (None: the one in force).

        Told apart by what can be known without asking AWS who is asking.
        """
        from sagectl.gateway.names import Names

        settings = self.settings
        key = self.environ.get("AWS_ACCESS_KEY_ID")
        place = (settings.profile, key, settings.endpoint_url, region or settings.region)
        return Names(settings.home.cache, place, self.clock().timestamp())

    def close(self) -> None:
        """Keep what is worth keeping for the next run."""
        for names in self._heard:
            names.save()

    @property
    def calls(self) -> dict[str, int]:
        """Operations of SageMaker that were asked for over a network, and how often."""
        from collections import Counter

        counts: Counter[str] = Counter()
        for caller in self._paced:
            counts.update(caller.calls)
        return dict(counts.most_common())

    @cached_property
    def objects(self) -> ObjectStore | S3Objects:
        """Where ``s3://`` leads: a folder tree locally, S3 otherwise."""
        if self.settings.is_local:
            from sagectl.controlplane.objects import ObjectStore

            return ObjectStore(self.settings.home.state)
        from sagectl.gateway.objects import S3Objects

        return S3Objects(self.region, profile=self.settings.profile)

    @cached_property
    def world(self) -> World:
        """What jobs depend on outside SageMaker."""
        if self.settings.is_local:
            from sagectl.controlplane.objects import ObjectStore
            from sagectl.controlplane.world import LocalWorld

            return LocalWorld(ObjectStore(self.settings.home.state))
        from sagectl.gateway.world import AwsWorld

        return AwsWorld(self.region, profile=self.settings.profile)

    def fetch(self, uri: str) -> Path:
        """A file with the content of the object at ``uri``; read it, never write to it."""
        if self.settings.is_local:
            return self.objects.path(uri)  # type: ignore[union-attr]
        from pathlib import Path

        target = Path(self._downloads.name) / f"{len(self._fetched)}"
        if uri not in self._fetched:
            self.objects.fetch(uri, target)  # type: ignore[union-attr]
            self._fetched[uri] = target
        return self._fetched[uri]

    @cached_property
    def _downloads(self) -> TemporaryDirectory[str]:
        from tempfile import TemporaryDirectory

        return TemporaryDirectory(prefix="sagectl-")

    def exist(self, uris: Sequence[str]) -> Iterable[bool]:
        """Whether each of some objects is there."""
        if self.settings.is_local:
            return [self.objects.exists(uri) for uri in uris]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(REMOTE_PARALLEL) as pool:
            return list(pool.map(self.objects.exists, uris))

    def looks(self, *, remote: bool, objects: bool = False) -> Looks:
        """How far checks of a labeling job's data may look."""
        from sagectl.plan.datachecks import Looks

        return Looks(self.fetch if remote else None, self.exist if objects else None)

    @cached_property
    def secrets(self) -> Secrets:
        """Secret values, and what is remembered of those applied to this backend."""
        from sagectl.plan.secrets import Secrets

        state = self.settings.home.state
        return Secrets(state, self.scope, self.environ, self._secret_text)

    @property
    def scope(self) -> str:
        """The backend in a word: local, aws, or an endpoint of one's own."""
        settings = self.settings
        return "local" if settings.is_local else settings.endpoint_url or "aws"

    def _secret_text(self, name: str, region: str) -> str:
        if self.settings.is_local:
            raise InputError(
                f"the local plane has no Secrets Manager to ask for {name}",
                hint="Use {env: NAME} or {file: PATH} instead.",
            )
        from sagectl.gateway.secrets import secret_text

        return secret_text(name, region, profile=self.settings.profile)

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
        from sagectl.plan.uploads import LOCAL_PREFIX

        is_local = self.settings.is_local
        return Choices(
            region=self.region,
            upload_to=upload_to
            or self.settings.upload_to
            or (LOCAL_PREFIX if is_local else None),
            is_lenient=self.is_lenient,
            retry_failed=retry_failed,
            set_secrets=set_secrets,
            replace_jobs=replace_jobs is not None,
            recreate=recreate,
            parallel=parallel or (1 if is_local else REMOTE_PARALLEL),
        )

    @property
    def poll_seconds(self) -> float:
        """How far apart looks at a job may be."""
        return 0.5 if self.settings.is_local else 10.0

    def compilation_log(self, name: str) -> JobLog | CloudWatchLog:
        """What the compilation job ``name`` writes."""
        if not self.settings.is_local:
            from sagectl.gateway.logs import CloudWatchLog

            return CloudWatchLog(name, self.region, profile=self.settings.profile)
        from sagectl.controlplane.joblog import JobLog
        from sagectl.controlplane.stages import job_directory

        state = self.settings.home.state
        return JobLog(job_directory(state, LOCAL_ACCOUNT, self.region, name))

    def stage(self, target: Target) -> str | None:
        """The compiler's step that a local compilation job is at, if it is at one."""
        if not self.settings.is_local or target.kind.name != "CompilationJob":
            return None
        from sagectl.controlplane.stages import job_stages

        state = self.settings.home.state
        stages = job_stages(state, LOCAL_ACCOUNT, target.region, target.name)
        return stages[-1].name if stages and stages[-1].ended is None else None

    def proof(self, artifact: str) -> str | None:
        """What the package at a local ``artifact`` says of its own verification."""
        if not self.settings.is_local:
            return None
        if not self.objects.exists(artifact):
            return "the artifact is gone"
        return _proof(self.objects.path(artifact))  # type: ignore[union-attr]

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

    def _say_whom(self) -> None:
        # Never a silent choice: a command that does not talk to AWS says to whom it does.
        if self.settings.is_local:
            self.say(f"local control plane at {self.settings.home.state}")
        elif self.settings.endpoint_url:
            self.say(f"talking to {self.settings.endpoint_url}")


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


class Consolidation:
    """Annotation consolidation as the control plane's labeling jobs know it."""

    def check(
        self,
        task: str,
        content: Mapping[str, Any],
        labels: Sequence[str],
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises InputError for an answer that could not be consolidated."""
        from sagectl.consolidation.contents import ContentError, readable

        try:
            readable(task, content, labels, beside)
        except ContentError as error:
            raise InputError(str(error)) from error

    def labels(
        self,
        task: str,
        answers: Sequence[Sequence[tuple[str, Mapping[str, Any]]]],
        labels: Sequence[str],
    ) -> list[tuple[Any, Mapping[str, Any]] | None]:
        """One value and its metadata for each object; None where nobody answered."""
        from sagectl.consolidation.tasks import Annotation, consolidated

        given = [[Annotation(*one) for one in each] for each in answers]
        return list(consolidated(task, given, labels))


def _proof(package: Path) -> str:
    """One phrase on how the package was proven, from its ``compiled.meta``."""
    import json
    import tarfile

    try:
        with tarfile.open(package, "r:gz") as archive:
            member = archive.extractfile("compiled.meta")
            meta = json.load(member) if member else {}
        found = meta["Sagectl"]["Verification"] or {}
    except (tarfile.TarError, OSError, LookupError, ValueError) as error:
        return f"not verified: the package cannot be read ({error})"
    if found.get("Result") == "passed":
        return f"verified against {found['Reference']}"
    return f"not verified: {found.get('Reason', 'it was not asked for')}"
