"""Masks as PNG pictures: what crowd-semantic-segmentation submits, and what jobs write.

Developer guide, "crowd-semantic-segmentation" and "Semantic Segmentation Job Output".
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from sagectl.consolidation.masks import Mask

# The class of the pixels that nobody gave a label, as the service names it.
BACKGROUND = "BACKGROUND"
MOST_BYTES = 20 << 20
MOST_PIXELS = 1 << 24
_MOST_LABELS = 255
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
# What pictures have where nothing was painted, unless it is the color of a label.
_UNPAINTED = (0xFFFFFF, 0x000000)


class PaintingError(ValueError):
    """A picture is no mask of the labels."""


class Painting(NamedTuple):
    """A PNG picture, and the class that each of its colors (0xRRGGBB) stands for."""

    png: bytes
    classes: Mapping[int, str]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height. Raises PaintingError for what is no PNG, or too large."""
        if len(self.png) > MOST_BYTES:
            raise PaintingError(f"a mask has {MOST_BYTES} bytes at most, not {len(self.png)}")
        head = self.png[:24]
        if len(head) < 24 or not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR":
            raise PaintingError("the mask is no PNG picture")
        width, height = (int.from_bytes(head[at : at + 4]) for at in (16, 20))
        if not 0 < width * height <= MOST_PIXELS:
            raise PaintingError(
                f"a mask has {MOST_PIXELS} pixels at most, not {width} x {height}"
            )
        return width, height

    def mask(self, names: Sequence[str]) -> Mask:
        """The number of the name of each pixel's class, from 1; 0 is the background.

        Raises PaintingError.
        """
        import numpy as np

        pixels = self._pixels()
        numbers = {name: number for number, name in enumerate(names, start=1)}
        colors = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
        is_known = pixels[..., 3] == 0
        mask = np.zeros(colors.shape, dtype=np.uint8)
        for color, name in self.classes.items():
            here = (colors == color) & (pixels[..., 3] > 0)
            mask[here] = 0 if name == BACKGROUND else numbers[name]
            is_known |= here
        for color in _UNPAINTED:
            is_known |= colors == color
        if not is_known.all():
            row, column = np.argwhere(~is_known)[0]
            known = ", ".join(f"{hex_color(one)} {name}" for one, name in self.classes.items())
            raise PaintingError(
                f"pixel ({column}, {row}) is {hex_color(int(colors[row, column]))}, which is no"
                f" label's color: {known}"
            )
        return mask

    def _pixels(self) -> NDArray[np.uint32]:
        import numpy as np

        _ = self.size  # refuses what would take too much room, before it takes it
        image = _pillow()
        try:
            with image.open(io.BytesIO(self.png), formats=["PNG"]) as picture:
                return np.asarray(picture.convert("RGBA")).astype(np.uint32)
        # Pillow tells of damage by SyntaxError and OSError, of large chunks by ValueError.
        except (OSError, ValueError, SyntaxError) as error:
            raise PaintingError(f"the mask's PNG picture is damaged: {error}") from error


def alike(one: Painting, other: Painting) -> float:
    """Mean IoU of two paintings, whose classes are compared by name."""
    from sagectl.consolidation.masks import overlap

    named = {*one.classes.values(), *other.classes.values()} - {BACKGROUND}
    names = sorted(named)
    return overlap(one.mask(names), other.mask(names))


def submitted(png: bytes, mappings: Any, names: Iterable[str]) -> Painting:
    """A worker's picture with its ``labelMappings``: label -> color, or {"color": color}."""
    if len(known := tuple(names)) > _MOST_LABELS:
        raise PaintingError(f"a mask has {_MOST_LABELS} labels at most, not {len(known)}")
    if not isinstance(mappings, dict):
        raise PaintingError(f"labelMappings must give each label's color, not {mappings!r:.60}")
    classes: dict[int, str] = {}
    for name, given in mappings.items():
        if name not in known:
            raise PaintingError(f"{name!r:.60} is not one of the labels {', '.join(known)}")
        color = _color(given.get("color") if isinstance(given, dict) else given, name)
        if color in classes:
            raise PaintingError(f"{classes[color]} and {name} are both {hex_color(color)}")
        classes[color] = name
    painting = Painting(png, classes)
    _ = painting.size
    return painting


def stored(png: bytes, metadata: Mapping[str, Any]) -> Painting:
    """A job's picture, whose classes are in the ``internal-color-map`` of its metadata."""
    rows = metadata["internal-color-map"].values()
    return Painting(
        png, {_color(row["hex-color"], row["class-name"]): row["class-name"] for row in rows}
    )


def pixel_counts(painting: Painting) -> dict[str, int]:
    """How many pixels each label has; those of the background are not counted."""
    import numpy as np

    names = [name for name in painting.classes.values() if name != BACKGROUND]
    counts = np.bincount(painting.mask(names).ravel(), minlength=len(names) + 1)
    return {name: int(count) for name, count in zip(names, counts[1:], strict=True) if count}


def consolidated(
    given: Sequence[Painting], names: Sequence[str]
) -> tuple[bytes, dict[str, dict[str, Any]]]:
    """The vote over paintings of one image: its picture and its ``internal-color-map``.

    Confidence is that of the image, the same for all its classes: developer guide, "Semantic
    Segmentation Job Output". Raises PaintingError where their sizes differ.
    """
    import numpy as np

    from sagectl.consolidation import masks

    for one in given[1:]:
        same_size(one, given[0])
    found = masks.consolidated([one.mask(names) for one in given], len(names) + 1)
    classes = (BACKGROUND, *names)
    shown = {
        str(number): {
            "class-name": classes[number],
            "hex-color": hex_color(color(number)),
            "confidence": found.confidence,
        }
        for number in np.unique(found.mask).tolist()
    }
    return picture(found.mask), shown


def same_size(one: Painting, other: Painting) -> None:
    """Raises PaintingError for paintings that cannot be of the same image."""
    if one.size != other.size:
        mine, theirs = ("{} x {}".format(*size) for size in (one.size, other.size))
        raise PaintingError(f"the mask is {mine}, and another of the same object {theirs}")


def picture(mask: Mask) -> bytes:
    """The mask as a PNG picture with a palette: the same pixels are the same bytes."""
    import numpy as np

    drawn = _pillow().fromarray(mask.astype(np.uint8))
    palette = [(color(number) >> shift) & 255 for number in range(256) for shift in (16, 8, 0)]
    drawn.putpalette(palette)
    target = io.BytesIO()
    drawn.save(target, format="PNG", compress_level=6)
    return target.getvalue()


def color(number: int) -> int:
    """The color of a class; those of numbers up to 255 differ. The background is white."""
    if number == 0:
        return 0xFFFFFF
    # The bits of the number, dealt out to the three channels from the top, as in VOC's palette.
    channels = [0, 0, 0]
    for bit in range(8):
        channels[bit % 3] |= (number >> bit & 1) << (7 - bit // 3)
    red, green, blue = channels
    return red << 16 | green << 8 | blue


def hex_color(value: int) -> str:
    return f"#{value:06x}"


def _color(value: Any, name: str) -> int:
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise PaintingError(f"{name!r:.60} must have a color like #2ca02c, not {value!r:.60}")
    return int(value[1:], 16)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "Pillow is not installed", hint="Run: pip install 'sagectl[labeling]'"
        ) from error
    return Image
