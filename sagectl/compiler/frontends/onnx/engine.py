"""An ONNX model as onnxruntime runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnx import ModelProto


class Onnxruntime:
    """onnxruntime over one model; raises UnanswerableError."""

    def __init__(self, model: Path | bytes) -> None:
        import onnxruntime

        self.name = f"onnxruntime {onnxruntime.__version__}"
        self._model = model
        self._session = _session(model)

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        return _answers(self._session, feeds, names)

    def again(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        """The outputs that it computes node by node, nothing optimised."""
        return _answers(_session(self._model, is_optimised=False), feeds, names)


def _session(model: Path | bytes, *, is_optimised: bool = True) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if not is_optimised:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
    try:
        return onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model),
            options,
            providers=["CPUExecutionProvider"],
        )
    except _refusals() as error:
        raise _unanswerable(error) from error


def _answers(session: Any, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    taken = {each.name for each in session.get_inputs()}
    try:
        results: list[Any] = session.run(
            list(names), {name: value for name, value in feeds.items() if name in taken}
        )
    except _refusals() as error:
        raise _unanswerable(error) from error
    return results


def in_memory(model: ModelProto) -> Onnxruntime:
    """onnxruntime over a model that is in no file."""
    return Onnxruntime(model.SerializeToString())


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
