"""A compile error in Neo's words."""

from __future__ import annotations

import pytest

from sagectl.controlplane.failures import failure_reason
from sagectl.errors import COMPILE_REASONS, CompileError, InputError, NotFoundError, StateError

MODEL = "s3://models/m.tar.gz"


def reason(error: Exception, framework: str = "ONNX") -> str:
    return failure_reason(error, framework=framework, model=MODEL)


def compile_error(kind: str, **details: object) -> CompileError:
    return CompileError("what we found", stage="import", reason=kind, details=details)


NEO = {
    "archive": (
        "archive",
        "ONNX",
        "ClientError: Unable to untar input model. Please confirm the model is a tar.gz file",
    ),
    "no keras model": (
        "no-model",
        "KERAS",
        f"ClientError: InputConfiguration: No h5 file provided in {MODEL}",
    ),
    "several keras models": (
        "several-models",
        "KERAS",
        (
            f"ClientError: InputConfiguration: Multiple h5 files provided, {MODEL}, when only"
            " one is allowed"
        ),
    ),
    "no mxnet model": (
        "no-model",
        "MXNET",
        "ClientError: No valid Mxnet model file -symbol.json found",
    ),
    "no pytorch model": (
        "no-model",
        "PYTORCH",
        (
            "ClientError: No pth file found for PyTorch model. Please make sure the framework"
            " you select is correct."
        ),
    ),
    "several tensorflow models": (
        "several-models",
        "TENSORFLOW",
        (
            "ClientError: InputConfiguration: Exactly one .pb or .pbtxt file is allowed for"
            " TensorFlow models."
        ),
    ),
    "no onnx": ("format", "ONNX", "ClientError: Incompatible ONNX model"),
    "no tensorflow": ("format", "TENSORFLOW", "ClientError: Incompatible Tensorflow model"),
    "compiler": (
        "internal",
        "ONNX",
        (
            "ServerError: There was an unexpected error during compilation, check your inputs"
            " and try again in a few minutes."
        ),
    ),
}


@pytest.mark.parametrize(("kind", "framework", "text"), NEO.values(), ids=NEO)
def test_neos_text_comes_first_and_then_what_exactly_was_wrong(
    kind: str, framework: str, text: str
) -> None:
    assert reason(compile_error(kind), framework) == f"{text} (what we found)"


def test_missing_operators_are_listed_as_neo_lists_them() -> None:
    said = reason(compile_error("operator", operators=["Foo", "Bar"]), "MXNET")
    assert said.startswith("ClientError: InputConfiguration: TVM cannot convert MXNet model. ")
    assert "The following operators are not implemented: {'Foo', 'Bar'}" in said


def test_an_operator_in_a_form_that_is_not_served_lists_none() -> None:
    said = reason(compile_error("operator", operators=[]))
    assert said == (
        "ClientError: TVM cannot convert ONNX model. Please make sure the framework you"
        " selected is correct. (what we found)"
    )


def test_a_shape_that_does_not_fit_names_the_inputs() -> None:
    said = reason(compile_error("input", inputs=["a", "b"]), "KERAS")
    assert said.startswith("ClientError: Input a, b has wrong shape in Input Shape dictionary.")


@pytest.mark.parametrize("kind", COMPILE_REASONS)
def test_every_reason_has_words_for_every_framework(kind: str) -> None:
    for framework in ("ONNX", "XGBOOST", "SKLEARN", "TFLITE"):
        said = reason(compile_error(kind), framework)
        assert said.startswith(("ClientError: ", "ServerError: "))
        assert "what we found" in said
        assert "{" not in said.replace("{'", "")


def test_a_missing_object_is_said_in_neos_words() -> None:
    said = reason(NotFoundError("NoSuchKey", "no", status=404))
    assert said == "ClientError: S3 object does not exist. Bucket: models, Key: m.tar.gz"


def test_other_failures_tell_whose_they_are() -> None:
    assert reason(InputError("bad")) == "ClientError: bad"
    assert reason(StateError("full")) == "ServerError: full"
    assert reason(OSError(28, "No space left")) == "ServerError: [Errno 28] No space left"


def test_a_reason_is_never_longer_than_the_service_allows() -> None:
    assert len(reason(InputError("x" * 5000))) == 1024
