"""The sets of shapes that sizes, ranges of sizes and lists of shapes ask for."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sagectl.compiler.errors import RequestError

Shape = tuple[int, ...]
# A shape in which sizes may be ranges, such as ("1..8", 3, 224, 224).
Pattern = tuple[int | range, ...]

# Each set of shapes is a compilation, and code of its own in the package.
MOST = 16
_RANGE = re.compile(r"\s*([1-9][0-9]*)\s*\.\.\s*([1-9][0-9]*)\s*")
_SHOWN = 80


def shape_sets(given: Mapping[str, Any]) -> tuple[dict[str, Shape], ...]:
    """Every set of shapes of the inputs that ``given`` asks for, the largest last.

    A value is a shape, or a mapping with one as its ``shape``, as Core ML's configurations
    have it: a size may be a range, ``"1..8"``, and the shape a list of shapes. A range that is
    written twice is one size; lists of shapes go in step. Raises RequestError.
    """
    choices = {name: _choices(name, value) for name, value in given.items()}
    steps = max((len(each) for each in choices.values()), default=1)
    for name, found in choices.items():
        if len(found) not in (1, steps):
            raise refused(
                f"Input {name!r} has {len(found)} shapes, another input {steps}",
                "Give as many of each: the first go together, the second, and so on.",
            )
    patterns = [
        {name: found[step % len(found)] for name, found in choices.items()}
        for step in range(steps)
    ]
    _check_number(patterns)
    sets = [shapes for pattern in patterns for shapes in _filled(pattern)]
    unique = {tuple(shapes.items()): shapes for shapes in sets}
    return tuple(sorted(unique.values(), key=_size))


def words(shapes: Mapping[str, Sequence[int]]) -> str:
    """A set of shapes in words, such as ``x=[1, 64]``."""
    return ", ".join(f"{name}={list(shape)}" for name, shape in shapes.items())


def refused(message: str, hint: str) -> RequestError:
    """What the asker has to mend of the inputs."""
    return RequestError(message, stage="import", reason="input", hint=hint)


def excerpt(text: str, limit: int = _SHOWN) -> str:
    """The beginning of a text that may be very long."""
    return text if len(text) <= limit else f"{text[:limit]}..."


def _choices(name: str, given: Any) -> list[Pattern]:
    value = given.get("shape", given) if isinstance(given, Mapping) else given
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if is_list and value and all(isinstance(each, list | tuple) for each in value):
        return [_pattern(name, each) for each in value]
    return [_pattern(name, value)]


def _pattern(name: str, given: Any) -> Pattern:
    if isinstance(given, Sequence) and not isinstance(given, str):
        sizes = [_size_of(name, size) for size in given]
        if all(sizes):
            return tuple(size for size in sizes if size is not None)
    raise refused(
        f"The shape of input {name!r} is {excerpt(repr(given))}, "
        "not a list of positive integers",
        "Write it as [1, 3, 224, 224].",
    )


def _size_of(name: str, given: Any) -> int | range | None:
    """A size or a range of several; None for what is neither."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given if given > 0 else None
    if not isinstance(given, str) or ".." not in given:
        return None
    found = _RANGE.fullmatch(given)
    if found is None:
        raise refused(
            f"Input {name!r} has the size {excerpt(repr(given))}, a range without an end "
            "or without a beginning",
            "Code is made for each size: write all of them as 1..8.",
        )
    first, last = map(int, found.groups())
    if last < first:
        raise refused(f"Input {name!r} has the range {given!r}, which is empty", "Turn it.")
    return first if first == last else range(first, last + 1)


def _check_number(patterns: Sequence[Mapping[str, Pattern]]) -> None:
    # Not len, which has no more than sys.maxsize.
    number = sum(
        math.prod(each.stop - each.start for each in _ranges(pattern)) for pattern in patterns
    )
    if number > MOST:
        raise refused(
            f"The inputs have {number} sets of shapes, and a package holds {MOST} at most: "
            "code is made for each",
            "Name those that are needed, one by one: --input x=1,64 --input x=8,64 or "
            """{"x": {"shape": [[1, 64], [8, 64]]}}.""",
        )


def _ranges(pattern: Mapping[str, Pattern]) -> list[range]:
    sizes = itertools.chain.from_iterable(pattern.values())
    return list(dict.fromkeys(size for size in sizes if isinstance(size, range)))


def _filled(pattern: Mapping[str, Pattern]) -> list[dict[str, Shape]]:
    """A set of shapes for each size of each range."""
    ranges = _ranges(pattern)
    filled = []
    for sizes in itertools.product(*ranges):
        chosen = dict(zip(ranges, sizes, strict=True))
        filled.append(
            {
                name: tuple(chosen[size] if isinstance(size, range) else size for size in shape)
                for name, shape in pattern.items()
            }
        )
    return filled


def _size(shapes: Mapping[str, Shape]) -> tuple[int, list[Shape]]:
    return sum(math.prod(shape) for shape in shapes.values()), list(shapes.values())
