"""A TensorFlow computation, run for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line
from sagectl.compiler.frontends.tensorflow.computation import failures
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.compiler.frontends.tensorflow.computation import Computation

_TO_NHWC = (0, 2, 3, 1)


class Tensorflow:
    """TensorFlow over one model, opened by ``open_model``; raises UnanswerableError."""

    def __init__(self, open_model: Callable[[], Computation]) -> None:
        import tensorflow as tf

        self.name = f"tensorflow {tf.__version__}"
        try:
            self._computation = open_model()
        except CompileError as error:
            raise UnanswerableError(error.message) from error

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        import tensorflow as tf

        arrays = [
            feeds[name].transpose(_TO_NHWC)
            if name in self._computation.swapped
            else feeds[name]
            for name, _, _ in self._computation.inputs
        ]
        try:
            results = self._computation.run(*map(tf.constant, arrays))
        except failures() as error:
            said = f"tensorflow cannot run the model: {first_line(error)}"
            raise UnanswerableError(said) from error
        found = dict(zip(self._computation.outputs, results, strict=True))
        return [found[name].numpy() for name in names]
