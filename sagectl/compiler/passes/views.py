"""What a value is a view of: reshapes, transposes, copies along axes and constant scales."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, ints, operator, shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.passes.graph import Site

Index = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class View:
    """An element of a value is ``scale`` times the source's at ``place`` of its index."""

    source: Any
    place: Callable[[Index], Index]
    scale: float = 1.0


def viewed(site: Site, value: Any, accepts: Callable[[View], bool]) -> View:
    """The furthest source that a value can be read from and that is accepted."""
    found = candidate = View(value, lambda at: at)
    while True:
        made = site.definition(candidate.source)
        step = STEPS.get(operator(made))
        further = None if step is None else step(made, candidate)
        if further is None:
            return found
        candidate = further
        if accepts(candidate):
            found = candidate


def strides(view: View, extents: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    """How far a step along each of a value's last two axes goes along those of its source.

    ``None`` where steps differ: an element would have to divide to find its place.
    """
    from tvm import ir, sym, tirx

    variables = [tirx.Var(f"i{axis}", "int32") for axis in range(len(extents))]
    analyzer = sym.Analyzer()
    for variable, extent in zip(variables, extents, strict=True):
        analyzer.bind(variable, ir.Range(0, extent))
    found = []
    for position in view.place(tuple(variables)):
        simple = analyzer.simplify(tirx.convert(position))
        terms = sym.detect_linear_equation(simple, variables[-2:])
        if len(terms) != 3 or not all(isinstance(term, tirx.IntImm) for term in terms[:2]):
            return None
        found.append(tuple(int(term) for term in terms[:2]))
    return found


def _permuted(made: Any, view: View) -> View | None:
    rank = len(shape(made) or ())
    axes = ints(made.attrs.axes) if made.attrs.axes is not None else tuple(range(rank))[::-1]

    def step(at: Index) -> Index:
        return tuple(at[axes.index(axis)] for axis in range(rank))

    return _onto(made.args[0], view, step)


def _onto(source: Any, view: View, step: Callable[[Index], Index]) -> View:
    """The view of a value as one of the source that it is made of by ``step``."""
    return View(source, lambda at: step(view.place(at)), view.scale)


def _copied(made: Any, view: View) -> View | None:
    known = shape(made.args[0])
    if known is None:
        return None

    def step(at: Index) -> Index:
        last = at[len(at) - len(known) :]
        return tuple(0 if size == 1 else i for size, i in zip(known, last, strict=True))

    return _onto(made.args[0], view, step)


def _reshaped(made: Any, view: View) -> View | None:
    before, after = shape(made.args[0]), shape(made)
    if before is None or after is None:
        return None
    found = reshaped(before, after, view)
    return None if found is None else View(made.args[0], found.place, view.scale)


def reshaped(before: tuple[int, ...], after: tuple[int, ...], view: View) -> View | None:
    """The view of a value of shape ``after``, on what it was reshaped from."""
    groups = _groups(before, after)
    if any(len(old) > 1 and len(new) > 1 for old, new in groups):
        return None

    def step(at: Index) -> Index:
        found: list[Any] = [0] * len(before)
        for old, new in groups:
            rest = at[new[0]]
            for axis in new[1:]:
                rest = rest * after[axis] + at[axis]
            for axis in reversed(old[1:]):
                found[axis] = rest % before[axis]
                rest = rest // before[axis]
            found[old[0]] = rest
        return tuple(found)

    return _onto(view.source, view, step)


def _groups(
    before: tuple[int, ...], after: tuple[int, ...]
) -> list[tuple[list[int], list[int]]]:
    """The axes, those of extent one left out, that a reshape merges or splits."""
    old = [axis for axis, size in enumerate(before) if size != 1]
    new = [axis for axis, size in enumerate(after) if size != 1]
    found = []
    while old and new:
        left, right = [old.pop(0)], [new.pop(0)]
        while prod(before[axis] for axis in left) != prod(after[axis] for axis in right):
            if prod(before[axis] for axis in left) < prod(after[axis] for axis in right):
                left.append(old.pop(0))
            else:
                right.append(new.pop(0))
        found.append((left, right))
    return found


def _scaled(made: Any, view: View) -> View | None:
    factor = constant(made.args[1])
    if factor is None or factor.size != 1 or shape(made.args[0]) != shape(made):
        return None
    number = float(factor.reshape(()))
    if operator(made) == "relax.divide":
        number = 1 / number if number else 0.0
    return View(made.args[0], view.place, view.scale * number) if number else None


STEPS: dict[str, Callable[[Any, View], View | None]] = {
    "relax.permute_dims": _permuted,
    "relax.broadcast_to": _copied,
    "relax.reshape": _reshaped,
    "relax.expand_dims": _reshaped,
    "relax.squeeze": _reshaped,
    "relax.multiply": _scaled,
    "relax.divide": _scaled,
}
