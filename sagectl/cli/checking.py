"""``sagectl compile check`` and ``init``: a model before it is compiled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.compile_documents import (
    INPUT,
    LOCAL_OUTPUT,
    LOCAL_ROLE,
    MAX_RUNTIME_SECONDS,
    shapes_of,
)
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import CAPITALS
from sagectl.cli.writing import write_text
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.cli.compile_documents import Inputs
    from sagectl.compiler.cells import Cell

_MODEL = click.Argument(("model",), type=click.Path(path_type=Path))
_FRAMEWORK = click.Option(
    ("--framework",), type=CAPITALS, help="Framework of the model.  [from its files]"
)
# The service asks for these of every NVIDIA platform; JetPack 4.4 has them.
_NVIDIA_VERSIONS = {"trt-ver": "7.1.3", "cuda-ver": "10.2"}


@click.command(cls=Command)
@takes(_MODEL, INPUT, _FRAMEWORK)
@pass_app
def check(app: App, model: Path, inputs: Inputs, framework: str | None) -> int:
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
    return 1 if found["Problems"] else 0


@click.command(cls=Command, spared=("output",))
@takes(
    _MODEL,
    INPUT,
    _FRAMEWORK,
    click.Option(("--name",), help="Name of the job.  [the model's]"),
    click.Option(("--os",), type=CAPITALS, help="LINUX or ANDROID.  [LINUX]"),
    click.Option(("--arch",), type=CAPITALS, help="Such as ARM64.  [X86_64]"),
    click.Option(("--accelerator",), type=CAPITALS, help="Such as NVIDIA."),
    click.Option(
        ("--targets",),
        multiple=True,
        metavar="WORD|FILE",
        help="A job for each of many targets, named as for compile matrix.",
    ),
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
    leaves open is 1; other open ones are asked for with --input. With --targets it is one
    manifest with a matrix: what compile matrix compiles here, as jobs of the service.

    \b
    Examples:
      sagectl compile init examples/quickstart/digits.onnx
      sagectl compile init examples/quickstart/digits.onnx --input image=8,64 -o job.yaml
      sagectl compile init examples/quickstart/digits.onnx --targets cpus -o jobs.yaml
    """
    from sagectl.manifest.writer import to_yaml

    text = to_yaml(_job(app, model, file, **given))
    if file is None:
        click.echo(text, nl=False)
        return
    write_text(file, text, is_new=True)
    app.say(f"{file} written. Start the job with: sagectl --local apply -f {file}")


def _job(
    app: App,
    model: Path,
    file: Path | None,
    *,
    inputs: Inputs,
    framework: str | None,
    name: str | None,
    targets: tuple[str, ...],
    **platform: str | None,
) -> dict[str, Any]:
    """The document as it is written, found valid for each of its targets."""
    from os.path import relpath

    from sagectl.cli.documents import merged
    from sagectl.manifest.document import Document, Upload
    from sagectl.schema.request import create_request

    if targets and any(platform.values()):
        raise InputError(
            "both --targets and a platform are given", hint="Name the platform among --targets."
        )
    spec, name = _spec(model, framework, inputs), name or _job_name(model)
    # A manifest's paths are relative to its own folder.
    near = {
        "InputConfig": {"S3Uri": Upload(Path(relpath(model, file.parent if file else ".")))}
    }
    if not targets:
        spec = merged(spec, _output(**platform))
        create_request(Document("CompilationJob", name, spec), app.model)
        return Document("CompilationJob", name, merged(spec, near)).as_dict()
    axis = _axis(app, name, spec, targets)
    folder = {"OutputConfig": {"S3OutputLocation": f"{LOCAL_OUTPUT}/${{target}}"}}
    many = Document("CompilationJob", f"{name}-${{target}}", merged(merged(spec, near), folder))
    return {"kind": many.kind, "name": many.name, "matrix": {"target": axis}} | many.as_dict()


def _axis(
    app: App, name: str, spec: dict[str, Any], targets: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Each target with what its job says besides, of words for many those that are served."""
    from sagectl.cli.documents import merged
    from sagectl.compiler.cells import cells
    from sagectl.errors import FindingsError
    from sagectl.manifest.document import Document
    from sagectl.schema.request import create_request

    axis, left_out = [], []
    for cell in cells(targets):
        item = {"name": cell.name, "spec": _output_of(cell)}
        job_name = f"{name}-{cell.name.replace('_', '-')}"
        job = Document("CompilationJob", job_name, merged(spec, _output_of(cell)))
        try:
            create_request(job, app.model)
        except FindingsError:
            if cell.is_told:
                raise
            left_out.append(cell.name)
        else:
            axis.append(item)
    if left_out:
        app.say(f"Left out, as the service does not take them: {', '.join(left_out)}.")
    return axis


def _spec(model: Path, framework: str | None, inputs: Inputs) -> dict[str, Any]:
    """What a job of the model says whatever it is for."""
    from sagectl.compiler.check import fixed_shapes, framework_of
    from sagectl.compiler.frontends import FRONTENDS
    from sagectl.compiler.shapes import shape_sets
    from sagectl.manifest.document import Upload

    kind = framework_of(model, framework)
    shapes = shapes_of(inputs)
    if kind in FRONTENDS:
        shapes = {**fixed_shapes(model, kind, shape_sets(shapes)[-1]), **shapes}
    source: dict[str, Any] = {"S3Uri": Upload(model.absolute()), "Framework": kind}
    if shapes:
        source["DataInputConfig"] = shapes
    return {
        "RoleArn": LOCAL_ROLE,
        "InputConfig": source,
        "OutputConfig": {"S3OutputLocation": LOCAL_OUTPUT},
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
    }


def _output(os: str | None, arch: str | None, accelerator: str | None) -> dict[str, Any]:
    platform = {"Os": os or "LINUX", "Arch": arch or "X86_64", "Accelerator": accelerator}
    named = {key: value for key, value in platform.items() if value}
    return {"OutputConfig": {"TargetPlatform": named}}


def _output_of(cell: Cell) -> dict[str, Any]:
    """What a job for a target of a matrix says besides."""
    output: dict[str, Any] = {"TargetDevice": cell.device}
    if platform := cell.platform:
        output = _output(platform.os, platform.arch, platform.accelerator)["OutputConfig"]
    options = dict(cell.options)
    if "gpu-code" in options and not cell.is_told:
        options |= _NVIDIA_VERSIONS
    return {"OutputConfig": output | ({"CompilerOptions": options} if options else {})}


def _job_name(model: Path) -> str:
    """The model's name in the characters that a job's may have."""
    from sagectl.compiler.request import stem_of

    word = "".join(
        char if char.isascii() and char.isalnum() else "-" for char in stem_of(model)
    )
    return word.strip("-")[:63].strip("-") or "model"
