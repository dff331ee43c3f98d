"""Models of other frameworks on their way to ONNX."""

from __future__ import annotations

import pytest
from onnx import checker, parser

from sagectl.compiler.frontends.conversion import first_line, renamed

BRANCHED = """<ir_version: 9, opset_import: ["": 18]>
g (float[2] x_1, bool c) => (float[2] y) {
  y = If (c) <
    then_branch = t () => (float[2] a) { a = Neg(x_1) },
    else_branch = e () => (float[2] b) { b = Abs(x_1) }
  >
}"""


def test_branches_read_inputs_by_their_new_names() -> None:
    model = parser.parse_model(BRANCHED)

    renamed(model, {"x_1": "x"})

    checker.check_model(model)
    assert [each.name for each in model.graph.input] == ["x", "c"]


def test_messages_of_libraries_come_without_colours() -> None:
    assert first_line(ValueError("\x1b[96mno such operator\x1b[0m\nmore")) == "no such operator"


PLACE = "in user code:\n  File 'net.py', line 3\n    call(x)\n\n"
LAYER = "Exception encountered when calling Net.call().\n\n"
CAUSE = "ValueError: no such shape"


@pytest.mark.parametrize(
    "text",
    [
        f"{PLACE}  {CAUSE}\n",
        f"Traceback (most recent call last):\n  File 'net.py'\n{CAUSE}",
        f"{LAYER}{CAUSE}\n\nArguments received: x",
        f"{PLACE}  TypeError: {LAYER}  {CAUSE}\n  Arguments received: x",
    ],
    ids=["traced", "traceback", "layer", "traced-layer"],
)
def test_messages_that_begin_with_the_place_are_told_by_the_cause(text: str) -> None:
    assert first_line(ValueError(text)) == CAUSE
