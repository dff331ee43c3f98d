"""What a TensorFlow Lite file is, told without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

_IDENTIFIER = b"TFL3"
_SMALLEST = 64


def vetted(path: Path) -> None:
    """Raise RequestError (reason "format") for what is no TensorFlow Lite model."""
    with path.open("rb") as file:
        head = file.read(_SMALLEST)
    if head[4:8] == _IDENTIFIER and len(head) == _SMALLEST:
        return
    from sagectl.compiler.frontends.detection import looks_like

    what = "is cut short" if head[4:8] == _IDENTIFIER else "is not a TensorFlow Lite model"
    raise RequestError(
        f"{path.name} {what}{looks_like(path, 'TFLITE')}",
        stage="import",
        reason="format",
        hint="Convert the model again, with tf.lite.TFLiteConverter.",
    )
