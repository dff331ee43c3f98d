"""A failed compilation in Neo's words, and in ours where Neo's are not known.

Neo's texts are those seen in FailureReason of real jobs: the developer guide's page on
troubleshooting Neo, and issues of sagemaker-python-sdk (2062), amazon-sagemaker-examples (846,
986, 1037, 2784) and neo-ai-dlr (24, 243). ``docs/explanation/fidelity.md`` lists them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.controlplane.places import object_place
from sagectl.errors import CompileError, InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

REASON_LIMIT = 1024  # FailureReason, service model

_CHECK_FRAMEWORK = "Please make sure the framework you select is correct."
_ONE_PB = "InputConfiguration: Exactly one .pb or .pbtxt file is allowed for TensorFlow models."
_OPERATORS = (
    "InputConfiguration: TVM cannot convert {framework} model. Please make sure the framework"
    " you selected is correct. The following operators are not implemented: {operators}"
)

# (reason of the CompileError, framework or "*") -> Neo's text.
TEXTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("archive", "*"): "Unable to untar input model."
        " Please confirm the model is a tar.gz file",
        ("no-model", "TENSORFLOW"): _ONE_PB,
        ("several-models", "TENSORFLOW"): _ONE_PB,
        ("no-model", "KERAS"): "InputConfiguration: No h5 file provided in {model}",
        ("several-models", "KERAS"): "InputConfiguration: Multiple h5 files provided, {model},"
        " when only one is allowed",
        ("no-model", "MXNET"): "No valid Mxnet model file -symbol.json found",
        ("several-models", "MXNET"): "Only one parameter file is allowed for MXNet model. "
        + _CHECK_FRAMEWORK,
        ("no-model", "PYTORCH"): f"No pth file found for PyTorch model. {_CHECK_FRAMEWORK}",
        ("format", "ONNX"): "Incompatible ONNX model",
        ("format", "TENSORFLOW"): "Incompatible Tensorflow model",
        ("operator", "*"): _OPERATORS,
        ("input", "KERAS"): "Input {input} has wrong shape in Input Shape dictionary."
        " Input shapes should be provided in NCHW format.",
        ("input", "MXNET"): "Check 1. Input names and shapes matches with trained model."
        " 2. If you are compiling MXNet model, make sure .params file only contains model"
        " weights.",
        ("input", "PYTORCH"): "TVM cannot convert the PyTorch model. Invalid model or"
        " input-shape mismatch. Make sure that inputs are lexically ordered and of the correct"
        " dimensionality.",
        ("internal", "*"): "There was an unexpected error during compilation, check your inputs"
        " and try again in a few minutes.",
    }
)
# For an operator that is there, but not in the form that the model uses.
_CONVERSION = (
    "TVM cannot convert {framework} model."
    " Please make sure the framework you selected is correct."
)
# Whose fault each reason is. What the compiler did wrong is the service's.
_SERVER_REASONS = frozenset(("linker", "mismatch", "internal", "extra"))
# How the frameworks are spelled in Neo's sentences.
_SPELLED = {
    "TENSORFLOW": "TensorFlow",
    "KERAS": "Keras",
    "MXNET": "MXNet",
    "PYTORCH": "PyTorch",
    "XGBOOST": "XGBoost",
    "TFLITE": "TFLite",
    "DARKNET": "DarkNet",
    "SKLEARN": "sklearn",
}


def compile_failure(error: CompileError, *, framework: str, model: str) -> str:
    """FailureReason for what the compiler said; ``model`` is the S3 URI of the input.

    Neo's text comes first, so that whoever reads for it finds it, then what exactly was wrong.
    """
    text = TEXTS.get((error.reason, framework)) or TEXTS.get((error.reason, "*"))
    if error.reason == "operator" and not error.details.get("operators"):
        text = _CONVERSION
    whose = server_error if error.reason in _SERVER_REASONS else client_error
    if text is None:
        return whose(error.message)
    words = {
        "framework": _SPELLED.get(framework, framework),
        "model": model,
        "operators": _braced(error.details.get("operators", ())),
        "input": ", ".join(error.details.get("inputs", ())),
    }
    return whose(f"{text.format(**words)} ({error.message})")


def failure_reason(error: Exception, *, framework: str, model: str) -> str:
    """FailureReason for whatever ``lifecycle.compilation`` raises on purpose."""
    if isinstance(error, CompileError):
        return compile_failure(error, framework=framework, model=model)
    if isinstance(error, NotFoundError):
        place = object_place(model)
        if error.code == "NoSuchKey":
            return client_error(
                f"S3 object does not exist. Bucket: {place.bucket}, Key: {place.key}"
            )
        return client_error(f"The bucket {place.bucket} does not exist.")
    whose = client_error if isinstance(error, InputError) else server_error
    return whose(str(error))


def client_error(text: str) -> str:
    """A reason that the owner of the job can do something about."""
    return f"ClientError: {text}"[:REASON_LIMIT]


def server_error(text: str) -> str:
    """A reason that lies with sagectl or the machine."""
    return f"ServerError: {text}"[:REASON_LIMIT]


def _braced(operators: Any) -> str:
    """Names as Neo prints them, a Python set: ``{'Foo', 'Bar'}``."""
    return "{" + ", ".join(f"'{name}'" for name in operators) + "}"
