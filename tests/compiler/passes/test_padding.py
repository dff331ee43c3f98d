"""Pads in front of convolutions, as exporters of other frameworks write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper

from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.passes.pipeline import optimized
from tests.compiler.schedules.workbench import Array, drawn, expected, host, model, node, run

WEIGHTS = {
    "w1": drawn(32, 32, 3, seed=1) / 8,
    "w2": drawn(32, 32, 3, 3, seed=1) / 16,
    "w3": drawn(32, 32, 3, 3, 3, seed=1) / 32,
    "few": drawn(32, 16, 3, 3, seed=2) / 16,
}
IMAGE = (1, 32, 9, 11)


def padded(
    pads: list[int], *after: Any, source: tuple[int, ...] = IMAGE, fill: float = 0
) -> Any:
    weights = {
        **WEIGHTS,
        "pads": np.array(pads, np.int64),
        "fill": np.float32(fill).reshape(()),
    }
    used = {name for each in after for name in each.input} | {"pads", "fill"}
    return model(
        [node("Pad", ["x", "pads", "fill"], "p"), *after],
        {"x": source},
        {name: value for name, value in weights.items() if name in used},
    )


def compiled(proto: Any) -> tuple[list[str], Array, Array]:
    """The loop nests, their result and onnxruntime's."""
    source = tuple(d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim)
    module = import_model(proto, {"x": list(source)}).module
    names = [name.name_hint for name, _ in optimized(module, host()).functions_items()]
    feeds = {"x": drawn(*source, seed=3)}
    return names, run(module, feeds), expected(proto, feeds)


@pytest.mark.parametrize(
    ("source", "pads", "convolution"),
    [
        pytest.param((1, 32, 21), [0, 0, 2, 0, 0, 1], node("Conv", ["p", "w1"]), id="signal"),
        pytest.param(IMAGE, [0, 0, 1, 1, 0, 0, 1, 1], node("Conv", ["p", "w2"]), id="image"),
        pytest.param(
            IMAGE,
            [0, 0, 0, 0, 0, 0, 1, 2],
            node("Conv", ["p", "w2"], strides=[2, 2]),
            id="last",
        ),
        pytest.param(
            IMAGE,
            [0, 0, 0, 1, 0, 0, 2, 0],
            node("Conv", ["p", "w2"], pads=[1, 0, 0, 3], dilations=[2, 1]),
            id="twice",
        ),
        pytest.param(
            IMAGE, [0, 0, 1, 2, 0, 0, 0, 1], node("Conv", ["p", "few"], group=2), id="groups"
        ),
        pytest.param(
            (1, 32, 4, 5, 6),
            [0, 0, 0, 1, 2, 0, 0, 0, 0, 1],
            node("Conv", ["p", "w3"], strides=[1, 2, 1]),
            id="volume",
        ),
    ],
)
def test_a_convolution_takes_up_the_pad_before_it(
    source: tuple[int, ...], pads: list[int], convolution: Any
) -> None:
    names, made, wanted = compiled(padded(pads, convolution, source=source))
    assert not any("pad" in name for name in names)
    np.testing.assert_allclose(made, wanted, rtol=3e-5, atol=3e-5)


def test_a_volume_is_padded_along_its_depth_too() -> None:
    convolution = node("Conv", ["p", "w3"], strides=[2, 1, 1])
    proto = padded([0, 0, 2, 1, 0, 0, 0, 1, 1, 0], convolution, source=(1, 32, 4, 5, 6))
    _, made, wanted = compiled(proto)
    np.testing.assert_allclose(made, wanted, rtol=3e-5, atol=3e-5)


def test_every_reader_of_a_pad_takes_it_up() -> None:
    proto = padded(
        [0, 0, 1, 1, 0, 0, 1, 1],
        node("Conv", ["p", "w2"], "c"),
        node("Conv", ["p", "w2"], "d", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("GlobalAveragePool", ["c"], "e"),
        node("Add", ["d", "e"]),
    )
    names, made, wanted = compiled(proto)
    assert not any("pad" in name for name in names)
    np.testing.assert_allclose(made, wanted, rtol=3e-5, atol=3e-5)


@pytest.mark.parametrize(
    ("pads", "fill", "weights"),
    [
        pytest.param([0, 0, 1, 1, 0, 0, 1, 1], 0.5, "w2", id="not-zero"),
        pytest.param([1, 0, 1, 1, 0, 0, 1, 1], 0, "w2", id="batch"),
        pytest.param([0, 0, 1, 1, 0, 16, 1, 1], 0, "w2", id="channels"),
    ],
)
def test_a_pad_that_is_no_frame_of_zeros_stays(
    pads: list[int], fill: float, weights: str
) -> None:
    source = (1, 32 - pads[5], 9, 11)
    proto = padded(pads, node("Conv", ["p", weights]), source=source, fill=fill)
    names, made, wanted = compiled(proto)
    assert any("pad" in name for name in names)
    np.testing.assert_allclose(made, wanted, rtol=3e-5, atol=3e-5)


def test_a_pad_before_a_pool_stays_in_blocks() -> None:
    weights = {"w2": WEIGHTS["w2"], "pads": np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64)}
    nodes = [
        node("Conv", ["x", "w2"], "c", pads=[1, 1, 1, 1]),
        node("Pad", ["c", "pads"], "p"),
        node("MaxPool", ["p"], "m", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["m", "w2"], pads=[1, 1, 1, 1]),
    ]
    names, made, wanted = compiled(model(nodes, {"x": IMAGE}, weights))
    assert sum("unpack" in name for name in names) == 1
    np.testing.assert_allclose(made, wanted, rtol=3e-5, atol=3e-5)


def test_half_precision_is_padded_as_float32_is() -> None:
    proto = padded([0, 0, 1, 0, 0, 0, 0, 1], node("Cast", ["p"], to=1))
    proto.graph.input[0].type.tensor_type.elem_type = 10
    proto.graph.initializer[1 if proto.graph.initializer[1].name == "fill" else 0].CopyFrom(
        helper.make_tensor("fill", 10, [], [0.0])
    )
    feeds = {"x": drawn(*IMAGE, seed=3).astype(np.float16)}
    made = run(import_model(proto, {"x": list(IMAGE)}).module, feeds)
    np.testing.assert_array_equal(made, expected(proto, feeds))
