"""The process that makes ONNX of a TensorFlow model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.conversion import Conversion, serve
from sagectl.compiler.frontends.tensorflow.export import exported
from sagectl.compiler.frontends.tensorflow.graphs import opened
from sagectl.compiler.frontends.tensorflow.loading import import_tensorflow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.compiler.frontends.tensorflow.computation import Computation


def convert(model: Path, asked: Mapping[str, Any], folder: Path) -> Conversion:
    """Write ``model.onnx``."""
    import_tensorflow()
    computation = opened(model)
    return exported(computation, _plain(computation, asked["shapes"]), folder)


def _plain(
    computation: Computation, shapes: Mapping[str, Sequence[int]]
) -> dict[str, Sequence[int]]:
    """Names as the signature has them; a tensor's full name, ``serving_default_x:0``, too."""
    known = {name for name, _, _ in computation.inputs}
    plain = {name: name.partition(":")[0].removeprefix("serving_default_") for name in shapes}
    return {
        name if name in known or plain[name] not in known else plain[name]: shape
        for name, shape in shapes.items()
    }


if __name__ == "__main__":
    serve(convert)
