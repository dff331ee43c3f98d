"""DataInputConfig: the names and shapes of a model's inputs, by framework."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sagectl.manifest.wording import shown
from sagectl.schema.rules.rule import Breach, Rule, given, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATH = "InputConfig.DataInputConfig"
WITHOUT_INPUTS = frozenset(("XGBOOST", "SKLEARN"))  # trees take rows of any batch
NAMELESS = frozenset(("PYTORCH",))  # inputs of these may come as a list, without names
_RANGE = r"[1-9][0-9]*\.\.(?:[1-9][0-9]*|-1)"
_EXAMPLE = 'Such as {"data": [1, 3, 224, 224]}.'


@lru_cache(256)
def _parsed(written: str) -> tuple[Any, str]:
    """What ``written`` holds as JSON, and what is wrong with it."""
    try:
        return json.loads(written), ""
    except ValueError as error:
        return None, str(error)
    except RecursionError:
        return None, "nested too deep"


def _required(params: Mapping[str, Any]) -> Iterator[Breach]:
    framework = text(params, "InputConfig.Framework")
    if framework is None or framework in WITHOUT_INPUTS:
        return
    if given(params, PATH) is None:
        said = f"is required, and missing: {framework} models need the shapes of their inputs"
        yield Breach(PATH, said, _EXAMPLE)


def _syntax(params: Mapping[str, Any]) -> Iterator[Breach]:
    written = text(params, PATH)
    if written is None or text(params, "InputConfig.Framework") in WITHOUT_INPUTS:
        return
    found, problem = _parsed(written)
    if problem:
        hint = "JSON puts names in double quotes." if "'" in written else _EXAMPLE
        yield Breach(PATH, f"is not JSON: {problem}", hint)
    elif not isinstance(found, dict | list):
        yield Breach(PATH, f"must be a JSON object, not {shown(found)}", _EXAMPLE)


def _shapes(params: Mapping[str, Any]) -> Iterator[Breach]:
    written, framework = text(params, PATH), text(params, "InputConfig.Framework")
    if written is None or framework in WITHOUT_INPUTS:
        return
    found, _ = _parsed(written)
    if isinstance(found, list) and framework is not None and framework not in NAMELESS:
        said = f"is a list of shapes, and {framework} models need the names of their inputs"
        yield Breach(PATH, said, _EXAMPLE)
    elif isinstance(found, dict | list) and not found:
        yield Breach(PATH, "names no input", _EXAMPLE)
    elif isinstance(found, dict):
        for name, shape in found.items():
            yield from _input(shape, f"the input {name!r}")
    elif isinstance(found, list):
        for index, shape in enumerate(found):
            yield from _input(shape, f"input {index}")


def _input(shape: Any, label: str) -> Iterator[Breach]:
    """Breaches by one input: a list of sizes, or a mapping that has one as its ``shape``."""
    if isinstance(shape, dict):
        if "shape" not in shape:
            yield Breach(PATH, f"{label} has no shape", 'Such as {"shape": [1, 3, 224, 224]}.')
            return
        shape = shape["shape"]
        if isinstance(shape, list) and shape and all(isinstance(item, list) for item in shape):
            for choice in shape:
                yield from _sizes(choice, label)
            return
    yield from _sizes(shape, label)


def _sizes(shape: Any, label: str) -> Iterator[Breach]:
    if not isinstance(shape, list):
        said = f"{label} must be a list of sizes, not {shown(shape)}"
        yield Breach(PATH, said, _EXAMPLE)
        return
    for size in shape:
        is_whole = isinstance(size, int) and not isinstance(size, bool) and size > 0
        if not is_whole and not (isinstance(size, str) and re.fullmatch(_RANGE, size)):
            said = f"{label} has the size {shown(size)}; sizes are positive integers"
            hint = "Fix every dimension, the batch too." if size in (-1, 0, None) else None
            yield Breach(PATH, said, hint)


_SOURCE = "API reference, InputConfig"
INPUT_RULES = (
    Rule(
        "compile.inputs-required",
        "DataInputConfig is given, except for XGBOOST and SKLEARN.",
        f"{_SOURCE}; required by the shape until 2023, derived for some models since",
        _required,
        is_lenient=True,
    ),
    Rule(
        "compile.inputs-syntax", "DataInputConfig is JSON.", _SOURCE, _syntax, is_lenient=True
    ),
    Rule(
        "compile.inputs-shapes",
        "Inputs map names to shapes of positive integers; PYTORCH takes a list of shapes too.",
        _SOURCE,
        _shapes,
        is_lenient=True,
    ),
)
