"""Compilation jobs from flags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import COMPILATION_JOB_KIND
from sagectl.catalog.regions import LOCAL_ACCOUNT
from sagectl.cli.documents import Field, document_options, merged
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import CAPITALS, SECONDS, SHAPE, file_or_uri
from sagectl.cli.waiting import TIMEOUT, WAIT
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.app import App
    from sagectl.cli.documents import Wanted

    Inputs = tuple[tuple[str, list[int | str]], ...]

# A model file's ending -> its framework, where it has only one.
FRAMEWORKS = {
    ".onnx": "ONNX",
    ".tflite": "TFLITE",
    ".keras": "KERAS",
    ".h5": "KERAS",
    ".hdf5": "KERAS",
    ".pb": "TENSORFLOW",
    ".pbtxt": "TENSORFLOW",
    ".pt2": "PYTORCH",
    ".pt": "PYTORCH",
    ".pth": "PYTORCH",
    ".ubj": "XGBOOST",
}
# What jobs on the embedded control plane get when nothing else is said.
LOCAL_ROLE = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/sagectl"
LOCAL_OUTPUT = "s3://sagectl-local/compiled"
MAX_RUNTIME_SECONDS = 900

PLATFORM = "OutputConfig.TargetPlatform"
FIELDS = (
    Field(
        "--framework",
        "InputConfig.Framework",
        "Framework of the model.  [from its file]",
        type=CAPITALS,
    ),
    Field("--framework-version", "InputConfig.FrameworkVersion", "Version of the framework."),
    Field(
        "--data-input-config",
        "InputConfig.DataInputConfig",
        "Names and shapes of the inputs.",
        metavar="JSON",
    ),
    Field("--os", f"{PLATFORM}.Os", "Target: LINUX or ANDROID.", type=CAPITALS),
    Field("--arch", f"{PLATFORM}.Arch", "Target: X86_64, ARM64 and so on.", type=CAPITALS),
    Field(
        "--accelerator",
        f"{PLATFORM}.Accelerator",
        "Target: NVIDIA, MALI or INTEL_GRAPHICS.",
        type=CAPITALS,
    ),
    Field("--device", "OutputConfig.TargetDevice", "Target by its name instead, as ml_c5."),
    Field(
        "--compiler-options",
        "OutputConfig.CompilerOptions",
        "Options of the target.",
        metavar="JSON",
    ),
    Field(
        "--output-to",
        "OutputConfig.S3OutputLocation",
        "Where the package goes.",
        metavar="s3://BUCKET/PREFIX",
    ),
    Field("--kms-key-id", "OutputConfig.KmsKeyId", "Key that encrypts the package."),
    Field("--role-arn", "RoleArn", "Role that the job works as.", metavar="ARN"),
    Field(
        "--max-runtime",
        "StoppingCondition.MaxRuntimeInSeconds",
        "Stop the job after this long.  [15m]",
        type=SECONDS,
    ),
    Field("--model-package", "ModelPackageVersionArn", "Model package.", metavar="ARN"),
    Field("--subnet", "VpcConfig.Subnets", "Subnet to work in.", is_list=True),
    Field("--security-group", "VpcConfig.SecurityGroupIds", "Security group.", is_list=True),
)
ALSO = {
    "InputConfig.S3Uri": "--model",
    "InputConfig": "--model",
    "InputConfig.DataInputConfig": "--input",
}
MODEL = click.Option(
    ("--model",), metavar="PATH|s3://URI", help="The model; a local one is uploaded."
)
INPUT = click.Option(
    ("--input", "inputs"),
    type=SHAPE,
    multiple=True,
    metavar="NAME=1,3,224,224",
    help="Shape of an input, or 1..8 for a size; repeatable, also for other shapes of it.",
)
FRAMEWORK = click.Option(
    ("--framework",), type=CAPITALS, help="Framework of the model.  [from its file]"
)
VERIFY = click.Option(
    ("--verify/--no-verify",),
    default=True,
    help="Compare with the model where the target runs here.  [verify]",
)
DIRECTORY = click.Option(
    ("-o", "--output", "directory"),
    type=click.Path(path_type=Path),
    default=".",
    metavar="DIR",
    help="Where packages go; made if missing.  [.]",
)
MCPU = click.Option(("--mcpu",), metavar="NAME", help="Processor to compile for.")
MATTR = click.Option(
    ("--mattr",), metavar="LIST", help="Features of the processor, as +avx2,+fma."
)


@click.command(cls=Command)
@document_options(COMPILATION_JOB_KIND, FIELDS, tags=True, also=ALSO)
@takes(MODEL, INPUT, MCPU, MATTR, WAIT, TIMEOUT)
@pass_app
def create(app: App, wanted: Wanted, wait: bool, timeout: float | None, **given: Any) -> None:
    """Start a compilation job.

    The target is a platform (--os, --arch, --accelerator) or a device by name. On the
    embedded control plane --role-arn and --output-to have defaults.

    \b
    Examples:
      sagectl --local compile create digits --model examples/quickstart/digits.onnx \\
        --input image=1,64 --os LINUX --arch X86_64 --wait --yes
      sagectl --local compile create digits --model examples/quickstart/digits.onnx \\
        --input image=1,64 --device ml_c5 --dry-run -o yaml
    """
    from sagectl.cli.changes import created

    job = wanted.over(job_spec(wanted.spec, **given))
    created(app, job.under(**defaults(app, given["model"])), wait=wait, timeout=timeout)


def job_spec(
    spec: Mapping[str, Any],
    *,
    model: str | None,
    inputs: Inputs,
    mcpu: str | None,
    mattr: str | None,
) -> dict[str, Any]:
    """The fields that several flags make together, or that are no field of their own."""
    options = target_options(
        spec.get("OutputConfig", {}).get("CompilerOptions"), mcpu=mcpu, mattr=mattr
    )
    source = {"S3Uri": file_or_uri(model), "DataInputConfig": shapes_of(inputs) or None}
    return {
        "InputConfig": {key: value for key, value in source.items() if value is not None},
        "OutputConfig": {"CompilerOptions": options} if mcpu or mattr else {},
    }


def shapes_of(inputs: Inputs) -> dict[str, Any]:
    """The shapes that flags name, as a DataInputConfig has them.

    Ranges of sizes, and several shapes of one input, are written as Core ML's are.
    """
    found: dict[str, list[list[int | str]]] = {}
    for name, shape in inputs:
        found.setdefault(name, []).append(shape)
    return {
        name: shapes[0]
        if len(shapes) == 1 and all(isinstance(size, int) for size in shapes[0])
        else {"shape": shapes[0] if len(shapes) == 1 else shapes}
        for name, shapes in found.items()
    }


def target_options(text: str | None, *, mcpu: str | None, mattr: str | None) -> Any:
    """Compiler options with ``--mcpu`` and ``--mattr`` among them.

    Raises InputError where the options are not a JSON object that they could join.
    """
    if not mcpu and not mattr:
        return text
    import json

    try:
        options = json.loads(text) if text else {}
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise InputError(
            "--mcpu and --mattr need --compiler-options to be a JSON object",
            hint="""Write it as {"mcpu": "skylake-avx512"}, or leave it out.""",
        )
    if mcpu:
        options["mcpu"] = mcpu
    if mattr:
        options["mattr"] = features(mattr)
    return options


def features(mattr: str) -> list[str]:
    """``+avx2,+fma`` as a list."""
    return [feature.strip() for feature in mattr.split(",") if feature.strip()]


def defaults(app: App, model: str | None) -> dict[str, Any]:
    """What a job has when neither flags nor a file say otherwise."""
    spec: dict[str, Any] = {"StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS}}
    if framework := framework_of(model):
        spec["InputConfig"] = {"Framework": framework}
    if app.settings.is_local:
        local = {"RoleArn": LOCAL_ROLE, "OutputConfig": {"S3OutputLocation": LOCAL_OUTPUT}}
        return merged(local, spec)
    return spec


def framework_in(given: str | None, model: Path) -> str:
    """The framework that was told, or the model's own; what tells of none is taken for ONNX."""
    return given or framework_of(str(model)) or "ONNX"


def framework_of(model: str | None) -> str | None:
    """The framework that a model's name tells, or else a local one's files; None if neither."""
    suffix = "." + (model or "").rpartition(".")[2].lower()
    if suffix in FRAMEWORKS or not model:
        return FRAMEWORKS.get(suffix)
    from sagectl.compiler.frontends.detection import recognised

    return recognised(Path(model))
