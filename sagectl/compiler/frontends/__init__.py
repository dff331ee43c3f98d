"""The ways into the compiler: one module per framework, looked up by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnx import ModelProto

    from sagectl.compiler.frontends.signature import Declared
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

    # An ONNX model, and shapes of inputs that it leaves open.
    Converted = tuple[ModelProto, Mapping[str, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: the model's own name, a numpy dtype name, a static shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Imported:
    """A model as the compiler sees it.

    ``module`` is a Relax IRModule whose ``main`` takes ``inputs`` and returns ``outputs`` in
    that order, parameters bound as constants. ``reference`` is what the result is compared
    with, by the ``reference`` of the framework's own module: the model as the user gave it,
    or a serialised ONNX model; ``None`` where there is none.
    """

    module: Any
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    framework: str
    reference: bytes | Path | None = None
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class UnanswerableError(Exception):
    """The original model cannot be run, or not on these inputs; the text says why."""


class Reference(Protocol):
    """The original model, run by its own framework.

    ``name`` tells framework and version. ``outputs`` gives the named outputs for inputs by
    name; raises UnanswerableError.
    """

    name: str

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]: ...


@runtime_checkable
class Repeating(Protocol):
    """A reference that can compute in another order, and so round in another way."""

    def again(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]: ...


class Frontend(Protocol):
    """A module that reads the models of one framework.

    ``reference`` opens the model that ``Imported.reference`` names, for a package with these
    inputs and outputs; raises UnanswerableError.
    """

    def load(self, request: CompileRequest) -> Imported: ...

    def reference(
        self, model: Path, inputs: Sequence[Port], outputs: Sequence[Port]
    ) -> Reference: ...


class OnnxRoute(Protocol):
    """A frontend that makes an ONNX model of what it reads, which can be told about."""

    def as_onnx(self, request: CompileRequest) -> Converted: ...


class Declaring(Protocol):
    """A module that reads no more of a model than its inputs; a damaged one gives None."""

    def declared(self, path: Path) -> tuple[Declared, ...] | None: ...


# The service's framework -> the module that reads it.
FRONTENDS = {
    "MXNET": "sagectl.compiler.frontends.mxnet",
    "DARKNET": "sagectl.compiler.frontends.darknet",
    "ONNX": "sagectl.compiler.frontends.onnx",
    "PYTORCH": "sagectl.compiler.frontends.pytorch",
    "TENSORFLOW": "sagectl.compiler.frontends.tensorflow",
    "KERAS": "sagectl.compiler.frontends.keras",
    "TFLITE": "sagectl.compiler.frontends.tflite",
    "LIGHTGBM": "sagectl.compiler.frontends.lightgbm",
    "SKLEARN": "sagectl.compiler.frontends.sklearn",
    "XGBOOST": "sagectl.compiler.frontends.xgboost",
}

# Those of them that are OnnxRoutes.
BY_WAY_OF_ONNX = frozenset({"MXNET", "DARKNET", "PYTORCH", "TENSORFLOW", "KERAS", "TFLITE"})

# Those whose files tell their inputs without the framework's library -> what reads that.
DECLARING = {
    "DARKNET": "sagectl.compiler.frontends.darknet.declaring",
    "PYTORCH": "sagectl.compiler.frontends.pytorch.declaring",
    "TENSORFLOW": "sagectl.compiler.frontends.tensorflow.declaring",
    "KERAS": "sagectl.compiler.frontends.keras.declaring",
    "TFLITE": "sagectl.compiler.frontends.tflite.declaring",
}


# Those that begin with a batch of one where files leave it open.
HAVING_SIZES = frozenset({"TFLITE"})
# Those whose inputs may be given by other names than the file's: by their order, or their
# tensors'.
_RENAMING = frozenset({"PYTORCH", "TENSORFLOW"})


def declared_inputs(
    framework: str, model: Path, shapes: Mapping[str, Sequence[int]]
) -> tuple[Declared, ...] | None:
    """The inputs as a model's file has them, which ``shapes`` are for.

    None where the framework alone can tell, and where it may know ``shapes`` by other names.
    """
    if framework not in DECLARING:
        return None
    found = cast("Declaring", import_module(DECLARING[framework])).declared(model)
    if found and framework in _RENAMING and not {each[0] for each in found} >= set(shapes):
        return None
    return found


def onnx_route(framework: str) -> OnnxRoute | None:
    """The way of a framework's models to ONNX; None where they do not take it."""
    if framework not in BY_WAY_OF_ONNX:
        return None
    return cast("OnnxRoute", import_module(FRONTENDS[framework]))


def frontend(framework: str) -> Frontend:
    """The reader of a framework's models; raises RequestError for one that has none."""
    if framework not in FRONTENDS:
        raise RequestError(
            f"Models of {framework} cannot be read",
            stage="import",
            reason="format",
            hint=f"Export the model to ONNX; readable are {', '.join(sorted(FRONTENDS))}.",
        )
    return cast("Frontend", import_module(FRONTENDS[framework]))
