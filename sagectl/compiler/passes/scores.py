"""What a softmax is taken of, and how it comes about from a product of queries and keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, dtype, operator, shape
from sagectl.compiler.passes.nests.attention import FLOAT
from sagectl.compiler.passes.nests.elementary import tangent
from sagectl.compiler.passes.views import View, reshaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.passes.graph import Site
    from sagectl.compiler.passes.views import Index

    Lead = Callable[[Index], Index]
    # A score of the nest, made of one of the product and elements of the other operands.
    Made = Callable[[Any, list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Other:
    """An operand between product and softmax, at ``lead`` of the leading axes of the result."""

    value: Any
    lead: Lead

    @property
    def extents(self) -> tuple[int, ...]:
        """Its shape, of two axes at least."""
        known = shape(self.value) or ()
        return (1,) * (2 - len(known)) + known

    @property
    def has_rows(self) -> bool:
        """Whether it differs from row to row: then its rows, too, must lie side by side."""
        return self.extents[-2] != 1

    def place(self, leading: Index, tile: Any, column: Any, row: Any) -> Index:
        """Where the element of a score is, in ``[..., tile, column, row]`` if of rows."""
        *outer, _, columns = self.extents
        lead = self.lead(leading)
        lead = lead[len(lead) - len(outer) :]
        found = tuple(0 if size == 1 else i for size, i in zip(outer, lead, strict=True))
        across = 0 if columns == 1 else column
        return (*found, tile, across, row) if self.has_rows else (*found, 0, across)


@dataclass(frozen=True, slots=True)
class Scores:
    """A product ``query key`` on its way to a softmax."""

    product: Any
    lead: Lead
    made: Made
    others: tuple[Other, ...] = ()
    is_guarded: bool = False

    def masked(self, score: Any, at: Index, tensors: tuple[Any, ...]) -> Any:
        """What the softmax takes of a score of the product, at ``[..., tile, column, row]``."""
        *leading, tile, column, row = at
        places = [each.place(tuple(leading), tile, column, row) for each in self.others]
        reads = [tensor[place] for tensor, place in zip(tensors, places, strict=True)]
        return self.made(score, reads)


def scores_below(site: Site, value: Any) -> Scores | None:
    """The scores whose softmax a value is, if nothing else reads what lies between."""
    made, lead = _past_reshapes(site, value, lambda at: at)
    guarded = _guarded(site, made)
    if guarded is not None:
        made = guarded
    if operator(made) != "relax.nn.softmax":
        return None
    rank = len(shape(made) or ())
    if not rank or int(made.attrs.axis) % rank != rank - 1:
        return None
    found = _scores(site, made.args[0], lead)
    return found and replace(found, is_guarded=guarded is not None)


def _sole(site: Site, value: Any) -> Any:
    """The definition of a value that is read once."""
    return site.definition(value) if site.uses[value] == 1 else None


def _past_reshapes(site: Site, value: Any, lead: Lead) -> tuple[Any, Lead]:
    """The call behind reshapes that leave rows and columns alone, and its leading axes."""
    made = _sole(site, value)
    while operator(made) in ("relax.reshape", "relax.expand_dims", "relax.squeeze"):
        before, after = shape(made.args[0]), shape(made)
        if before is None or after is None or before[-2:] != after[-2:] or len(before) < 2:
            break
        view = reshaped(before[:-2], after[:-2], View(None, lead))
        if view is None:
            break
        made, lead = _sole(site, made.args[0]), view.place
    return made, lead


def _guarded(site: Site, made: Any) -> Any:
    """What is zero where it is no number, as exporters write of rows that see nothing."""
    if operator(made) != "relax.where":
        return None
    condition, zero, value = made.args
    asked, number = site.definition(condition), constant(zero)
    if operator(asked) != "relax.isnan" or not asked.args[0].same_as(value):
        return None
    if number is None or number.any() or site.uses[value] != 2:
        return None
    return site.definition(value)


def _scores(site: Site, value: Any, lead: Lead) -> Scores | None:
    made, lead = _past_reshapes(site, value, lead)
    known = shape(made) if made is not None else None
    if known is None or dtype(made) != FLOAT:
        return None
    if operator(made) == "relax.matmul":
        ranks = {len(shape(operand) or ()) for operand in made.args}
        fits = ranks == {len(known)} and {dtype(operand) for operand in made.args} == {FLOAT}
        return Scores(made, lead, lambda score, _: score) if fits else None
    link = LINKS.get(operator(made))
    if link is None:
        return None
    for place, operand in enumerate(made.args):
        if shape(operand) == known and dtype(operand) == FLOAT:
            found = _scores(site, operand, lead)
            if found is not None:
                return _linked(found, link, made, place, lead)
    return None


def _linked(
    found: Scores, link: Callable[..., Any], made: Any, place: int, lead: Lead
) -> Scores | None:
    """The scores after one more call, of which they are the operand at ``place``."""
    from tvm import tirx

    own = [operand for at, operand in enumerate(made.args) if at != place]
    numbers = [constant(operand) for operand in own]
    others = [
        Other(operand, lead)
        for operand, number in zip(own, numbers, strict=True)
        if number is None or number.size != 1
    ]
    if not all(_is_shared(other, made) for other in others):
        return None
    count = len(found.others)

    def linked(score: Any, reads: list[Any]) -> Any:
        rest = iter(reads[count:])
        operands = [
            next(rest)
            if number is None or number.size != 1
            else tirx.const(number.reshape(()).item(), str(number.dtype))
            for number in numbers
        ]
        operands.insert(place, found.made(score, reads[:count]))
        return link(*operands)

    return replace(found, made=linked, others=(*found.others, *others))


def _is_shared(other: Other, made: Any) -> bool:
    """Whether many matrices of scores share an operand, or it is known ahead of time.

    One that is as large as all scores has been kept as a whole: to turn it would cost more
    than the nest saves.
    """
    known, whole = shape(other.value), shape(made) or ()
    if known is None or dtype(other.value) not in (FLOAT, "bool"):
        return False
    is_whole = prod(known) == prod(whole) and prod(whole[:-2]) > 1
    return constant(other.value) is not None or not other.has_rows or not is_whole


def _chosen(condition: Any, first: Any, second: Any) -> Any:
    from tvm import tirx

    return tirx.Select(condition, first, second)


def _larger(first: Any, second: Any) -> Any:
    from tvm import tirx

    return tirx.max(first, second)


def _smaller(first: Any, second: Any) -> Any:
    from tvm import tirx

    return tirx.min(first, second)


LINKS: dict[str, Callable[..., Any]] = {
    "relax.add": lambda a, b: a + b,
    "relax.subtract": lambda a, b: a - b,
    "relax.multiply": lambda a, b: a * b,
    "relax.divide": lambda a, b: a / b,
    "relax.maximum": _larger,
    "relax.minimum": _smaller,
    "relax.where": _chosen,
    "relax.tanh": tangent,
}
