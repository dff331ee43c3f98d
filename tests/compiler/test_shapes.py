"""Ranges of sizes and lists of shapes, as flags and DataInputConfig have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request


def shapes(data_input_config: str, **inputs: Any) -> list[list[tuple[int, ...]]]:
    """The shapes of the inputs, set by set."""
    asked = compile_request(
        Path("m.onnx"), output=Path(), data_input_config=data_input_config, inputs=inputs
    )
    return [list(each.values()) for each in asked.buckets or (asked.inputs,)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"x": ["1..3", 4]}', [[(1, 4)], [(2, 4)], [(3, 4)]]),
        ('{"x": {"shape": ["2..3"], "default_shape": [2]}}', [[(2,)], [(3,)]]),
        ('{"x": {"shape": [[8, 4], [1, 4]]}}', [[(1, 4)], [(8, 4)]]),
        ('[["1..2", 4]]', [[(1, 4)], [(2, 4)]]),
        ('{"x": ["5..5", 4]}', [[(5, 4)]]),
        ('{"x": {"shape": [[1, 4]]}}', [[(1, 4)]]),
        ('{"x": ["1..2", 9], "y": ["1..2"]}', [[(1, 9), (1,)], [(2, 9), (2,)]]),
        ('{"x": ["1..2", "3..4"]}', [[(1, 3)], [(1, 4)], [(2, 3)], [(2, 4)]]),
        (
            '{"x": {"shape": [[1], [2]]}, "y": {"shape": [[5], [6]]}}',
            [[(1,), (5,)], [(2,), (6,)]],
        ),
        ('{"x": {"shape": [["1..2"], [2]]}}', [[(1,)], [(2,)]]),
    ],
    ids=[
        "range",
        "with-default",
        "list",
        "nameless",
        "one-size",
        "one-shape",
        "same-range",
        "two-ranges",
        "lists-in-step",
        "twice-the-same",
    ],
)
def test_sets_of_shapes_come_smallest_first(written: str, expected: list[Any]) -> None:
    assert shapes(written) == expected


def test_flags_beat_the_text_and_the_largest_stands_for_all() -> None:
    asked = compile_request(
        Path("m.onnx"),
        output=Path(),
        data_input_config='{"x": [1, 4]}',
        inputs={"x": ["1..2", 4]},
    )

    assert asked.buckets == ({"x": (1, 4)}, {"x": (2, 4)})
    assert asked.inputs == {"x": (2, 4)}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"x": ["1..17", 4]}', "17 sets of shapes, and a package holds 16"),
        ('{"x": ["1..99999999999999999999"]}', "sets of shapes"),
        ('{"x": ["1..-1", 4]}', "a range without an end"),
        ('{"x": ["..4"]}', "a range without an end or without a beginning"),
        ('{"x": ["4..1"]}', "which is empty"),
        ('{"x": ["1", 4]}', "not a list of positive integers"),
        ('{"x": {"shape": [[1], [2]]}, "y": {"shape": [[1], [2], [3]]}}', "'x' has 2 shapes"),
    ],
    ids=["many", "huge", "open", "from-nothing", "backwards", "text", "out-of-step"],
)
def test_what_cannot_be_bounded_is_refused(written: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        shapes(written)

    assert caught.value.hint
