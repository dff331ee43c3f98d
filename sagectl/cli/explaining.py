"""``sagectl explain`` and ``sagectl schema``: what manifests may say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes

if TYPE_CHECKING:
    from sagectl.app import App


@click.command("explain", cls=Command)
@takes(
    click.Argument(
        ("words",), metavar="KIND[.FIELD...]", shell_complete=lambda *a: _complete(*a)
    ),
    click.Option(("--skeleton",), is_flag=True, help="Print a manifest to fill in instead."),
)
@pass_app
def explain(app: App, words: str, skeleton: bool) -> None:
    """Explain a kind of manifest, or one of its fields.

    Types, limits and choices are those of the installed service model, the words are the API
    reference's, and the rules are checked besides.

    \b
    Examples:
      sagectl explain CompilationJob.OutputConfig.TargetPlatform
      sagectl explain Workteam --skeleton
    """
    from sagectl.render.explain_view import explanation
    from sagectl.schema.explaining import explained

    found = explained(words, app.model)
    if skeleton:
        from sagectl.schema.skeletons import skeleton as skeleton_of

        app.stdout.write(skeleton_of(found.kind, app.model))
    else:
        app.show(explanation(found))


@click.command("schema", cls=Command)
@pass_app
def schema(app: App) -> None:
    """Print the JSON Schema of manifests, for editors.

    It describes one document. Editors with the YAML language server use it in manifests that
    begin with the comment "yaml-language-server: $schema=sagectl.schema.json".

    \b
    Example:
      sagectl schema > sagectl.schema.json
    """
    from sagectl.render.views import Record
    from sagectl.schema.editors import manifest_schema

    if app.settings.output == "table":
        from sagectl.render.formats import as_json

        app.stdout.write(as_json(manifest_schema(app.model)) + "\n")
    else:
        app.show(Record(manifest_schema(app.model), "schema", "manifest"))


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from sagectl.catalog.kinds import KINDS

    return [name for name in KINDS if name.lower().startswith(incomplete.lower())]
