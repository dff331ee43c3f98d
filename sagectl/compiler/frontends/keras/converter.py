"""The process that makes ONNX of a Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.conversion import Conversion, serve
from sagectl.compiler.frontends.keras.models import opened
from sagectl.compiler.frontends.tensorflow.export import exported
from sagectl.compiler.frontends.tensorflow.loading import import_keras

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def convert(model: Path, asked: Mapping[str, Any], folder: Path) -> Conversion:
    """Write ``model.onnx``."""
    import_keras()
    import keras

    done = exported(opened(model), asked["shapes"], folder)
    return Conversion(facts={**done.facts, "Keras": keras.__version__})


if __name__ == "__main__":
    serve(convert)
