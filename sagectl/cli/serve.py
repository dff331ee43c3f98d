"""``sagectl local serve``: the embedded control plane for any client of SageMaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.app import App
    from sagectl.controlplane.answers import Service
    from sagectl.controlplane.chaos import Chaos

OPTIONS = (
    click.Option(("--host",), default="127.0.0.1", help="Address.  [127.0.0.1]"),
    click.Option(
        ("--port",), type=click.IntRange(0, 65535), default=0, help="Port.  [any free]"
    ),
    click.Option(
        ("--require-signature", "keys"),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Serve only what a key of FILE signed; FILE is as ~/.aws/credentials.",
    ),
    click.Option(
        ("--sync",),
        type=click.Choice(("normal", "full")),
        default="normal",
        help="'full': an answered change also survives a power cut.  [normal]",
    ),
    click.Option(
        ("--chaos", "trouble"),
        metavar="KEY=VALUE,...",
        help="Make trouble on purpose: seed, throttle, errors, empty-pages, failures (shares "
        "of 1), delay, lag (seconds).",
    ),
    click.Option(
        ("--workforce-delay",),
        type=click.FloatRange(0, 3600),
        default=0.0,
        metavar="SECONDS",
        help="How long a workforce is Initializing, Updating or Deleting.  [0]",
    ),
    click.Option(
        ("--quota", "quotas"),
        multiple=True,
        metavar="KIND=N",
        help="Another quota for Workforce, Workteam or Tag; repeatable.",
    ),
    click.Option(
        ("--log",),
        type=click.File("a", lazy=False),
        metavar="FILE",
        help="Append a JSON line for each request; - is stdout.",
    ),
)


@click.command(cls=Command)
@takes(*OPTIONS)
@pass_app
def serve(
    app: App,
    host: str,
    port: int,
    keys: Path | None,
    sync: str,
    trouble: str | None,
    workforce_delay: float,
    quotas: Sequence[str],
    log: Any,
) -> None:
    """Answer any SageMaker client over HTTP until interrupted.

    The URL is printed on stdout once requests are taken. SIGTERM and Ctrl-C end the server
    after the requests that run. An access key id of twelve digits names the account, anything
    else is the local one; the region is the one that the client signs for.

    Whoever reaches the port is obeyed, so it is a loopback address, unless every request must
    be signed with a known key: --require-signature.

    \b
    Example:
      sagectl local serve --port 8181 --chaos seed=7,throttle=0.1
    """
    from sagectl.controlplane.chaos import chaos
    from sagectl.controlplane.http import serve as run
    from sagectl.controlplane.signatures import Signatures, read_keys

    asked = None if trouble is None else chaos(trouble)
    run(
        service(app, asked, _quotas(quotas), workforce_delay, is_full=sync == "full"),
        host,
        port,
        ready=lambda url: _ready(app, url),
        region=app.local.region,
        signatures=Signatures(read_keys(keys), clock=app.clock) if keys else None,
        log=_writer(app, log) if log else None,
    )


def service(
    app: App,
    asked: Chaos | None,
    quotas: Mapping[str, int],
    workforce_delay: float,
    *,
    is_full: bool,
) -> Service:
    """The control plane of the state directory, as a server's options want it."""
    from sagectl.app.consolidation import Consolidation
    from sagectl.controlplane.chaos import Unruly
    from sagectl.controlplane.flushing import Flush
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.store import LOG, Store

    more: dict[str, Any] = {}
    if asked:
        from random import Random

        more = {"entropy": Random(asked.seed).randbytes, "workforce_failures": asked.failures}

    def launch() -> None:
        app.local.launch()

    state = app.settings.home.state
    plane = ControlPlane(
        state,
        lambda: app.model,
        clock=app.clock,
        launch=launch,
        quotas=quotas,
        workforce_seconds=workforce_delay,
        store=Store(state, flush=Flush(state / LOG) if is_full else None),
        consolidator=Consolidation(),
        **more,
    )
    return Unruly(plane, asked, app.sleep) if asked else plane


def _ready(app: App, url: str) -> None:
    is_json = app.settings.output in ("json", "jsonl")
    app.stdout.write(f"{json.dumps({'Endpoint': url}) if is_json else url}\n")
    app.stdout.flush()
    app.say("Point AWS_ENDPOINT_URL_SAGEMAKER at it; Ctrl-C ends it.")


def _quotas(given: Sequence[str]) -> dict[str, int]:
    from sagectl.controlplane.context import QUOTAS

    quotas = {}
    for text in given:
        kind, _, number = text.partition("=")
        if kind not in QUOTAS or not number.isdecimal():
            raise InputError(
                f"--quota {text!r} is not understood",
                hint=f"Write KIND=N, KIND being one of {', '.join(QUOTAS)}.",
            )
        quotas[kind] = int(number)
    return quotas


def _writer(app: App, stream: Any) -> Callable[[dict[str, Any]], None]:
    def write(row: dict[str, Any]) -> None:
        line = {"Time": app.clock().isoformat(timespec="milliseconds"), **row}
        # One write a line: requests end on many threads.
        stream.write(json.dumps(line, separators=(",", ":")) + "\n")
        stream.flush()

    return write
