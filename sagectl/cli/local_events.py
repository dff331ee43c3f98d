"""``sagectl local events``: what happened to resources, for people and for their own code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.app import App

_LOOK_SECONDS = 0.2


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
    """Print what happened to resources, as EventBridge would deliver it: one JSON line each.

    Without --follow it prints what is remembered, the latest ten thousand events. With it, it
    waits for more, until interrupted; glue code that will run on EventBridge can be tried out
    with --exec or --post. A delivery that fails is told on stderr and not repeated.

    \b
    Example:
      sagectl local events --follow --exec './on-state-change.sh'
    """
    deliver = delivery(app, command, url)
    for event in _found(app, follow):
        line = json.dumps(event, separators=(",", ":"))
        app.stdout.write(f"{line}\n")
        app.stdout.flush()
        deliver(line)


def _found(app: App, follow: bool) -> Iterator[dict[str, Any]]:
    from sagectl.controlplane.events import events_after, last_event

    last = last_event(app.plane.store) if follow else 0
    while True:
        page = events_after(app.plane.store, last)
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
