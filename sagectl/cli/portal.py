"""``sagectl local portal``: label in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes

if TYPE_CHECKING:
    from sagectl.app import App


@click.command("portal", cls=Command)
@takes(
    click.Option(("--host",), default="127.0.0.1", help="Loopback address.  [127.0.0.1]"),
    click.Option(
        ("--port",), type=click.IntRange(0, 65535), default=0, help="Port.  [any free]"
    ),
)
@pass_app
def portal(app: App, host: str, port: int) -> None:
    """Serve the local labeling jobs to workers until interrupted.

    Whoever was made known by `sagectl local people create` signs in, sees the jobs of their
    teams, and labels one object after another in the job's template. Where there is none,
    images and texts to classify, boxes to draw and names to mark have forms of their own.

    \b
    Example:
      sagectl local portal --port 8282
    """
    from sagectl.controlplane.portal.server import serve

    def ready(url: str) -> None:
        app.stdout.write(f"{url}\n")
        app.stdout.flush()
        app.say("Open it in a browser; Ctrl-C ends it.")

    serve(app.labeling_work, host, port, ready=ready)
