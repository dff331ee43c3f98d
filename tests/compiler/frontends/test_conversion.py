"""Models of other frameworks on their way to ONNX."""

from __future__ import annotations

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
