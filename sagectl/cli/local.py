"""``sagectl local``: the embedded control plane and the process that runs its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import LazyGroup
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.app import App


COMMANDS = {
    "annotate": ("sagectl.cli.annotating:annotate", "Take answers to a labeling job."),
    "portal": ("sagectl.cli.portal:portal", "Serve labeling jobs to workers in a browser."),
    "people": ("sagectl.cli.people:people_group", "Manage who signs in to label."),
    "serve": ("sagectl.cli.serve:serve", "Answer any SageMaker client over HTTP."),
    "events": ("sagectl.cli.local_events:events", "Print what happened to resources."),
    "upload": ("sagectl.cli.local_objects:upload", "Make objects from files and folders."),
    "load": ("sagectl.cli.local_data:load", "Keep records for Search to look through."),
    "backup": ("sagectl.cli.local_data:backup", "Write all that is kept into one file."),
    "restore": ("sagectl.cli.local_data:restore", "Bring back what a backup holds."),
    "check": ("sagectl.cli.local_data:check", "Ask whether all that is kept is sound."),
}


@click.group("local", cls=LazyGroup, table=COMMANDS)
def local() -> None:
    """Look after the embedded control plane.

    It lives in one directory and needs no server. Compilation jobs are run by a supervisor, a
    process that starts by itself when there is work and ends when there is none.

    \b
    Example:
      sagectl local status
    """


@local.command()
@pass_app
def status(app: App) -> None:
    """Show what is there, what is running, and how much room it takes.

    \b
    Example:
      sagectl local status -o json
    """
    from sagectl.cli.local_state import local_status
    from sagectl.render.columns import size
    from sagectl.render.views import Record

    found = local_status(app)
    told = {**found, "Size": {name: size(count) for name, count in found["Bytes"].items()}}
    del told["Bytes"]
    app.show(Record(found, "local", "plane", told=told))


@local.command()
@takes(click.Argument(("uri",), required=False, metavar="[S3URI]"))
@pass_app
def path(app: App, uri: str | None) -> None:
    """Print the directory that holds everything, or the file of an object.

    \b
    Examples:
      du -sh "$(sagectl local path)"
      sagectl local path s3://sagectl-local/compiled/digits-LINUX_X86_64.tar.gz
    """
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.render.views import Record

    state = app.settings.home.state
    found = ObjectStore(state, makes_state=False).path(uri) if uri else state
    app.show(Record({"Path": str(found)}, "local", "path"))


@local.command()
@pass_app
def start(app: App) -> None:
    """Start the supervisor, if none runs.

    It runs SAGECTL_WORKERS jobs at a time (1 if not set) and ends after half a minute without
    work.

    \b
    Example:
      sagectl local start
    """
    from sagectl.controlplane.worker import current_supervisor

    if not app.settings.workers:
        raise InputError(
            "SAGECTL_WORKERS is 0, so nothing would run", hint="Set it to 1 or more."
        )
    is_new = app.local.launch()
    lease = current_supervisor(app.local.plane)
    which = f"process {lease.pid}" if lease else "it is starting"
    app.say(f"The supervisor {'was started' if is_new else 'runs already'}: {which}.")


@local.command()
@takes(YES)
@pass_app
def stop(app: App, yes: bool) -> None:
    """Stop the supervisor; jobs under way go back to the queue.

    \b
    Example:
      sagectl local stop --yes
    """
    from sagectl.controlplane.worker import stop_supervisor

    consent(yes, "Stop the supervisor?")
    app.say(
        "The supervisor was stopped."
        if stop_supervisor(app.local.plane)
        else "None was running."
    )


@local.command()
@takes(DRY_RUN, YES)
@pass_app
def reset(app: App, dry_run: str | None, yes: bool) -> None:
    """Delete all local resources, jobs and objects; settings and caches stay.

    \b
    Example:
      sagectl local reset --yes
    """
    from sagectl.cli.local_state import leftovers, remove

    found = leftovers(app.settings.home.state)
    if not found:
        app.say("There is nothing to delete.")
        return
    for place in found:
        app.say(f"- {place}")
    if dry_run:
        return
    consent(yes, "Delete all of this?")
    remove(app)
    app.say("Deleted.")


@local.command(hidden=True)
@pass_app
def supervise(app: App) -> None:
    """Run queued jobs until there are none; started by sagectl itself."""
    from sagectl.app.local import COMMAND
    from sagectl.controlplane.worker import supervise as run

    run(app.local.plane, workers=app.settings.workers, command=COMMAND)


@local.command("run-job", hidden=True)
@click.argument("account")
@click.argument("region")
@click.argument("name")
@pass_app
def run_job(app: App, account: str, region: str, name: str) -> None:
    """Run one job to its end; started by the supervisor."""
    from sagectl.cli.backend import compile_task
    from sagectl.controlplane.worker import run_job as run

    run(app.local.plane, account, region, name, compile_task)
