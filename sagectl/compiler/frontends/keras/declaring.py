"""Inputs as a Keras file declares them, read without Keras."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.keras.files import vetted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared

_IMAGE_RANK = 4
_UNTOLD = (
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RecursionError,
    RequestError,
    TypeError,
    ValueError,
)


def declared(path: Path) -> tuple[Declared, ...] | None:
    """The inputs of a Functional or Sequential model, images as NCHW.

    None where Keras itself has to tell: of classes of one's own, and of files that name no
    input or that are damaged.
    """
    try:
        config = _config(path)["config"]
        layers = config["layers"]
        chosen = _named(config["input_layers"]) if "input_layers" in config else None
        found = [
            _input(each["config"])
            for each in layers
            if each["class_name"] == "InputLayer"
            and (chosen is None or each["config"]["name"] in chosen)
        ]
    except _UNTOLD:
        return None
    return tuple(found) or None


def _config(path: Path) -> Any:
    if zipfile.is_zipfile(path):
        vetted(path)
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path) as file:
        return json.loads(file.attrs["model_config"])


def _named(written: Any) -> frozenset[str]:
    """The layers in a structure of [name, node, tensor]."""
    return frozenset(_names(written))


def _names(written: Any) -> Iterator[str]:
    if isinstance(written, dict):
        written = list(written.values())
    if written and isinstance(written[0], str):
        yield written[0]
        return
    for each in written:
        yield from _names(each)


def _input(config: Any) -> Declared:
    # Keras 2 wrote batch_input_shape.
    sizes = list(config.get("batch_shape") or config["batch_input_shape"])
    if len(sizes) == _IMAGE_RANK:
        sizes = [sizes[0], sizes[3], sizes[1], sizes[2]]
    dtype = config.get("dtype") or "float32"
    if not isinstance(dtype, str):
        dtype = dtype["config"]["name"]
    return str(config["name"]), dtype, sizes
