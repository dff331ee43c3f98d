"""LSTM, GRU and RNN in every form their schema allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.compiler.frontends.onnx.harness import assert_same

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, WIDTH, HIDDEN = 3, 2, 4, 5


def recurrent_model(
    kind: str,
    *,
    lengths: bool = False,
    peepholes: bool = False,
    steps: int = STEPS,
    hidden: int = HIDDEN,
    **attributes: Any,
) -> Any:
    random = np.random.default_rng(3)
    count = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[kind] * hidden
    shapes = {"w": (count, rows, WIDTH), "r": (count, rows, hidden), "b": (count, 2 * rows)}
    if peepholes:
        shapes["p"] = (count, 3 * hidden)
    weights = {
        name: (random.standard_normal(shape) / 2).astype(np.float32)
        for name, shape in shapes.items()
    }
    # Of many units with large weights a layer is chaotic, and rounding grows with each step.
    weights["r"] *= np.float32(2 / np.sqrt(hidden))
    inputs = ["x", "w", "r", "b", "l" if lengths else ""]
    if peepholes:
        inputs += ["", "", "p"]
    if lengths:
        weights["l"] = np.array([steps - 1, steps], np.int32)
    outputs = ["y", "h"] + (["c"] if kind == "LSTM" else [])
    node = helper.make_node(kind, inputs, outputs, hidden_size=hidden, **attributes)
    graph = helper.make_graph(
        [node],
        kind,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [steps, BATCH, WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 14)])


CASES = {
    "lstm": ("LSTM", {}),
    "lstm_both_ways": ("LSTM", {"direction": "bidirectional"}),
    "lstm_lengths_backwards": ("LSTM", {"direction": "reverse", "lengths": True}),
    "lstm_peepholes": ("LSTM", {"peepholes": True}),
    "gru": ("GRU", {}),
    "gru_linear_before_reset": (
        "GRU",
        {"linear_before_reset": 1, "direction": "bidirectional", "lengths": True},
    ),
    "rnn_relu": ("RNN", {"activations": ["Relu"], "clip": 0.5}),
}


@pytest.mark.parametrize("name", CASES)
def test_recurrent_layer_matches_onnxruntime(name: str) -> None:
    kind, options = CASES[name]
    assert_same(recurrent_model(kind, **options))


@pytest.mark.parametrize("name", CASES)
def test_long_sequence_matches_onnxruntime(name: str) -> None:
    kind, options = CASES[name]
    hidden = 16 if name in ("lstm", "gru") else HIDDEN  # whole vectors, or none
    assert_same(recurrent_model(kind, steps=40, hidden=hidden, **options))


@pytest.mark.parametrize("name", ["lstm_lengths_backwards", "gru", "gru_linear_before_reset"])
def test_steps_that_threads_share_match_onnxruntime(name: str) -> None:
    # Large enough to be shared, and no whole number of panels.
    kind, options = CASES[name]
    assert_same(recurrent_model(kind, steps=20, hidden=136, **options))


@pytest.mark.parametrize("rows", [(2,), (2, 20)], ids=["one scale", "a scale per gate"])
def test_an_lstm_of_bytes_is_what_its_weights_stand_for(rows: tuple[int, ...]) -> None:
    model = recurrent_model("LSTM", direction="bidirectional")
    node = model.graph.node[0]
    node.op_type, node.domain = "DynamicQuantizeLSTM", "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    scale = np.full(rows, 0.01, np.float32)
    for tensor in model.graph.initializer:
        if tensor.name in ("w", "r"):
            # Rows last, as onnxruntime wants them.
            levels = numpy_helper.to_array(tensor).transpose(0, 2, 1) / np.float32(0.01)
            whole = np.clip(np.round(levels), -127, 127).astype(np.int8)
            tensor.CopyFrom(numpy_helper.from_array(whole, tensor.name))
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(scale, "scale"),
            numpy_helper.from_array(np.zeros(rows, np.int8), "zero"),
        ]
    )
    node.input.extend(["", "", "", "scale", "zero", "scale", "zero"])
    assert_same(model, atol=0.02)
