"""Pictures as inputs of a model: where the pixels go, and what becomes of their values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

    from sagectl.runtime.tensors import Port

    Array = np.ndarray[Any, Any]

SUFFIXES = (".png", ".jpg", ".jpeg")
# Channels of an input -> what Pillow calls such a picture.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_FULL = 255
_RULES = (
    "A picture is resized to the input, not cropped; for floats it is divided by 255, then "
    "mean is taken off and divided by std: image=cat.png,mean=0.485:0.456:0.406,"
    "std=0.229:0.224:0.225. scale=1 keeps 0 to 255."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an input has its rows, columns and channels."""

    height: int
    width: int
    channels: int
    layout: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for beside the picture, as fractions: ``(pixel * scale - mean) / std``."""

    scale: Fraction | None = None
    mean: tuple[Fraction, ...] = ()
    std: tuple[Fraction, ...] = ()


def wishes(words: Iterable[str]) -> Wishes:
    """The wishes in ``scale=1/255``, ``mean=0.5:0.5:0.5`` and so on. Raises InputError."""
    found: dict[str, tuple[Fraction, ...]] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in ("scale", "mean", "std"):
            raise InputError(f"{word!r} is no wish for a picture", hint=_RULES)
        try:
            found[name] = tuple(Fraction(part) for part in text.split(":"))
        except (ValueError, ZeroDivisionError) as error:
            raise InputError(f"{word!r} has no numbers", hint=_RULES) from error
    if len(found.get("scale", (0,))) != 1:
        raise InputError("scale is one number for all channels", hint=_RULES)
    if 0 in found.get("std", ()):
        raise InputError("std is 0, by which nothing can be divided", hint=_RULES)
    scale = found["scale"][0] if "scale" in found else None
    return Wishes(scale, found.get("mean", ()), found.get("std", ()))


def picture(path: Path, port: Port, asked: Wishes) -> tuple[Array, str]:
    """The picture as an input takes it, and in words what was done to it.

    Raises InputError for a file that is no picture, an input that takes none, and where
    Pillow is missing.
    """
    place = _place(port)
    image = _opened(path, _MODES[place.channels])
    size = f"{image.width}x{image.height}"
    import numpy as np

    pixels = np.asarray(image.resize((place.width, place.height), resample=2))
    pixels = pixels.reshape(place.height, place.width, place.channels)
    values, said = _valued(pixels, port, asked)
    if place.layout.endswith("CHW"):
        values = values.transpose(2, 0, 1)
    array = np.ascontiguousarray(values.reshape(port.shape))
    target = f"{place.width}x{place.height}"
    resized = "" if size == target else f", resized to {target} (bilinear, not cropped)"
    return array, f"{path.name}: {size} {image.mode}{resized}, {place.layout}, {said}"


def _opened(path: Path, mode: str) -> Any:
    if find_spec("PIL") is None:
        raise InputError(
            f"{path.name} is a picture, which Pillow reads, and Pillow is not installed",
            hint="Run: pip install 'sagectl[images]'",
        )
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            # A camera turns the picture by a remark in the file; models see what people see.
            upright = ImageOps.exif_transpose(image)
            return upright.convert(mode)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", hint="Check the path.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is no picture that can be read: {error}") from error


def _place(port: Port) -> _Place:
    shape = port.shape[1:] if len(port.shape) == 4 and port.shape[0] == 1 else port.shape
    batch = "N" if len(shape) < len(port.shape) else ""
    if len(shape) == 2 and min(shape) > 1:
        return _Place(shape[0], shape[1], 1, f"{batch}HW")
    if len(shape) == 3 and min(shape) > 0:
        first, last = shape[0] in _MODES, shape[2] in _MODES
        if first and not last:
            return _Place(shape[1], shape[2], shape[0], f"{batch}CHW")
        if last and not first:
            return _Place(shape[0], shape[1], shape[2], f"{batch}HWC")
    raise InputError(
        f"Input {port.name!r} is {port}, which is not clearly one picture",
        hint="A picture fits [1, 3, H, W], [1, H, W, 3], with 1 or 4 channels too, without "
        "the 1, or [H, W]. Make the array yourself, and give it as .npy.",
    )


def _valued(pixels: Array, port: Port, asked: Wishes) -> tuple[Array, str]:
    import numpy as np

    dtype = np.dtype(port.dtype)
    if dtype.kind != "f":
        if asked != Wishes() or dtype == np.int8 or dtype.kind not in "iu":
            raise InputError(
                f"Input {port.name!r} is {port}: pixels are kept as 0 to 255 in it, or not "
                "at all",
                hint="Quantise the picture yourself, and give it as .npy.",
            )
        return pixels.astype(dtype), "values 0 to 255"
    channels = pixels.shape[-1]
    for name, wish in (("mean", asked.mean), ("std", asked.std)):
        if len(wish) not in (0, 1, channels):
            raise InputError(
                f"{name} has {len(wish)} numbers, the picture {channels} channels", hint=_RULES
            )
    scale = Fraction(1, _FULL) if asked.scale is None else asked.scale
    values = pixels.astype(np.float64) * float(scale)
    said = f"values times {scale}"
    if asked.mean:
        values = values - np.array([float(each) for each in asked.mean])
        said += f", less {':'.join(str(float(each)) for each in asked.mean)}"
    if asked.std:
        values = values / np.array([float(each) for each in asked.std])
        said += f", over {':'.join(str(float(each)) for each in asked.std)}"
    return values.astype(dtype), said
