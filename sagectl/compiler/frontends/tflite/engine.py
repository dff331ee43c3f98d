"""A TensorFlow Lite model as its own interpreter runs it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.runtime.tensors import Port


def interpreter(model: Path, shapes: Mapping[str, Sequence[int]]) -> Any:
    """TensorFlow Lite's interpreter over a model, ready to be fed; raises what TensorFlow does.

    Its own kernels, without XNNPACK's: those are the ones that define what a model means.
    """
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = tf.lite.Interpreter(
            model_path=str(model),
            experimental_op_resolver_type=(
                tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )
    for each in made.get_input_details():
        wanted = shapes.get(each["name"])
        if wanted is not None and list(each["shape"]) != list(wanted):
            made.resize_tensor_input(each["index"], list(wanted))
    made.allocate_tensors()
    return made


class Interpreter:
    """TensorFlow Lite over one model; raises UnanswerableError."""

    def __init__(self, model: Path, inputs: Sequence[Port]) -> None:
        import tensorflow as tf

        self.name = f"tensorflow lite {tf.__version__}"
        try:
            self._interpreter = interpreter(model, {port.name: port.shape for port in inputs})
        except (RuntimeError, ValueError) as error:
            raise _unanswerable(error) from error

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        try:
            for each in self._interpreter.get_input_details():
                self._interpreter.set_tensor(each["index"], feeds[each["name"]])
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise _unanswerable(error) from error
        found = {
            each["name"]: self._interpreter.get_tensor(each["index"])
            for each in self._interpreter.get_output_details()
        }
        return [found[name] for name in names]


def _unanswerable(error: Exception) -> UnanswerableError:
    return UnanswerableError(f"tensorflow lite cannot run the model: {first_line(error)}")
