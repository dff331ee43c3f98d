"""Patterns written for Java, matched by Python."""

from __future__ import annotations

import json
import time
import warnings
from typing import TYPE_CHECKING

import pytest

from sagectl.schema.patterns import matcher
from sagectl.schema.pruning import MANAGED

if TYPE_CHECKING:
    from sagectl.schema.model import ServiceModel

TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
GROUP = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        pytest.param(TAG, "cost-center", True, id="ascii-letters"),
        pytest.param(TAG, "Kostenstelle Köln", True, id="umlaut"),
        pytest.param(TAG, "部署", True, id="ideographs"),
        pytest.param(TAG, "a\u00a0b", True, id="wide-space"),
        pytest.param(TAG, "a!b", False, id="punctuation"),
        pytest.param(TAG, "a\nb", False, id="newline"),
        pytest.param(TAG, "٣", True, id="arabic-digit"),
        pytest.param(GROUP, "e\u0301quipe", True, id="combining-mark"),
        pytest.param(GROUP, "😀", True, id="symbol-beyond-the-first-plane"),
        pytest.param(GROUP, "two words", False, id="space"),
        pytest.param(GROUP, "\u200b", False, id="format-character"),
        pytest.param(r"\P{L}+", "123", True, id="negated"),
        pytest.param(r"\P{L}+", "12é", False, id="negated-letter"),
        pytest.param(r"\p{IsAlphabetic}+", "Ünïcode", True, id="binary-property"),
        pytest.param(r"\p{Lu}\p{Ll}+", "Éa", True, id="two-letter-category"),
        pytest.param(r"\pL+", "é", True, id="without-braces"),
        pytest.param(r"arn:[\p{Alnum}\-]+", "arn:aws-cn", True, id="posix"),
        pytest.param(r"\p{Alnum}+", "é", False, id="posix-is-ascii"),
        pytest.param(r"[\w-]+_[0-9a-zA-Z]+", "é_1", False, id="word-is-ascii"),
        pytest.param(r"\d{12}", "١٢٣٤٥٦٧٨٩٠١٢", False, id="digit-is-ascii"),
        pytest.param(r"[a-z]+", "abc\n", False, id="trailing-newline"),
        pytest.param(r"^[a-z]+$", "abc\n", False, id="anchored-trailing-newline"),
        pytest.param(r"x[a-z]+", "abxa", False, id="whole-value"),
        pytest.param(".+", "a\rb", False, id="dot-stops-at-carriage-return"),
        pytest.param(".+", "a\u2028b", False, id="dot-stops-at-line-separator"),
        pytest.param(r"[\S\s]+", "a\nb", True, id="anything"),
        pytest.param(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a😀", True,
                     id="surrogate-range"),
        pytest.param(r"([\p{L}]*)${1,128}", "abc", True, id="repeated-anchor"),
        pytest.param(r"\p{InNoSuchBlock}+", "left to the service", True, id="unknown-class"),
    ],
)  # fmt: skip
def test_a_pattern_matches_as_in_java(pattern: str, text: str, fits: bool) -> None:
    assert bool(matcher(pattern)(text)) is fits


def test_every_pattern_of_the_installed_model_compiles(
    installed_shapes: dict[str, dict[str, str]],
) -> None:
    patterns = {shape["pattern"] for shape in installed_shapes.values() if "pattern" in shape}
    assert len(patterns) > 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for pattern in patterns:
            matcher(pattern)("a text")


def test_no_pattern_of_ours_runs_away(model: ServiceModel) -> None:
    """Backtracking stays linear on texts made to provoke it, as long as the field admits."""
    texts = ("a" * 2000, "-" * 2000, "a-" * 1000, "a" * 1999 + "!", "1:" * 1000, "é" * 2000)
    prefixes = ("", "arn:aws:", "s3://", "https://", "arn:aws:iam::123456789012:role/")
    patterns = _patterns(model)
    assert patterns
    start = time.process_time()
    for pattern, longest in patterns.items():
        match = matcher(pattern)
        for text in texts:
            for prefix in prefixes:
                match((prefix + text)[: int(longest)])
                match((prefix + text)[: int(longest) - 1] + "\n")
    assert time.process_time() - start < 5


def _patterns(model: ServiceModel) -> dict[str, float]:
    """The patterns of all input shapes, with the longest text each field takes."""
    patterns: dict[str, float] = {}
    pending = [model.operation(name).input_shape for name in MANAGED]
    met = set()
    while pending:
        shape = pending.pop()
        if shape.name in met:
            continue
        met.add(shape.name)
        if shape.pattern:
            patterns[shape.pattern] = max(patterns.get(shape.pattern, 0), shape.max or 10_000)
        if shape.type == "structure":
            pending += shape.members.values()
        if shape.type == "list":
            pending.append(shape.member)
        if shape.type == "map":
            pending += [shape.key, shape.value]
    return patterns


@pytest.fixture(scope="module")
def installed_shapes() -> dict[str, dict[str, str]]:
    import gzip
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("botocore")
    assert spec is not None
    [root] = spec.submodule_search_locations or ()
    [file] = Path(root, "data", "sagemaker").glob("*/service-2.json*")
    shapes: dict[str, dict[str, str]] = json.loads(gzip.decompress(file.read_bytes()))["shapes"]
    return shapes
