"""``sagectl compile bench``: a model's speed as a package, beside other engines."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.building import DATA
from sagectl.cli.compile_documents import INPUT, shapes_of
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.remoting import RPC, bench_there
from sagectl.cli.types import Number
from sagectl.cli.writing import write_text
from sagectl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.app import App
    from sagectl.compiler.bench import Benchmark

_DEFAULT = "onnxruntime"


class Counts(click.ParamType[tuple[int, ...]]):
    """Positive numbers with commas between them."""

    name = "counts"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isdecimal() and 0 < int(word) < 1024 for word in words):
            self.fail(f"{value!r} is no number of threads, nor several as in 1,2", param, ctx)
        return tuple(dict.fromkeys(int(word) for word in words))


class Ratio(click.ParamType[float]):
    """A positive number."""

    name = "ratio"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            self.fail(f"{value!r} is no ratio such as 1.05", param, ctx)
        return number


@click.command(cls=Command, spared=("profile",))
@takes(
    click.Argument(("package",), type=click.Path(path_type=Path), metavar="PACKAGE|MODEL"),
    click.Option(
        ("--model",),
        type=click.Path(path_type=Path),
        help="The model that a package was made from, for the other engines.",
    ),
    click.Option(
        ("--against",),
        metavar="LIST",
        help="Engines to compare with: onnxruntime, openvino or none.  [onnxruntime]",
    ),
    DATA,
    INPUT,
    click.Option(
        ("--threads",),
        type=Counts(),
        metavar="LIST",
        help="Numbers of threads.  [1 and all processors]",
    ),
    click.Option(("--runs",), type=Number(min=1), default=30, help="Samples of each.  [30]"),
    click.Option(("--profile",), is_flag=True, help="Also show the operators by time."),
    click.Option(
        ("--report",),
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE.html",
        help="Write a page with plots.",
    ),
    click.Option(
        ("--json", "file"),
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write everything that was measured, each sample too.",
    ),
    click.Option(
        ("--fail-above",),
        type=Ratio(),
        metavar="RATIO",
        help="Exit 7 if it takes more than RATIO times as long as the best other engine.",
    ),
    RPC,
)
@pass_app
def bench(app: App, package: Path, **given: Any) -> None:
    """Measure how long a model takes.

    Of a package, or of an ONNX model, which is compiled for this processor first. With a model
    the engines take turns, so that the noise of the machine meets all alike, and their outputs
    are compared; ratios are of CPU times on one thread, of wall times on several. Peak memory
    is that of one process for each engine.

    \b
    Examples:
      sagectl compile bench examples/quickstart/digits.onnx --input image=1,64
      sagectl compile bench out/digits-LINUX_X86_64.tar.gz \\
        --model examples/quickstart/digits.onnx --threads 1,2 --fail-above 1.05
    """
    if given["rpc"]:
        bench_there(app, package, **given)
        return
    from sagectl.render.bench_view import benchmark

    found = _measured(app, package, **_checked(package, **given))
    described = found.as_dict()
    if given["file"]:
        _write_json(given["file"], described)
    if given["report"]:
        from sagectl.render.bench_page import page

        write_text(given["report"], page(described))
    app.show(benchmark(described))
    _judge(found, package, given["fail_above"])


def _checked(package: Path, **given: Any) -> dict[str, Any]:
    """The flags, those that contradict each other refused before any work is done."""
    from sagectl.compiler.bench.subject import is_model

    against = _engines(given["against"])
    is_alone = not is_model(package) and given["model"] is None
    if is_alone and given["against"] not in (None, "none"):
        raise InputError(
            "--against needs the model that the package was made from",
            hint="Give the model by --model, or name it in place of the package.",
        )
    if given["fail_above"] is not None and (is_alone or not against):
        raise InputError(
            "--fail-above compares with another engine, and there is none",
            hint="Give the model by --model, and engines by --against.",
        )
    for path in (given["report"], given["file"]):
        if path is not None and not path.absolute().parent.is_dir():
            raise InputError(f"{path.parent} is no folder", hint="Make it first.")
    return {**given, "against": against}


def _engines(words: str | None) -> tuple[str, ...]:
    if words == "none":
        return ()
    names = [word.strip() for word in (words or _DEFAULT).split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


def _measured(app: App, package: Path, **given: Any) -> Benchmark:
    from sagectl.compiler.arrays import read_arrays
    from sagectl.compiler.bench import bench as measured
    from sagectl.compiler.bench.engines import require
    from sagectl.compiler.bench.subject import is_model, made
    from sagectl.compiler.packaging import model_inputs

    require(given["against"])
    model, data = given["model"], given["data"]
    with ExitStack() as stack:
        subject = package
        if is_model(package):
            app.say(f"Compiling {package} for this processor.")
            subject = stack.enter_context(made(package, shapes_of(given["inputs"])))
            model = package
        feeds = read_arrays(data, model_inputs(subject), app.say) if data else None
        app.say("Measuring; the less else runs, the better.")
        return measured(
            subject,
            model,
            against=given["against"],
            threads=given["threads"] or _threads(),
            runs=given["runs"],
            data=feeds,
            name=str(package),
            with_memory=True,
            with_profile=given["profile"] or given["report"] is not None,
        )


def _threads() -> Sequence[int]:
    return tuple(dict.fromkeys((1, len(os.sched_getaffinity(0)))))


def _judge(found: Benchmark, package: Path, limit: float | None) -> None:
    """Raise VerificationError for wrong answers, and for a missed threshold."""
    wrong = [each for each in found.agreements if not each.passed]
    if wrong and len(wrong) == len(found.agreements):
        failed = next(row for row in wrong[0].rows if not row.passed)
        raise VerificationError(
            f"{package} does not compute what {wrong[0].against} does: {failed}",
            hint="Times of wrong answers say nothing. Was it made from this model?",
        )
    worst = found.worst
    if limit is not None and worst is not None and worst.ratio > limit:
        threads = "1 thread" if worst.threads == 1 else f"{worst.threads} threads"
        raise VerificationError(
            f"{package} takes {worst.ratio:.2f} times as long as {worst.against} on {threads} "
            f"(95 % interval {worst.low:.2f} to {worst.high:.2f}), more than {limit:g}"
        )


def _write_json(path: Path, described: Any) -> None:
    import json

    write_text(path, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
