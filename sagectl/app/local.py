"""What commands work on when it is the embedded control plane, made on first use."""

from __future__ import annotations

import sys
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from sagectl.controlplane.joblog import JobLog
    from sagectl.controlplane.labelwork import LabelingWork
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.gateway.client import Caller
    from sagectl.plan.people import Pool
    from sagectl.plan.preflight import World
    from sagectl.plan.waiter import Target
    from sagectl.schema.model import ServiceModel
    from sagectl.settings import Settings

# How the control plane starts its supervisor and its jobs; AWS is never reached this way.
COMMAND = (sys.executable, "-m", "sagectl")


class LocalBackend:
    """The embedded control plane and its objects, in the state directory of the settings."""

    parallel = 1  # threads gain nothing in one process
    poll_seconds = 0.5
    calls: ClassVar[dict[str, int]] = {}  # none goes over a network

    def __init__(
        self,
        settings: Settings,
        model: Callable[[], ServiceModel],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._state = settings.home.state
        self._model = model
        self._clock = clock

    @property
    def greeting(self) -> str:
        """Whom a command talks to."""
        return f"local control plane at {self._state}"

    @property
    def region(self) -> str:
        """The region that was told, or the local default."""
        return self._settings.region or DEFAULT_LOCAL_REGION

    @property
    def uploads(self) -> str:
        """Where uploads go if nothing else is said."""
        from sagectl.plan.uploads import LOCAL_PREFIX

        return LOCAL_PREFIX

    @cached_property
    def plane(self) -> ControlPlane:
        """The control plane; a job that it queues is picked up by a supervisor."""
        from sagectl.app.consolidation import Consolidation
        from sagectl.controlplane.plane import ControlPlane

        return ControlPlane(
            self._state,
            self._model,
            clock=self._clock,
            launch=self._queued,
            consolidator=Consolidation(),
        )

    def _queued(self) -> None:
        self.launch()

    def launch(self) -> bool:
        """Make sure that a supervisor runs queued jobs; True if this started one."""
        from sagectl.controlplane.worker import launch

        return launch(self.plane, workers=self._settings.workers, command=COMMAND)

    @cached_property
    def labeling_work(self) -> LabelingWork:
        """The labeling jobs, as those who work on them see them."""
        from sagectl.app.consolidation import Consolidation
        from sagectl.controlplane.labelwork import LabelingWork
        from sagectl.controlplane.resources import Place

        return LabelingWork(self.plane, Place(LOCAL_ACCOUNT, self.region), Consolidation())

    def caller(self, region: str) -> Caller:
        """The control plane in ``region``."""
        from sagectl.gateway.client import LocalCaller

        return LocalCaller(self.plane.handle, LOCAL_ACCOUNT, region, self.plane.store.snapshot)

    def pool(
        self,
        user_pool: str,
        *,
        password: str | None = None,
        sends_mail: bool = True,
        region: str | None = None,
    ) -> Pool:
        """The people of the plane's own table, whichever pool is named; no mail is sent."""
        from sagectl.controlplane.clock import milliseconds
        from sagectl.controlplane.pool import LocalPool
        from sagectl.controlplane.resources import Place

        place = Place(LOCAL_ACCOUNT, region or self.region)
        now = partial(milliseconds, self._clock)
        return LocalPool(self.plane.store, place, now, password)

    def people_of(self, region: str, user_pool: str | None) -> Pool:
        """The people of a work team: all are in the plane's table."""
        return self.pool(user_pool or "", region=region)

    @cached_property
    def objects(self) -> ObjectStore:
        """Where ``s3://`` leads: a folder tree."""
        from sagectl.controlplane.objects import ObjectStore

        return ObjectStore(self._state)

    @cached_property
    def world(self) -> World:
        """What jobs depend on outside the control plane."""
        from sagectl.controlplane.world import LocalWorld

        return LocalWorld(self.objects)

    def fetch(self, uri: str) -> Path:
        """The file of the object at ``uri``; read it, never write to it."""
        return self.objects.path(uri)

    def exist(self, uris: Sequence[str]) -> Iterable[bool]:
        """Whether each of some objects is there."""
        return map(self.objects.exists, uris)

    def secret_text(self, name: str, region: str) -> str:
        """Raises InputError: there is no Secrets Manager here."""
        raise InputError(
            f"the local plane has no Secrets Manager to ask for {name}",
            hint="Use {env: NAME} or {file: PATH} instead.",
        )

    def compilation_log(self, name: str) -> JobLog:
        """What the compilation job ``name`` writes."""
        from sagectl.controlplane.joblog import JobLog
        from sagectl.controlplane.stages import job_directory

        return JobLog(job_directory(self._state, LOCAL_ACCOUNT, self.region, name))

    def stage(self, target: Target) -> str | None:
        """The compiler's step that a compilation job is at, if it is at one."""
        if target.kind.name != "CompilationJob":
            return None
        from sagectl.controlplane.stages import job_stages

        stages = job_stages(self._state, LOCAL_ACCOUNT, target.region, target.name)
        return stages[-1].name if stages and stages[-1].ended is None else None

    def proof(self, artifact: str) -> str:
        """What the package at ``artifact`` says of its own verification."""
        if not self.objects.exists(artifact):
            return "the artifact is gone"
        return _proof(self.objects.path(artifact))


def _proof(package: Path) -> str:
    """One phrase on how the package was proven, from its ``compiled.meta``."""
    import json
    import tarfile

    try:
        with tarfile.open(package, "r:gz") as archive:
            member = archive.extractfile("compiled.meta")
            meta: Any = json.load(member) if member else {}
        found = meta["Sagectl"]["Verification"] or {}
    except (tarfile.TarError, OSError, LookupError, ValueError) as error:
        return f"not verified: the package cannot be read ({error})"
    if found.get("Result") == "passed":
        return f"verified against {found['Reference']}"
    return f"not verified: {found.get('Reason', 'it was not asked for')}"
