"""An ONNX model as onnxruntime runs it."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import ModelProto


class Onnxruntime:
    """onnxruntime over one model; raises UnanswerableError."""

    def __init__(self, model: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        self.name = f"onnxruntime {onnxruntime.__version__}"
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except _refusals() as error:
            raise _unanswerable(error) from error

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        taken = {each.name for each in self._session.get_inputs()}
        try:
            results: list[Any] = self._session.run(
                list(names), {name: value for name, value in feeds.items() if name in taken}
            )
        except _refusals() as error:
            raise _unanswerable(error) from error
        return results


def in_memory(model: ModelProto) -> Onnxruntime:
    """onnxruntime over a model that is in no file."""
    from onnx import save

    with NamedTemporaryFile(suffix=".onnx") as file:
        save(model, file.name)
        return Onnxruntime(Path(file.name))


def _unanswerable(error: Exception) -> UnanswerableError:
    return UnanswerableError(f"onnxruntime cannot run the model: {first_line(error)}")


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: kinds of its own without a common base, and Python's."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (*own, RuntimeError, TypeError, ValueError)
