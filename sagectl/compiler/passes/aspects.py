"""Images that are seen as signals or as volumes: of height one, or one for every depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints, operator, shape

if TYPE_CHECKING:
    from sagectl.compiler.passes.graph import Site

    Extents = tuple[int, ...]

# Before and after depths become images: ``[N, C, D, H, W]`` and ``[N, D, C, H, W]``.
APART = (0, 2, 1, 3, 4)


@dataclass(frozen=True, slots=True)
class Aspect:
    """An image ``[M, C, H, W]`` seen as ``[N, C, W]`` or as ``[N, C, D, H, W]``."""

    image: Any
    form: Extents

    @property
    def is_volume(self) -> bool:
        """Whether the images are the depths of volumes."""
        return len(self.form) == 5


def aspect(site: Site, value: Any) -> Aspect | None:
    """The image that a value shows; ``None`` for anything else."""
    made, form = site.definition(value), shape(value) or ()
    if operator(made) == "relax.permute_dims" and ints(made.attrs.axes) == APART:
        made = site.definition(made.args[0])
    elif len(form) == 5:
        return None
    if operator(made) != "relax.reshape" or len(form) not in (3, 5):
        return None
    found = Aspect(made.args[0], form)
    return found if shape(found.image) == image_form(form) else None


def image_form(form: Extents) -> Extents:
    """The shape of the image that is seen as a signal or a volume."""
    if len(form) == 3:
        return (*form[:2], 1, form[2])
    return (form[0] * form[2], form[1], *form[3:])


def image_of(site: Site, value: Any) -> Any:
    """The image behind a volume ``[N, C, D, H, W]``, made where there is none."""
    from tvm.relax import op

    found, form = aspect(site, value), shape(value) or ()
    if found is not None:
        return found.image
    apart = site.emit(op.permute_dims(value, list(APART)))
    return site.emit(op.reshape(apart, image_form(form)))


def seen(site: Site, image: Any, form: Extents) -> Any:
    """An expression that shows an image in a form of three or five axes."""
    from tvm.relax import op

    made = site.emit(image)
    if len(form) == 3:
        return op.reshape(made, form)
    apart = (form[0], form[2], form[1], *form[3:])
    return op.permute_dims(site.emit(op.reshape(made, apart)), list(APART))
