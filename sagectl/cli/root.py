"""The root group: what ``sagectl`` alone is."""

from __future__ import annotations

import click

from sagectl.cli.lazy import WIDTH, LazyGroup
from sagectl.cli.main import COMMANDS, version


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(version())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    no_args_is_help=True,
    context_settings={"max_content_width": WIDTH},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version.",
)
def cli() -> None:
    """Labeling teams, labeling jobs and model compilations, on SageMaker or without it.

    \b
    Examples:
      sagectl --local apply -f examples/quickstart --wait --yes
      sagectl --local workteam list
      sagectl compile build examples/quickstart/digits.onnx --input image=1,64 -o out/
    """
