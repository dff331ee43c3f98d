"""``sagectl compile matrix``: one model for many targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.compile_documents import (
    DIRECTORY,
    FRAMEWORK,
    INPUT,
    VERIFY,
    framework_in,
    shapes_of,
)
from sagectl.cli.lazy import Command
from sagectl.cli.options import FORMAT, pass_app, takes
from sagectl.errors import JobFailedError

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.compiler.matrix import Outcome


class Workers(click.ParamType[int | str]):
    """A number of processes, or where the scheduler of a Dask cluster listens."""

    name = "workers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        text = str(value)
        host, _, port = text.removeprefix("dask://").rpartition(":")
        if text.startswith("dask://") and host and port.isdecimal():
            return text
        if not text.isdecimal() or int(text) < 1:
            self.fail(f"{text!r} is neither a number of processes nor dask://HOST:PORT", param)
        return int(text)


@click.command(cls=Command, spared=("output",))
@takes(
    click.Argument(("model",), type=click.Path(path_type=Path)),
    click.Option(
        ("--targets",),
        multiple=True,
        required=True,
        metavar="WORD|FILE",
        help="all, cpus, devices, names like LINUX_ARM64 or ml_c5, or a file of them; "
        "repeatable.",
    ),
    INPUT,
    FRAMEWORK,
    click.Option(
        ("--workers",),
        type=Workers(),
        metavar="N|dask://HOST:PORT",
        help="Compilations at a time, or the Dask cluster that makes them.  [as memory allows]",
    ),
    VERIFY,
    DIRECTORY,
    FORMAT,
)
@pass_app
def matrix(app: App, model: Path, targets: tuple[str, ...], **given: Any) -> None:
    """Compile a model for many targets.

    As many at a time as this machine has processors and memory for. What was compiled before
    comes from the cache, so a matrix that was cut short goes on where it was. A file of targets
    has one a line, with compiler options as JSON behind its name. To have SageMaker compile
    them, write their jobs with compile init --targets, and apply those.

    \b
    Examples:
      sagectl compile matrix examples/quickstart/digits.onnx --input image=1,64 \\
        --targets cpus -o out/
      sagectl compile matrix examples/quickstart/digits.onnx --input image=1,64 \\
        --targets ml_c5,rasp4b -o out/
      sagectl compile matrix net.onnx --targets all --workers dask://10.0.0.1:8786 -o out/
    """
    from sagectl.compiler.cells import cells
    from sagectl.compiler.farm import dask_farm
    from sagectl.compiler.matrix import compile_matrix
    from sagectl.compiler.request import compile_request
    from sagectl.render.target_view import matrix as view

    chosen, workers = cells(targets), given["workers"]
    request = compile_request(
        model,
        output=given["directory"],
        framework=framework_in(given["framework"], model),
        inputs=shapes_of(given["inputs"]),
        verify=given["verify"],
    )

    def report(outcome: Outcome) -> None:
        app.say(f"{outcome.name}: {outcome.status} ({outcome.reason or outcome.proof})")

    found = compile_matrix(
        request,
        chosen,
        cache=app.settings.home.cache,
        workers=workers if isinstance(workers, int) else None,
        spread=dask_farm(workers, request.model) if isinstance(workers, str) else None,
        report=report,
    )
    app.show(view([outcome.as_dict() for outcome in found]))
    if without := [outcome.name for outcome in found if outcome.package is None]:
        raise JobFailedError(
            f"{len(without)} of {len(found)} targets have no package: {', '.join(without)}",
            hint="The reasons are above. What was built is kept: mend or leave out the others, "
            "and run it again.",
        )
