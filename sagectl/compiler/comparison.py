"""Outputs held against a reference's, within tolerances stated by type.

A floating-point element agrees when ``|ours - reference| <= rtol * |reference| + atol * scale``
where ``scale`` is the largest finite magnitude in that output: the elements of one tensor are
sums of terms of that size, and what rounding leaves of a small one is no smaller. Integers and
truth values must be equal; quantised 8-bit values may be one step off, what is computed from
them a few, but not on the whole. NaN agrees with NaN, an infinity with the same infinity.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    Array = np.ndarray[Any, Any]

# dtype -> rtol, atol as a share of the output's scale.
TOLERANCES = {
    "float64": (1e-5, 1e-6),
    "float32": (1e-3, 1e-4),
    "float16": (1e-2, 2e-3),
    "bfloat16": (2e-2, 1e-2),
    # Behind a quantisation: a value between two levels may go to either, and a step early on
    # may be some steps by the end, of 127 to the scale. See _MEAN_STEP for all of them.
    "quantised": (1e-3, 4 / 127),
}
# Few values lie between levels: what is off by a step throughout is wrong, not rounded.
_MEAN_STEP = 1 / 127
# Of two classes on one level either is the highest: so few elements of an ArgMax behind a
# quantisation may name another, which is told.
_TIED_SHARE = 0.01
# A model may carry a step on so far that the reference, told to round in another order, differs
# from itself by more than all this. Such a model is held to that: see ``_as_far_apart``.
_AS_FAR = 1.5
# onnxruntime's sigmoid is a rational function: its error is one of the range, 1, wherever the
# values lie. Measured over [-60, 60] it is 2.8 * 2^-24, and ours adds to it.
SATURATED = 2.0**-22
_QUANTISED = "quantised"
_FLAT_SHARE = 0.98
_STEPS = {"int8": 1, "uint8": 1}


@dataclass(frozen=True, slots=True)
class Difference:
    """How one output differs; ``mismatched`` counts elements beyond the tolerance."""

    output: str
    dtype: str
    shape: tuple[int, ...]
    largest: float
    scale: float
    mismatched: int
    elements: int
    note: str = ""

    @property
    def passed(self) -> bool:
        return not self.mismatched

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}

    def __str__(self) -> str:
        if self.note and not self.passed:
            return f"output {self.output!r} {self.note}"
        return (
            f"output {self.output!r} differs in {self.mismatched} of {self.elements} elements, "
            f"by up to {self.largest:.3g} where its values reach {self.scale:.3g}"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict over all outputs, and on what inputs it was reached."""

    reference: str
    inputs: str
    rows: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)

    @property
    def failures(self) -> tuple[Difference, ...]:
        return tuple(row for row in self.rows if not row.passed)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What weakens the verdict, output by output."""
        return tuple(f"Output {row.output!r}: {row.note}" for row in self.rows if row.note)

    def as_dict(self) -> dict[str, Any]:
        return {
            "Reference": self.reference,
            "Inputs": self.inputs,
            "Passed": self.passed,
            "Outputs": [row.as_dict() for row in self.rows],
        }


def comparison_of(report: Mapping[str, Any]) -> Comparison:
    """The comparison that ``as_dict`` gave."""
    rows = [
        {name: value for name, value in row.items() if name != "passed"}
        for row in report["Outputs"]
    ]
    return Comparison(
        reference=report["Reference"],
        inputs=report["Inputs"],
        rows=tuple(Difference(**{**row, "shape": tuple(row["shape"])}) for row in rows),
    )


def difference(
    name: str, ours: Array, reference: Array, within: str = "", floor: float = 0.0
) -> Difference:
    """How the output ``name`` differs from the reference's.

    ``within`` is the narrowest type that the output is computed in: its rounding shows in
    outputs of wider ones. Behind a quantisation the root of the mean square counts as well.
    ``floor`` is an absolute difference that counts for nothing.
    """
    if ours.dtype != reference.dtype or ours.shape != reference.shape:
        return _of_another_kind(name, ours, reference)
    if reference.dtype.kind in "fc" or str(reference.dtype) in TOLERANCES:
        return _floating(name, ours, reference, within, floor)
    return _exact(name, ours, reference, within)


def differences(
    source: Mapping[str, Any],
    outputs: Iterable[tuple[str, Array, Array]],
    again: Callable[[], Sequence[Array]] | None = None,
) -> tuple[Difference, ...]:
    """How outputs (name, ours, the reference's) differ, judged by what a package's meta tells.

    ``source`` is its ``Source``: the narrowest type that the model computes in, the outputs
    that no quantisation lies behind, and those that a sigmoid makes. ``again`` has the
    reference compute all outputs in another order: it is asked where quantised ones differ.
    """
    within = str(source.get("Narrowest", ""))
    exempt, saturating = source.get("Unquantised", ()), source.get("Saturating", ())
    given = list(outputs)
    rows = [
        difference(
            name,
            ours,
            reference,
            "" if name in exempt else within,
            SATURATED if name in saturating else 0.0,
        )
        for name, ours, reference in given
    ]
    doubted = [
        place for place, row in enumerate(rows) if not row.passed and row.output not in exempt
    ]
    if again and doubted and within == _QUANTISED:
        others = again()
        for place in doubted:
            rows[place] = _as_far_apart(rows[place], *given[place][1:], others[place])
    return tuple(rows)


def _as_far_apart(row: Difference, ours: Array, reference: Array, other: Array) -> Difference:
    """A difference that is let pass where the reference is as far from itself."""
    import numpy as np

    if reference.dtype.kind not in "f" or not ours.shape == reference.shape == other.shape:
        return row
    mine, theirs = (
        np.abs(each.astype(np.float64) - reference.astype(np.float64)) for each in (ours, other)
    )
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
        return row
    if mine.max(initial=0) > _AS_FAR * theirs.max(initial=0):
        return row
    if _mean_square_root(mine) > _AS_FAR * _mean_square_root(theirs):
        return row
    note = (
        f"differs by up to {row.largest:.3g} where its values reach {row.scale:.3g}; so do the "
        f"reference's own results ({theirs.max(initial=0):.3g}) with its optimisations left out"
    )
    return replace(row, mismatched=0, note=note)


def _of_another_kind(name: str, ours: Array, reference: Array) -> Difference:
    return Difference(
        output=name,
        dtype=str(ours.dtype),
        shape=ours.shape,
        largest=float("inf"),
        scale=0.0,
        mismatched=max(1, reference.size),
        elements=reference.size,
        note=f"is {ours.dtype}{list(ours.shape)}, the reference gives "
        f"{reference.dtype}{list(reference.shape)}",
    )


def _floating(
    name: str, ours: Array, reference: Array, within: str, floor: float
) -> Difference:
    import numpy as np

    own = TOLERANCES.get(str(reference.dtype), TOLERANCES["float32"])
    rtol, atol = max(own, TOLERANCES.get(within, own))
    mine, theirs = ours.astype(np.float64), reference.astype(np.float64)
    finite = np.isfinite(mine) & np.isfinite(theirs)
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    magnitudes = np.abs(theirs, where=np.isfinite(theirs), out=np.zeros_like(theirs))
    scale = float(magnitudes.max(initial=0.0))
    gap = np.abs(np.where(finite, mine, 0.0) - np.where(finite, theirs, 0.0))
    if within == _QUANTISED and _mean_square_root(gap) > _MEAN_STEP * scale:
        rtol, atol = own
    agrees = np.where(finite, gap <= rtol * magnitudes + max(atol * scale, floor), same)
    return Difference(
        output=name,
        dtype=str(reference.dtype),
        shape=reference.shape,
        largest=float(gap.max(initial=0.0)) if (finite | same).all() else float("inf"),
        scale=scale,
        mismatched=int(agrees.size - np.count_nonzero(agrees)),
        elements=reference.size,
        note=_note(reference),
    )


def _mean_square_root(gap: Array) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(np.square(gap)))) if gap.size else 0.0


def _exact(name: str, ours: Array, reference: Array, within: str) -> Difference:
    import numpy as np

    steps = _STEPS.get(str(reference.dtype), 0)
    # uint64 fits no signed type: compared as Python's own integers, exactly.
    wide = object if reference.dtype == np.uint64 else np.int64
    gap = np.abs(ours.astype(wide) - reference.astype(wide))
    mismatched = int(np.count_nonzero(gap > steps))
    note = _note(reference)
    if within == _QUANTISED and 0 < mismatched <= _TIED_SHARE * reference.size:
        note = f"{mismatched} of {reference.size} elements differ, as ties between levels may"
        mismatched = 0
    return Difference(
        output=name,
        dtype=str(reference.dtype),
        shape=reference.shape,
        largest=float(gap.max(initial=0)),
        scale=float(np.abs(reference.astype(np.float64)).max(initial=0.0)),
        mismatched=mismatched,
        elements=reference.size,
        note=note,
    )


def _note(reference: Array) -> str:
    """A flat output agrees with nearly any compiler: say so instead of calling it proof.

    Flat is also a saturated softmax: one value but for a few elements.
    """
    import numpy as np

    if not reference.size:
        return "the reference has no elements here, so little is proven"
    if reference.size < 2:
        return ""
    middle = np.partition(reference, reference.size // 2, axis=None)[reference.size // 2]
    share = np.count_nonzero(reference == middle) / reference.size
    if share < _FLAT_SHARE:
        return ""
    return f"{share:.1%} of the reference is one and the same value, so little is proven"
