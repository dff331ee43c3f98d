"""``sagectl compile bench``: a package's speed beside its model's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagectl.cli.building import DATA, PACKAGE
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import Number
from sagectl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from sagectl.app import App


@click.command(cls=Command)
@takes(
    PACKAGE,
    click.Option(
        ("--model",),
        type=click.Path(path_type=Path),
        help="The model it was made from, run by onnxruntime for comparison.",
    ),
    DATA,
    click.Option(("--threads",), type=Number(min=1), default=1, help="Threads.  [1]"),
    click.Option(("--runs",), type=Number(min=1), default=30, help="Runs of each.  [30]"),
    click.Option(
        ("--fail-above",),
        type=float,
        metavar="RATIO",
        help="Exit 7 if the package takes more than RATIO times as long as the model.",
    ),
)
@pass_app
def bench(
    app: App,
    package: Path,
    model: Path | None,
    data: tuple[str, ...],
    threads: int,
    runs: int,
    fail_above: float | None,
) -> None:
    """Measure how long a package takes.

    With --model the two take turns, so that the noise of the machine meets both; the ratio is
    of CPU times on one thread, of wall times on several.

    \b
    Examples:
      sagectl compile bench out/digits-LINUX_X86_64.tar.gz \\
        --model examples/quickstart/digits.onnx
      sagectl compile bench out/digits-LINUX_X86_64.tar.gz \\
        --model examples/quickstart/digits.onnx --threads 2 --fail-above 1.05
    """
    from sagectl.compiler.arrays import read_arrays
    from sagectl.compiler.bench import bench as measured
    from sagectl.render.compile_view import benchmark

    if fail_above is not None and model is None:
        raise InputError(
            "--fail-above compares with the model", hint="Give the model by --model."
        )
    feeds = read_arrays(data) if data else None
    found = measured(package, model, threads=threads, runs=runs, data=feeds)
    app.show(benchmark(found.as_dict()))
    if fail_above is not None and found.ratio is not None and found.ratio > fail_above:
        raise VerificationError(
            f"{package} takes {found.ratio:.2f} times as long as {model}, "
            f"more than {fail_above:g}"
        )
