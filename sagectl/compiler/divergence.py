"""Where a compiled model first differs from its reference, found by bisection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onnx import ModelProto

    from sagectl.compiler.comparison import Comparison, Difference
    from sagectl.compiler.frontends.onnx.cutting import Place
    from sagectl.compiler.packaging import Package
    from sagectl.compiler.request import CompileRequest

# Each question is a compilation of a part of the model; this many find one in 60,000 tensors.
MOST_PARTS = 17


class Compile(Protocol):
    """Makes the package of a request."""

    def __call__(self, request: CompileRequest) -> Package: ...


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first tensor that differs when the model is cut there, and by how much.

    ``is_first`` is false where not all earlier ones could be asked about.
    """

    place: Place
    difference: Difference
    parts: int
    is_first: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "Tensor": self.place.tensor,
            "Node": self.place.node,
            "Operator": self.place.operator,
            "Largest": self.difference.largest,
            "Scale": self.difference.scale,
            "PartsCompiled": self.parts,
            "IsFirst": self.is_first,
        }

    def __str__(self) -> str:
        first = "first differs" if self.is_first else "already differs"
        return (
            f"it {first} in tensor {self.place.tensor!r}, made by {self.place.operator} "
            f"(node {self.place.node!r}), by up to {self.difference.largest:.3g} "
            f"where its values reach {self.difference.scale:.3g}"
        )


def diverging(
    reference: bytes,
    output: str,
    request: CompileRequest,
    compiled: Compile,
    compared: Callable[[Path, Path], Comparison],
) -> Divergence | None:
    """The first tensor behind ``output`` in which a model's parts differ from ``reference``.

    ``reference`` is a serialised ONNX model, ``compared`` holds a package against a model.
    None where no part differs by itself: the fault then lies in what joins them.
    """
    from onnx import load_model_from_string
    from onnx.shape_inference import infer_shapes

    from sagectl.compiler.frontends.onnx.cutting import places_behind

    model = infer_shapes(load_model_from_string(reference))
    search = _Search(model, request, compiled, compared)
    places = places_behind(model, output)
    found: tuple[Place, Difference] | None = None
    low, high = 0, len(places)
    # Of a part that differs only what lies behind it can be at fault.
    while low < high and search.parts < MOST_PARTS:
        middle = high - 1 if found is None else (low + high) // 2
        difference = search.difference(places[middle])
        if difference is not None:
            found = places[middle], difference
            behind = set(places_behind(model, places[middle].tensor))
            before = [each for each in places[low:middle] if each in behind]
            places, low, high = before, 0, len(before)
        elif found is None:
            return None
        else:
            low = middle + 1
    if found is None:
        return None
    return Divergence(*found, parts=search.parts, is_first=low >= high)


@dataclass(slots=True)
class _Search:
    model: ModelProto
    request: CompileRequest
    compiled: Compile
    compared: Callable[[Path, Path], Comparison]
    parts: int = 0

    def difference(self, place: Place) -> Difference | None:
        """How the part up to a tensor differs; None where it agrees or cannot be made."""
        from onnx import save

        from sagectl.compiler.frontends.onnx.cutting import cut_at

        self.parts += 1
        with workplace("part") as folder:
            path = folder / "part.onnx"
            save(cut_at(self.model, place.tensor), path)
            asked = replace(
                self.request,
                model=path,
                framework="ONNX",
                output=folder,
                verify=False,
                is_compared=True,
            )
            try:
                comparison = self.compared(self.compiled(asked).path, path)
            except CompileError:
                return None
        return next(iter(comparison.failures), None)
