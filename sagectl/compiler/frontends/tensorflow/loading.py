"""The import of TensorFlow and Keras, without the libraries that they look for in passing."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# TensorFlow talks while it is loaded, of oneDNN's other order of sums among the rest; Keras
# may be set to another backend by its user.
_SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "KERAS_BACKEND": "tensorflow",
}
# Keras wraps scikit-learn and takes pandas' tables, where these are installed.
_OF_KERAS = ("sklearn", "pandas")


def import_tensorflow() -> None:
    """Import tensorflow; not Keras with it, which no graph needs and ``tf.keras`` loads."""
    os.environ.update(_SETTINGS)
    with _absent("keras", *_OF_KERAS):
        import tensorflow as tf
    # Models are read and compared on the processor, where there is a GPU too.
    tf.config.set_visible_devices([], "GPU")


def import_keras() -> None:
    """Import keras over tensorflow, whatever other backend it is set to."""
    import_tensorflow()
    with _absent(*_OF_KERAS):
        import keras  # noqa: F401


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Let modules look as if they were not installed, unless they are loaded already.

    For a process of one thread, such as converters and comparisons are.
    """
    loaded: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    hidden = [name for name in names if name not in loaded]
    loaded.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del loaded[name]
