"""``sagectl export``: live resources as manifests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.wishes import PARALLEL
from sagectl.cli.writing import write_text
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.manifest.document import Document


@click.command("export", cls=Command)
@takes(
    click.Argument(("words",), nargs=-1, metavar="[KIND|KIND/NAME]"),
    click.Option(("--all", "is_all"), is_flag=True, help="Everything there is in the region."),
    click.Option(
        ("--directory",),
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write a file for each resource below DIR; none that exists is replaced.",
    ),
    click.Option(("--with-region",), is_flag=True, help="Write the region into the documents."),
    PARALLEL,
)
@pass_app
def export(
    app: App,
    words: tuple[str, ...],
    is_all: bool,
    directory: Path | None,
    with_region: bool,
    parallel: int | None,
) -> None:
    """Write live resources as manifests that apply back with no difference.

    A client secret cannot be read back: it becomes {env: NAME_CLIENT_SECRET}.

    \b
    Examples:
      sagectl --local export workteam
      sagectl --local export --all --directory team-repo
    """
    from sagectl.plan.exporting import exported
    from sagectl.render.views import Manifest

    if bool(words) == is_all:
        raise InputError(
            "what is to be exported?", hint="Name kinds or resources, or say --all."
        )
    choices = app.choices(parallel=parallel)
    region = choices.region if with_region else None
    documents, missing = exported(
        dict.fromkeys(_wanted(app, words)), app.caller, app.model, region, choices.parallel
    )
    if missing:
        raise NotFoundError("ResourceNotFound", f"there is no {', no '.join(missing)}")
    if directory is None:
        app.show(Manifest(documents))
    else:
        _write(app, documents, directory)


def _wanted(app: App, words: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    from sagectl.catalog.kinds import KINDS
    from sagectl.cli.sets import named
    from sagectl.plan.exporting import names_of

    kinds = {kind.word: kind for kind in KINDS.values()}
    for word in words or kinds:
        if kind := kinds.get(word.lower()):
            yield from ((kind, name) for name in names_of(kind, app.caller))
        else:
            yield from named([word])


def _write(app: App, documents: Sequence[Document], directory: Path) -> None:
    from sagectl.manifest.wording import counted
    from sagectl.manifest.writer import to_yaml

    places = {directory / item.kind.lower() / f"{item.name}.yaml": item for item in documents}
    if there := next((place for place in places if place.exists()), None):
        raise InputError(f"{there} exists", hint="Move it away, or name another directory.")
    for place, document in places.items():
        write_text(place, to_yaml(document.as_dict()), makes_folder=True)
    app.say(f"{counted(len(places), 'file')} written below {directory}.")
