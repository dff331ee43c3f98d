"""The compile commands that need no control plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.compile_documents import (
    DIRECTORY,
    FRAMEWORK,
    INPUT,
    MATTR,
    VERIFY,
    features,
    framework_in,
    shapes_of,
)
from sagectl.cli.lazy import Command
from sagectl.cli.options import FORMAT, pass_app, takes
from sagectl.cli.types import CAPITALS
from sagectl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from sagectl.app import App

PACKAGE = click.Argument(("package",), type=click.Path(path_type=Path))
DATA = click.Option(
    ("--data",),
    multiple=True,
    metavar="FILE|NAME=FILE",
    help="Input data: .npz or .json, NAME=FILE also .npy, .png or .jpg; repeatable.",
)
BUILD = (
    click.Argument(("model",), type=click.Path(path_type=Path)),
    click.Option(("--os",), type=CAPITALS, help="Target: LINUX or ANDROID."),
    click.Option(("--arch",), type=CAPITALS, help="Target: X86_64, ARM64 and so on."),
    click.Option(
        ("--accelerator",), type=CAPITALS, help="Target: NVIDIA, MALI or INTEL_GRAPHICS."
    ),
    click.Option(("--device",), help="Target by its name instead, as ml_c5."),
    click.Option(("--mcpu",), metavar="NAME", help="Processor, or 'native' for this one's."),
    MATTR,
    click.Option(("--compiler-options",), metavar="JSON", help="Options of the target."),
    FRAMEWORK,
    click.Option(("--framework-version",), help="Version of the framework."),
    INPUT,
    click.Option(("--stem",), metavar="NAME", help="Name of the package.  [the model's]"),
    VERIFY,
    click.Option(
        ("--trust",),
        is_flag=True,
        help="Let a model run code of its own when it is read, as pickles do.",
    ),
    click.Option(
        ("--params",),
        type=click.Choice(("inside", "beside")),
        help="Weights in the library, or in a file beside it.  [beside; inside for GPUs]",
    ),
    click.Option(
        ("--precision",),
        type=click.Choice(("fast", "exact")),
        help="exact: no approximations, at the price of speed.  [fast]",
    ),
    click.Option(
        ("--database",),
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Use the schedules that compile tune has kept there.",
    ),
    click.Option(
        ("--dump",),
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Write the module after each phase, and why rules declined.",
    ),
    click.Option(
        ("--bundle-runtime",),
        is_flag=True,
        help="Add TVM's runtime library for the target to the package.",
    ),
    DIRECTORY,
    FORMAT,
)


@click.command(cls=Command, spared=("output",))
@takes(*BUILD)
@pass_app
def build(app: App, model: Path, directory: Path, **given: Any) -> None:
    """Compile a model on this machine.

    Without a target, it is this machine. The package is proven equal to the model wherever
    the target can run here. Its path is the output.

    \b
    Examples:
      sagectl compile build examples/quickstart/digits.onnx --input image=1,64 \\
        --os LINUX --arch X86_64 -o out/
      sagectl compile build examples/quickstart/digits.onnx --input image=1,64 \\
        --mcpu native --format json
    """
    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import compile_request
    from sagectl.render.compile_view import build as built
    from sagectl.render.progress import progress

    mattr = given.pop("mattr")
    request = compile_request(
        model,
        output=directory,
        framework=framework_in(given.pop("framework"), model),
        platform=_platform(given.pop("os"), given.pop("arch"), given.pop("accelerator")),
        mattr=features(mattr) if mattr else None,
        inputs=shapes_of(given.pop("inputs")),
        **given,
    )
    with progress(app.console) as observer:
        package = compile_model(request, observer)
    proof = package.meta["Sagectl"]["Verification"]
    app.say(_proof_line(proof))
    app.show(
        built(
            {
                "Package": str(package.path),
                "Digest": package.digest,
                "Verification": proof,
                "Seconds": {name: round(value, 3) for name, value in package.seconds.items()},
            }
        )
    )


@click.command(cls=Command)
@takes(
    PACKAGE,
    click.Option(
        ("--model",),
        type=click.Path(path_type=Path),
        required=True,
        help="The model that the package was made from.",
    ),
    DATA,
    FRAMEWORK,
)
@pass_app
def verify(
    app: App, package: Path, model: Path, data: tuple[str, ...], framework: str | None
) -> None:
    """Prove that a package computes what its model does.

    Both are run on the same inputs, made up unless --data gives them, and compared output by
    output. Exit code 7 says that they differ.

    \b
    Example:
      sagectl compile verify out/digits-LINUX_X86_64.tar.gz \\
        --model examples/quickstart/digits.onnx
    """
    from sagectl.compiler.arrays import read_arrays
    from sagectl.compiler.packaging import model_inputs
    from sagectl.compiler.verify import compared
    from sagectl.render.compile_view import comparison

    found = compared(
        package,
        model,
        read_arrays(data, model_inputs(package), app.say) if data else None,
        framework=framework_in(framework, model),
    )
    app.show(comparison(found.as_dict()))
    if not found.passed:
        raise VerificationError(
            f"{package} does not compute what {model} does: {found.failures[0]}",
            hint="Was it made from this model? Compile it again, or report what you see.",
        )


@click.command(cls=Command)
@takes(
    PACKAGE,
    DATA,
    click.Option(
        ("--save",),
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Write the outputs to a file.",
    ),
    click.Option(
        ("--threads",), type=click.IntRange(min=1), metavar="N", help="Threads.  [all]"
    ),
)
@pass_app
def run(
    app: App, package: Path, data: tuple[str, ...], save: Path | None, threads: int | None
) -> None:
    """Run a package on data.

    Files of JSON hold {"name": [...]}, or the value alone behind NAME=. A picture is resized
    to its input, not cropped, and divided by 255 where the input is of floats; scale=, mean=
    and std= behind a comma say otherwise. What was done is told.

    \b
    Examples:
      sagectl compile run out/digits-LINUX_X86_64.tar.gz --data image=image.npy
      sagectl compile run out/digits-LINUX_X86_64.tar.gz --data inputs.npz --save outputs.npz
      sagectl compile run out/net-LINUX_X86_64.tar.gz \\
        --data image=cat.jpg,mean=0.485:0.456:0.406,std=0.229:0.224:0.225
    """
    from sagectl.compiler.arrays import array_row, read_arrays, write_arrays
    from sagectl.render.compile_view import outputs
    from sagectl.runtime import RunnerError, load

    try:
        runner = load(package, threads=threads)
        found = runner.run(read_arrays(data, runner.inputs, app.say))
    except RunnerError as error:
        raise InputError(error.message, hint=error.hint) from error
    if save:
        write_arrays(save, found)
        app.say(f"{save} written")
    app.show(outputs([array_row(name, array) for name, array in found.items()]))


@click.command(cls=Command)
@takes(PACKAGE)
@pass_app
def inspect(app: App, package: Path) -> None:
    """Show what is in a package.

    \b
    Examples:
      sagectl compile inspect out/digits-LINUX_X86_64.tar.gz
      sagectl compile inspect out/digits-LINUX_X86_64.tar.gz -o json --query Model.Inputs
    """
    from sagectl.compiler.packaging import described
    from sagectl.render.compile_view import inspection

    app.show(inspection(described(package)))


@click.command(cls=Command)
@takes(
    click.Option(("--all", "with_refused"), is_flag=True, help="Also what is refused, and why.")
)
@pass_app
def targets(app: App, with_refused: bool) -> None:
    """List what can be compiled for.

    \b
    Examples:
      sagectl compile targets
      sagectl compile targets --all -o wide
    """
    from sagectl.compiler.targets.rows import rows
    from sagectl.render.compile_view import targets as listing

    app.show(listing([row for row in rows() if with_refused or row["Status"] == "served"]))


def _platform(os: str | None, arch: str | None, accelerator: str | None) -> Any:
    if not (os or arch or accelerator):
        return None
    if not (os and arch):
        raise InputError(
            f"a target platform needs {'--arch' if os else '--os'} too",
            hint="Give --os and --arch, or --device; sagectl compile targets lists them.",
        )
    from sagectl.compiler.request import Platform

    return Platform(os, arch, accelerator)


def _proof_line(proof: dict[str, Any] | None) -> str:
    found = proof or {}
    if found.get("Result") == "passed":
        return f"Verified against {found['Reference']} on {found['Inputs']}."
    return f"Not verified: {found.get('Reason', 'not asked for')}."
