"""Options of Darknet's layers that change what is computed, and which form is compiled."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.compiler.frontends.darknet.reading import Section

_CONVOLUTION = {
    **dict.fromkeys(("antialiasing", "assisted_excitation", "bin_output", "binary"), "0"),
    **dict.fromkeys(("coordconv", "flipped", "rotate", "stretch", "stretch_sway"), "0"),
    **dict.fromkeys(("sway", "xnor"), "0"),
    "share_index": "-1000000000",
}
_SOFTMAX = {"groups": "1", "spatial": "0", "tree": ""}
_POOL = {"maxpool_depth": "0", "antialiasing": "0"}
# Layer -> option -> the value, Darknet's own default, that is compiled. Options that are not
# named here are either compiled or nothing to inference.
_ONLY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "conv": _CONVOLUTION,
        "convolutional": _CONVOLUTION,
        "max": _POOL,
        "maxpool": _POOL,
        "region": {"background": "0", "coords": "4", "tree": ""},
        "reorg": {"extra": "0", "flatten": "0", "reverse": "0"},
        "shortcut": {"weights_type": "none"},
        "soft": _SOFTMAX,
        "softmax": _SOFTMAX,
    }
)


def not_compiled(section: Section) -> Iterator[str]:
    """Each option whose value is beyond what is compiled, as it is written."""
    from sagectl.compiler.frontends.darknet.activations import ACTIVATIONS

    for name, plain in _ONLY.get(section.kind, {}).items():
        if (written := section.text(name, plain)) != plain:
            yield f"{name}={written} is not compiled"
    if (name := section.text("activation", "linear")) not in ACTIVATIONS:
        yield f"the activation {name!r} is not known"
