"""ONNX files to checked models, weights beside the file included."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import first_line

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

# protobuf's limit on one message; a larger model keeps its weights beside it.
LARGEST_MESSAGE = (1 << 31) - 1

# An operator nobody registered is reported with all its kind, not by the checker; an output's
# shape may be left to be inferred, as every runtime does.
_LEFT_TO_LOWERING = (
    "No Op registered for",
    "No opset import for domain",
    "Field 'shape' of 'type' is required but missing",
    # A function is lowered by the operator set that it imports, whichever the model does.
    "Opset import for domain",
)


def read_model(path: Path) -> ModelProto:
    """The model in ``path``, its external data loaded.

    Raises RequestError(reason="format") for what is no valid ONNX model, naming the place.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError as error:
        raise _refused(f"{path.name} is not an ONNX file", _export_hint()) from error
    except OSError as error:
        raise _refused(
            f"{path} cannot be read: {error.strerror}", "Give the path of an ONNX file."
        ) from error
    if not model.HasField("graph") or not model.ir_version:
        raise _refused(f"{path.name} holds no ONNX graph", _export_hint())
    _check_versions(model, path)
    _load_weights(model, path)
    _check(model, path)
    _check_lengths(model, path)
    return model


def serialised(model: ModelProto) -> bytes | None:
    """The model as one message, None when it is too large to be one."""
    from google.protobuf.message import EncodeError

    try:
        message: bytes = model.SerializeToString()
    except EncodeError:
        return None
    return message if len(message) < LARGEST_MESSAGE else None


def _check_versions(model: ModelProto, path: Path) -> None:
    from onnx import __version__, defs

    newest = defs.onnx_opset_version()
    for imported in model.opset_import:
        if imported.domain in ("", "ai.onnx") and imported.version > newest:
            raise _refused(
                f"{path.name} uses operator set {imported.version}; "
                f"onnx {__version__} knows up to {newest}",
                "Install a newer onnx, or export the model with "
                f"opset_version={newest} or less.",
            )


def _load_weights(model: ModelProto, path: Path) -> None:
    from onnx import checker
    from onnx.external_data_helper import load_external_data_for_model

    try:
        load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, checker.ValidationError) as error:
        raise _refused(
            f"The weights that {path.name} keeps outside itself cannot be loaded: "
            f"{first_line(error)}",
            "Put the data files where the model says, beside the .onnx file.",
        ) from error


def _check(model: ModelProto, path: Path) -> None:
    from onnx import checker

    # The checker reads a large model only from its file.
    try:
        checker.check_model(serialised(model) or str(path))
    except checker.ValidationError as error:
        text = str(error)
        if not any(each in text for each in _LEFT_TO_LOWERING):
            raise _refused(
                f"{path.name} is not a valid ONNX model: {_details(text)}", _export_hint()
            ) from error


def _check_lengths(model: ModelProto, path: Path) -> None:
    """Refuse weights of more bytes than their shape has: the checker looks for too few."""
    from onnx import helper

    for tensor in model.graph.initializer:
        if not tensor.raw_data:
            continue
        itemsize = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        size = math.prod(tensor.dims) * itemsize
        if len(tensor.raw_data) > size:
            raise _refused(
                f"{path.name} is not a valid ONNX model: the weights {tensor.name!r} have "
                f"{len(tensor.raw_data)} bytes, of which their shape takes {size}",
                _export_hint(),
            )


def _details(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())[:600]


def _export_hint() -> str:
    return "Export the model again; `onnx.checker.check_model(path)` says whether it is sound."


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason="format", hint=hint)
