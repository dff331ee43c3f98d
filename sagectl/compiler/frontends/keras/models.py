"""Keras models, opened as computations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import converting
from sagectl.compiler.frontends.keras.files import vetted, weights_alone
from sagectl.compiler.frontends.tensorflow.computation import Computation, failures

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared

_HINT = (
    "Layers of one's own are known where they are defined only: there, "
    "model.export('folder') makes a SavedModel (--framework TENSORFLOW)."
)
_IMAGE_RANK = 4


def opened(path: Path) -> Computation:
    """The model in ``path``; raises RequestError (reason "format"). No code in it is run."""
    import keras

    vetted(path)
    with converting(f"{path.name} cannot be loaded", failures(), _HINT):
        if not _has_model(path):
            raise weights_alone(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    if not getattr(model, "inputs", None):
        raise RequestError(
            f"{path.name} has no inputs of its own: it was never built",
            stage="import",
            reason="format",
            hint="Call the model once before saving it, or give it an Input.",
        )
    names = _unique([each.name for each in model.inputs])
    whole = list(model.inputs) if len(model.inputs) > 1 else model.inputs[0]
    structure = getattr(model, "_inputs_struct", whole)
    swapped = frozenset(
        name
        for name, each in zip(names, model.inputs, strict=True)
        if len(each.shape) == _IMAGE_RANK
    )
    count = len(model.outputs)

    def run(*tensors: Any) -> list[Any]:
        # The order of ``inputs`` and ``outputs`` is that of flattened structures.
        packed = keras.tree.pack_sequence_as(structure, tensors)
        return list(keras.tree.flatten(model(packed, training=False)))

    return Computation(
        f"Keras, {path.suffix.lstrip('.') or 'HDF5'}",
        run,
        tuple(_declared(n, e, n in swapped) for n, e in zip(names, model.inputs, strict=True)),
        _outputs(model, count),
        swapped,
    )


def _has_model(path: Path) -> bool:
    """Whether a file describes a model; the same ending is given to weights."""
    import h5py

    if not h5py.is_hdf5(path):
        return True
    with h5py.File(path) as file:
        return "model_config" in file.attrs


def _declared(name: str, tensor: Any, is_swapped: bool) -> Declared:
    sizes = list(tensor.shape)
    if is_swapped:
        sizes = [sizes[0], sizes[3], sizes[1], sizes[2]]
    return name, str(tensor.dtype), sizes


def _outputs(model: Any, count: int) -> tuple[str, ...]:
    # A Sequential model has no names of outputs: its last layer's stands for them.
    names = list(getattr(model, "output_names", ())) or [model.layers[-1].name]
    if len(names) != count:
        names = [f"output{place}" for place in range(count)]
    return tuple(_unique(names))


def _unique(names: list[str]) -> list[str]:
    return [
        f"{name}_{place}" if names.count(name) > 1 else name for place, name in enumerate(names)
    ]
