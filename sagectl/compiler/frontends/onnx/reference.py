"""An ONNX model as onnxruntime runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


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


def _unanswerable(error: Exception) -> UnanswerableError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return UnanswerableError(f"onnxruntime cannot run the model: {lines[0][:300]}")


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: kinds of its own without a common base, and Python's."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (*own, RuntimeError, TypeError, ValueError)
