"""The public door to the local SageMaker for people's own code and tests: boto3, no server.

    >>> import tempfile
    >>> from sagectl import local
    >>> home = tempfile.mkdtemp()
    >>> sagemaker = local.client(home)
    >>> answer = sagemaker.create_workforce(
    ...     WorkforceName="crowd",
    ...     CognitoConfig={"UserPool": "us-east-1_abc", "ClientId": "portal"},
    ... )
    >>> answer["WorkforceArn"]
    'arn:aws:sagemaker:us-east-1:123456789012:workforce/crowd'

It is boto3 itself, paginators, typed exceptions, retries and all; only the sending of the
request is answered in this process. Nothing is patched, no credentials or AWS configuration are
read, no socket is opened. Under pytest, the fixture ``sagectl_client`` is such a client with a
state directory of its own for each test.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from sagectl.controlplane.answers import Service
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.settings import Home

_COMMAND = (sys.executable, "-m", "sagectl")
# ``api.sagemaker.eu-west-1.amazonaws.com``: which region a client of the session is for.
_HOST_REGION = re.compile(r"//(?:[\w-]+\.)*sagemaker(?:-fips)?\.([a-z]+-[a-z0-9-]+)\.")
_NOTHING = (None, None, None, None)


def client(
    home: str | os.PathLike[str] | None = None,
    *,
    region: str = DEFAULT_LOCAL_REGION,
    account: str = LOCAL_ACCOUNT,
    workers: int = 1,
    **behaviour: Any,
) -> Any:
    """A boto3 SageMaker client whose service is the local one kept in ``home``.

    ``home`` is what SAGECTL_HOME names; without it, it is the one that the command line uses.
    ``workers`` compilation jobs run at once, in processes that outlive this one; 0 leaves jobs
    queued. ``running(home)`` ends them when a test is over.

    ``behaviour`` makes a less willing service of it: ``quotas={"Workteam": 2}``,
    ``workforce_seconds=20`` (how long one is Initializing, Updating, Deleting) and
    ``chaos="seed=7,throttle=0.1"`` as of ``sagectl local serve --chaos``.
    """
    made = session(home, region=region, account=account, workers=workers, **behaviour)
    return made.client("sagemaker")


def session(
    home: str | os.PathLike[str] | None = None,
    *,
    region: str = DEFAULT_LOCAL_REGION,
    account: str = LOCAL_ACCOUNT,
    workers: int = 1,
    **behaviour: Any,
) -> Any:
    """A boto3 Session whose SageMaker clients, of any region, are answered in this process.

    Clients of other services are what they always are, with credentials that open nothing.
    """
    import boto3
    import botocore.session
    from botocore.handlers import disable_signing

    core = botocore.session.Session(
        # What the user has configured for AWS is not meant for this.
        session_vars={
            "profile": _NOTHING,
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ignore_configured_endpoint_urls": (None, None, True, None),
        }
    )
    core.register("choose-signer.sagemaker.*", disable_signing)
    service = _Door(_service(home, workers, **behaviour), account, region)
    core.register("before-send.sagemaker.*", service)
    return boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key="local",
        region_name=region,
        botocore_session=core,
    )


def objects(home: str | os.PathLike[str] | None = None) -> ObjectStore:
    """What ``s3://`` means there: ``put(uri, path)``, ``path(uri)``, ``listing(uri)``."""
    from sagectl.controlplane.objects import ObjectStore

    return ObjectStore(_home(home).state)


@contextmanager
def running(home: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """While the block runs, jobs may; when it ends, so do the processes that run them."""
    from sagectl.controlplane.worker import stop_supervisor

    try:
        yield
    finally:
        stop_supervisor(_plane(home, workers=0))


class _Door:
    """Answers what botocore is about to send: the documented event ``before-send``."""

    def __init__(self, plane: Service, account: str, region: str) -> None:
        self._plane = plane
        self._account = account
        self._region = region

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        import uuid

        from botocore.awsrequest import AWSResponse

        from sagectl.controlplane.answers import answer

        found = _HOST_REGION.search(request.url)
        status, headers, body = answer(
            self._plane,
            _text(request.headers.get("X-Amz-Target", "")),
            _bytes(request.body),
            account=self._account,
            region=found[1] if found else self._region,
            request_id=str(uuid.uuid4()),
        )
        return AWSResponse(request.url, status, headers, _Stream(body))


class _Stream(BytesIO):
    """A body as urllib3 gives it to botocore."""

    def stream(
        self, _amount: int = 1 << 16, decode_content: bool | None = None
    ) -> Iterator[bytes]:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _home(place: str | os.PathLike[str] | None) -> Home:
    from sagectl.settings import home

    if place is None:
        return home(os.environ)
    return home({"SAGECTL_HOME": str(Path(place).absolute())})


def _service(
    place: str | os.PathLike[str] | None,
    workers: int,
    *,
    chaos: str | None = None,
    **behaviour: Any,
) -> Service:
    if chaos is None:
        return _plane(place, workers, **behaviour)
    from random import Random

    from sagectl.controlplane.chaos import Unruly
    from sagectl.controlplane.chaos import chaos as parsed

    asked = parsed(chaos)
    behaviour["entropy"] = Random(asked.seed).randbytes
    behaviour["workforce_failures"] = asked.failures
    return Unruly(_plane(place, workers, **behaviour), asked)


def _plane(
    place: str | os.PathLike[str] | None, workers: int, **behaviour: Any
) -> ControlPlane:
    from sagectl.app.consolidation import Consolidation
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.worker import launch
    from sagectl.schema.model import service_model

    home = _home(place)
    environ = os.environ | {"SAGECTL_WORKERS": str(workers)}
    if place is not None:
        environ["SAGECTL_HOME"] = str(home.state)

    def start() -> None:
        launch(plane, workers=workers, command=_COMMAND, environ=environ)

    model = service_model(home.cache)
    plane = ControlPlane(
        home.state, model, launch=start, consolidator=Consolidation(), **behaviour
    )
    return plane
