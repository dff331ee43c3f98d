"""``sagectl local events``: what happened to resources, for people and for their own code."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import KINDS, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.errors import InputError
from sagectl.render.columns import text
from sagectl.render.views import Computed, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sagectl.app import App

_LOOK_SECONDS = 0.2
# That of the longest status.
_STATUS_WIDTH = 12


@click.command(cls=Command)
@takes(
    click.Option(("--follow",), is_flag=True, help="Go on with what happens from now on."),
    click.Option(
        ("--exec", "command"),
        metavar="COMMAND",
        help="Run this shell command for each event, which it reads from stdin.",
    ),
    click.Option(
        ("--post", "url"), metavar="URL", help="POST each event to this URL, as a webhook."
    ),
)
@pass_app
def events(app: App, follow: bool, command: str | None, url: str | None) -> None:
    """Print what happened to resources: when, to which, and what it is since.

    Without --follow it prints what is remembered, the latest ten thousand events. With it, it
    waits for more, until interrupted. With -o jsonl each event is a line as EventBridge would
    deliver it; glue code that will run on EventBridge can be tried out with --exec or --post,
    which get that line. A delivery that fails is told on stderr and not repeated.

    \b
    Examples:
      sagectl local events
      sagectl local events --follow --exec './on-state-change.sh'
    """
    deliver = delivery(app, command, url)
    if follow:
        _follow(app, deliver)
    else:
        app.show(_listing(_delivered(_found(app, follow=False), deliver)))


def _follow(app: App, deliver: Callable[[str], None]) -> None:
    form = app.settings.output
    if form == "yaml":
        raise InputError(
            "--follow prints one event after another, which YAML cannot",
            hint="Use -o jsonl, or a table.",
        )
    is_first = True
    for event in _delivered(_found(app, follow=True), deliver):
        if form in ("table", "wide") and not app.settings.query:
            app.stdout.write(_line(event))
        elif form == "json" and not app.settings.query:
            app.stdout.write(_json(event) + "\n")
        else:
            app.show(_listing([event], has_titles=is_first))
        app.stdout.flush()
        is_first = False


def _listing(rows: Iterable[dict[str, Any]], *, has_titles: bool = True) -> Listing:
    timed = ({**row, "time": datetime.fromisoformat(row["time"])} for row in rows)
    columns: list[Column | Computed] = list(COLUMNS)
    if not has_titles:
        columns = [column._replace(title="") for column in columns]
    return Listing("Events", timed, columns, "event", "id", "events")


def _delivered(
    found: Iterable[dict[str, Any]], deliver: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    for event in found:
        yield event
        deliver(_json(event))


def _json(event: Mapping[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"))


def _line(event: Mapping[str, Any]) -> str:
    reason = event["detail"].get("FailureReason", "")
    line = f"{event['time']}  {_status(event):{_STATUS_WIDTH}}  {_resource(event)}  {reason}"
    return f"{text(line.rstrip())}\n"


def _resource(event: Mapping[str, Any]) -> str:
    """``workteam/radiology``, as everywhere else."""
    field, name = next(iter(event["detail"].items()))
    return f"{KINDS[field.removesuffix('Name')].word}/{name}"


def _status(event: Mapping[str, Any]) -> str:
    detail = event["detail"]
    return next((detail[name] for name in detail if name.endswith("Status")), "")


COLUMNS = (
    Column("TIME", "time", "time"),
    Computed("RESOURCE", _resource),
    Computed("STATUS", _status, "status"),
    Column("REASON", "detail.FailureReason"),
    Column("ACCOUNT", "account", is_wide=True),
    Column("REGION", "region", is_wide=True),
)


def _found(app: App, *, follow: bool) -> Iterator[dict[str, Any]]:
    from sagectl.controlplane.events import events_after, last_event

    last = last_event(app.local.plane.store) if follow else 0
    while True:
        page = events_after(app.local.plane.store, last)
        for event in page:
            yield event.as_dict()
            last = event.id
        if page:
            continue
        if not follow:
            return
        app.sleep(_LOOK_SECONDS)


def delivery(app: App, command: str | None, url: str | None) -> Callable[[str], None]:
    """What is done with each event's line beside printing it."""

    def deliver(line: str) -> None:
        if command:
            _run(app, command, line)
        if url:
            _post(app, url, line)

    return deliver


def _run(app: App, command: str, line: str) -> None:
    import subprocess

    done = subprocess.run(
        ["/bin/sh", "-c", command], input=f"{line}\n", text=True, stdout=subprocess.DEVNULL
    )
    if done.returncode:
        app.say(f"{command!r} ended with code {done.returncode}.")


def _post(app: App, url: str, line: str) -> None:
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    headers = {"Content-Type": "application/json"}
    try:
        request = Request(url, line.encode(), headers, method="POST")
        urlopen(request, timeout=10).close()
    except (URLError, OSError, ValueError) as error:
        app.say(f"{url}: {error}")
