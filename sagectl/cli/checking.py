"""``sagectl compile check`` and ``init``: a model before it is compiled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.compile_documents import INPUT, shapes_of
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import CAPITALS
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.cli.compile_documents import Inputs
    from sagectl.manifest.document import Document

_MODEL = click.Argument(("model",), type=click.Path(path_type=Path))
_FRAMEWORK = click.Option(
    ("--framework",), type=CAPITALS, help="Framework of the model.  [from its files]"
)


@click.command(cls=Command)
@takes(_MODEL, INPUT, _FRAMEWORK)
@pass_app
def check(app: App, model: Path, inputs: Inputs, framework: str | None) -> None:
    """Ask what a model holds, and whether it compiles.

    Nothing is compiled. Each operator is right (tests of ONNX vouch for it), unknown (it
    compiles, and verification must tell), unsupported, or folded while compiling. The exit
    code is 0 where nothing is known to stand against compiling, and 1 where something is.

    \b
    Examples:
      sagectl compile check examples/quickstart/digits.onnx --input image=1,64
      sagectl compile check examples/quickstart/digits.onnx -o json --query Inputs
    """
    from sagectl.compiler.check import checked
    from sagectl.compiler.shapes import shape_sets, words
    from sagectl.render.check_view import check as shown

    *others, shapes = shape_sets(shapes_of(inputs))
    if others:
        app.say(f"Checked with {words(shapes)}, the largest of {len(others) + 1}.")
    found = checked(model, framework, shapes)
    app.show(shown(found))
    if found["Problems"]:
        click.get_current_context().exit(1)


@click.command(cls=Command, spared=("output",))
@takes(
    _MODEL,
    INPUT,
    _FRAMEWORK,
    click.Option(("--name",), help="Name of the job.  [the model's]"),
    click.Option(("--os",), type=CAPITALS, default="LINUX", help="LINUX or ANDROID.  [LINUX]"),
    click.Option(("--arch",), type=CAPITALS, default="X86_64", help="Such as ARM64.  [X86_64]"),
    click.Option(("--accelerator",), type=CAPITALS, help="Such as NVIDIA."),
    click.Option(
        ("-o", "--output", "file"),
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Where the manifest goes; none that exists is replaced.  [standard output]",
    ),
)
@pass_app
def init(app: App, model: Path, file: Path | None, **given: Any) -> None:
    """Write the manifest of a compilation job for a model.

    The names and shapes of its inputs are filled in. A leading dimension that the model
    leaves open is 1; other open ones are asked for with --input.

    \b
    Examples:
      sagectl compile init examples/quickstart/digits.onnx
      sagectl compile init examples/quickstart/digits.onnx --input image=8,64 -o job.yaml
    """
    from sagectl.manifest.writer import to_yaml

    text = to_yaml(_job(app, model, file, **given).as_dict())
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise InputError(f"{file} exists", hint="Name another file, or move it.") from error
    except OSError as error:
        raise InputError(
            f"{file} cannot be written: {error.strerror}", hint="Name another file."
        ) from error
    app.say(f"{file} written. Start the job with: sagectl --local apply -f {file}")


def _job(
    app: App,
    model: Path,
    file: Path | None,
    *,
    inputs: Inputs,
    framework: str | None,
    name: str | None,
    os: str,
    arch: str,
    accelerator: str | None,
) -> Document:
    """The document, found valid."""
    from dataclasses import replace
    from os.path import relpath

    from sagectl.cli.compile_documents import LOCAL_OUTPUT, LOCAL_ROLE, MAX_RUNTIME_SECONDS
    from sagectl.cli.documents import merged
    from sagectl.compiler.check import fixed_shapes, framework_of
    from sagectl.compiler.shapes import shape_sets
    from sagectl.manifest.document import Document, Upload
    from sagectl.schema.request import create_request

    kind = framework_of(model, framework)
    shapes = shapes_of(inputs)
    if kind == "ONNX":
        shapes = {**fixed_shapes(model, shape_sets(shapes)[-1]), **shapes}
    platform = {"Os": os, "Arch": arch, "Accelerator": accelerator}
    source: dict[str, Any] = {"S3Uri": Upload(model.absolute()), "Framework": kind}
    if shapes:
        source["DataInputConfig"] = shapes
    spec = {
        "RoleArn": LOCAL_ROLE,
        "InputConfig": source,
        "OutputConfig": {
            "S3OutputLocation": LOCAL_OUTPUT,
            "TargetPlatform": {key: value for key, value in platform.items() if value},
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
    }
    document = Document("CompilationJob", name or _job_name(model), spec)
    create_request(document, app.model)
    # A manifest's paths are relative to its own folder.
    near = Path(relpath(model, file.parent if file else "."))
    return replace(document, spec=merged(spec, {"InputConfig": {"S3Uri": Upload(near)}}))


def _job_name(model: Path) -> str:
    """The model's name in the characters that a job's may have."""
    from sagectl.compiler.request import stem_of

    word = "".join(
        char if char.isascii() and char.isalnum() else "-" for char in stem_of(model)
    )
    return word.strip("-")[:63].strip("-") or "model"
