"""What a frontend needs beyond sagectl's own dependencies, as extras of the package."""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Framework -> the extra that brings what reads it, and the modules that come with it.
EXTRAS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "PYTORCH": ("pytorch", ("torch", "onnxscript")),
        "TENSORFLOW": ("tensorflow", ("tensorflow", "tf2onnx")),
        "KERAS": ("keras", ("tensorflow", "keras", "tf2onnx")),
        "TFLITE": ("tflite", ("tensorflow", "tf2onnx")),
        "XGBOOST": ("xgboost", ("xgboost",)),
        "LIGHTGBM": ("lightgbm", ("lightgbm",)),
        "SKLEARN": ("sklearn", ("sklearn",)),
    }
)


def require(framework: str) -> None:
    """Raise RequestError (reason "extra") where what reads the framework is not installed."""
    extra, modules = EXTRAS[framework]
    if missing := [name for name in modules if find_spec(name) is None]:
        raise RequestError(
            f"Models of {framework} need {' and '.join(missing)}",
            stage="import",
            reason="extra",
            hint=f"Run: pip install 'sagectl[{extra}]'",
        )
