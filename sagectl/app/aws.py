"""What commands work on when it is AWS: clients of its services, made on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from sagectl.gateway.client import Caller
    from sagectl.gateway.logs import CloudWatchLog
    from sagectl.gateway.names import Names
    from sagectl.gateway.objects import S3Objects
    from sagectl.gateway.pacing import PacedCaller
    from sagectl.gateway.topics import SnsTopic
    from sagectl.plan.people import Pool
    from sagectl.plan.preflight import World
    from sagectl.plan.waiter import Target
    from sagectl.settings import Settings


class AwsBackend:
    """SageMaker and the services around it, as the settings and the AWS configuration say."""

    parallel = 8  # calls under way at a time
    poll_seconds = 10.0  # between looks at a job
    uploads: str | None = None  # the account has no bucket of ours

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._profile = settings.profile
        self._environ = environ
        self._clock = clock
        self._sleep = sleep
        self._paced: list[PacedCaller] = []
        self._heard: list[Names] = []
        self._fetched: dict[str, Path] = {}

    @property
    def greeting(self) -> str | None:
        """Whom a command talks to, where that is not AWS itself."""
        url = self._settings.endpoint_url
        return f"talking to {url}" if url else None

    @cached_property
    def region(self) -> str:
        """The region that was told, or the AWS profile's. Raises InputError for none."""
        if self._settings.region:
            return self._settings.region
        from sagectl.gateway.session import default_region

        return default_region(self._profile)

    def caller(self, region: str) -> Caller:
        """SageMaker in ``region``, called at the pace that it allows."""
        from sagectl.gateway.client import AwsCaller
        from sagectl.gateway.names import ListeningCaller
        from sagectl.gateway.pacing import PacedCaller

        caller = AwsCaller(
            region,
            profile=self._profile,
            endpoint_url=self._settings.endpoint_url,
            cache=self._settings.home.cache,
        )
        paced = PacedCaller(caller, pause=self._sleep)
        self._paced.append(paced)
        names = self.names(None if region == self.region else region)
        self._heard.append(names)
        return ListeningCaller(paced, names)

    def names(self, region: str | None = None) -> Names:
        """What the TAB key knows of ``region`` (None: the one in force).

        Told apart by what can be known without asking AWS who is asking.
        """
        from sagectl.gateway.names import Names

        settings = self._settings
        key = self._environ.get("AWS_ACCESS_KEY_ID")
        place = (settings.profile, key, settings.endpoint_url, region or settings.region)
        return Names(settings.home.cache, place, self._clock().timestamp())

    @property
    def calls(self) -> dict[str, int]:
        """Operations of SageMaker that were asked for, and how often."""
        from collections import Counter

        counts: Counter[str] = Counter()
        for caller in self._paced:
            counts.update(caller.calls)
        return dict(counts.most_common())

    def pool(
        self,
        user_pool: str,
        *,
        password: str | None = None,
        sends_mail: bool = True,
        region: str | None = None,
    ) -> Pool:
        """The people of the Cognito ``user_pool``, which makes passwords itself."""
        from sagectl.gateway.cognito import CognitoPool

        return CognitoPool(
            region or self.region, user_pool, profile=self._profile, sends_mail=sends_mail
        )

    def people_of(self, region: str, user_pool: str | None) -> Pool | None:
        """The pool of a work team's people; None for those of a provider of one's own."""
        return None if user_pool is None else self.pool(user_pool, region=region)

    def topic(self, arn: str) -> SnsTopic | None:
        """The SNS topic of ``arn``; None if it does not exist."""
        from sagectl.gateway.topics import sns_topic

        return sns_topic(arn, profile=self._profile)

    def identity(self) -> str:
        """Whom the credentials belong to, as STS says."""
        from sagectl.gateway.session import caller_arn

        return caller_arn(self.region, profile=self._profile)

    @cached_property
    def objects(self) -> S3Objects:
        """Where ``s3://`` leads."""
        from sagectl.gateway.objects import S3Objects

        return S3Objects(self.region, profile=self._profile)

    @cached_property
    def world(self) -> World:
        """What jobs depend on outside SageMaker."""
        from sagectl.gateway.world import AwsWorld

        return AwsWorld(self.region, profile=self._profile)

    def fetch(self, uri: str) -> Path:
        """A file with the content of the object at ``uri``; read it, never write to it."""
        from pathlib import Path

        target = Path(self._downloads.name) / f"{len(self._fetched)}"
        if uri not in self._fetched:
            self.objects.fetch(uri, target)
            self._fetched[uri] = target
        return self._fetched[uri]

    @cached_property
    def _downloads(self) -> TemporaryDirectory[str]:
        from tempfile import TemporaryDirectory

        return TemporaryDirectory(prefix="sagectl-")

    def exist(self, uris: Sequence[str]) -> Iterable[bool]:
        """Whether each of some objects is there."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(self.objects.exists, uris))

    def secret_text(self, name: str, region: str) -> str:
        """A secret of Secrets Manager."""
        from sagectl.gateway.secrets import secret_text

        return secret_text(name, region, profile=self._profile)

    def compilation_log(self, name: str) -> CloudWatchLog:
        """What the compilation job ``name`` writes."""
        from sagectl.gateway.logs import CloudWatchLog

        return CloudWatchLog(name, self.region, profile=self._profile)

    def stage(self, target: Target) -> str | None:
        """None: the service does not tell which step of the compiler a job is at."""
        return None

    def proof(self, artifact: str) -> str | None:
        """None: packages that the service made were not verified by us."""
        return None

    def close(self) -> None:
        """Keep the names that were told for the TAB key."""
        for names in self._heard:
            names.save()
