"""``sagectl compile tune``: schedules searched by measuring, kept for every later build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.compile_documents import FRAMEWORK, INPUT, framework_in, shapes_of
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import DURATION, Number
from sagectl.errors import InputError, InterruptedRunError

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.compiler.tuning import Progress

_TRIALS = 200
_BUDGET_SECONDS = 600.0


@click.command(cls=Command)
@takes(
    click.Argument(("model",), type=click.Path(path_type=Path)),
    click.Option(
        ("--database",),
        type=click.Path(path_type=Path),
        required=True,
        metavar="DIR",
        help="Where what wins is kept; made if missing, added to if not.",
    ),
    click.Option(
        ("--trials",),
        type=Number(min=1),
        default=_TRIALS,
        help=f"Schedules measured at most.  [{_TRIALS}]",
    ),
    click.Option(
        ("--budget",),
        type=DURATION,
        default=_BUDGET_SECONDS,
        help="Begin nothing new after this long, as 90s or 10m.  [10m]",
    ),
    click.Option(("--seed",), type=Number(min=0), default=0, help="Order of the search.  [0]"),
    INPUT,
    click.Option(("--mcpu",), metavar="NAME", help="Processor.  [this one]"),
    click.Option(
        ("--precision",),
        type=click.Choice(("fast", "exact")),
        default="fast",
        help="As for build; its schedules are others.  [fast]",
    ),
    FRAMEWORK,
)
@pass_app
def tune(app: App, model: Path, database: Path, **given: Any) -> None:
    """Search faster schedules for a model.

    Operators are taken by their share of the time. For each, other tiles, blocks and rules than
    the default ones are compiled and measured in turns with it on one thread; what wins twice
    is kept, operator by operator, so that a search may be stopped at any time. Compiling with
    --database uses what is kept, without a search.

    \b
    Examples:
      sagectl compile tune examples/quickstart/digits.onnx --input image=1,64 \\
        --trials 40 --database tuned/
      sagectl compile build examples/quickstart/digits.onnx --input image=1,64 \\
        --database tuned/ -o out/
    """
    from sagectl.compiler.request import compile_request
    from sagectl.compiler.tuning import tune as searched
    from sagectl.render.tuning_view import line, tuning

    _check(database)
    request = compile_request(
        model,
        output=Path(),
        framework=framework_in(given["framework"], model),
        inputs=shapes_of(given["inputs"]),
        mcpu=given["mcpu"],
        precision=given["precision"],
    )
    found: list[Progress] = []

    def report(made: Progress) -> None:
        found.append(made)
        app.say(line(made.as_dict()))

    app.say(f"Timing the operators of {model}.")
    try:
        searched(
            request,
            database,
            trials=given["trials"],
            seconds=given["budget"],
            seed=given["seed"],
            report=report,
        )
    except KeyboardInterrupt as error:
        kept = sum(made.kept for made in found)
        raise InterruptedRunError(
            f"interrupted after {len(found)} operators, {kept} of them faster now",
            hint=f"What won is in {database} and works." if kept else None,
        ) from error
    app.show(tuning([made.as_dict() for made in found]))


def _check(database: Path) -> None:
    if database.exists() and not database.is_dir():
        raise InputError(f"{database} is no folder", hint="Name one; it is made if missing.")
