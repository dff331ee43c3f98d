"""``sagectl local load, backup, restore, check``: what the embedded control plane keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.app import App

_BACKUP = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command)
@takes(
    click.Argument(("files",), type=click.Path(path_type=Path, allow_dash=True), nargs=-1),
    click.Option(("--account",), metavar="ID", help="Whose records they are.  [the local one]"),
)
@pass_app
def load(app: App, files: Sequence[Path], account: str | None) -> None:
    """Keep records for Search to look through: training jobs, experiments, trials, components.

    Each line of FILES (stdin for -) is one record as Search gives it: {"TrainingJob": {...}},
    with times as ISO 8601 or seconds. A record that is there already is replaced. All records
    of a file are kept, or none of them.

    \b
    Example:
      sagectl local load records.jsonl
    """
    from sagectl.catalog.regions import LOCAL_ACCOUNT
    from sagectl.controlplane import records
    from sagectl.controlplane.clock import milliseconds
    from sagectl.controlplane.resources import Place
    from sagectl.manifest.wording import counted

    for file in files or (Path("-"),):
        count = records.load(
            app.local.plane.store,
            _lines(app, file),
            place=Place(account or LOCAL_ACCOUNT, app.local.region),
            model=app.model,
            now=milliseconds(app.clock),
        )
        app.say(f"{file}: {counted(count, 'record')}.")


@click.command(cls=Command)
@takes(click.Argument(("file",), type=_BACKUP))
@pass_app
def backup(app: App, file: Path) -> None:
    """Write resources, jobs, records, tags and objects into FILE, while others go on working.

    The file is for your eyes alone (mode 0600). Logs of jobs are left out, and no secret of a
    client is in it: those are kept as digests.

    \b
    Example:
      sagectl local backup monday.tar.gz
    """
    from sagectl.controlplane.backups import back_up
    from sagectl.manifest.wording import counted
    from sagectl.render.columns import size

    made = back_up(app.settings.home.state, file)
    objects = counted(made.objects, "object")
    app.say(f"{file}: the database and {objects}, {size(made.size_bytes)}.")


@click.command(cls=Command)
@takes(click.Argument(("file",), type=_BACKUP), DRY_RUN, YES)
@pass_app
def restore(app: App, file: Path, dry_run: str | None, yes: bool) -> None:
    """Put what the backup FILE holds in the place of all that is there.

    The backup is looked at before anything changes. The supervisor is stopped first; a server
    may go on, and answers from what was restored.

    \b
    Example:
      sagectl local restore monday.tar.gz --yes
    """
    from sagectl.controlplane.backups import restore as run
    from sagectl.controlplane.worker import stop_supervisor
    from sagectl.errors import InputError
    from sagectl.manifest.wording import counted

    if not file.is_file():
        raise InputError(f"there is no file {file}", hint="`sagectl local backup` writes one.")
    state = app.settings.home.state
    app.say(f"- all that is in {state}")
    app.say(f"+ what {file} holds")
    if dry_run:
        return
    consent(yes, "Replace it?")
    if app.local.plane.store.exists():
        stop_supervisor(app.local.plane)
    made = run(state, file)
    app.say(f"Restored the database and {counted(made.objects, 'object')}.")


@click.command(cls=Command)
@pass_app
def check(app: App) -> int:
    """Ask whether what is kept is whole and holds together; changes nothing.

    The exit code is 0 if all is well, 1 if something speaks against it.

    \b
    Example:
      sagectl local check -o json
    """
    from sagectl.catalog.kinds import Column
    from sagectl.controlplane.checkup import checkup
    from sagectl.render.views import Listing

    found = checkup(app.settings.home.state)
    rows = [
        {"Question": row.question, "Answer": "no" if row.against else "yes", "Against": against}
        for row in found
        for against in (row.against or ("",))
    ]
    columns = (
        Column("QUESTION", "Question"),
        Column("ANSWER", "Answer"),
        Column("AGAINST", "Against"),
    )
    app.show(Listing("Checks", rows, columns, "check", "Question", "checks"))
    return 1 if any(row.against for row in found) else 0


def _lines(app: App, file: Path) -> Iterator[str]:
    from sagectl.errors import InputError

    if str(file) == "-":
        yield from app.stdin
        return
    try:
        with file.open(encoding="utf-8") as stream:
            yield from stream
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from error
