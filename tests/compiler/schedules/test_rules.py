"""Every rule against onnxruntime and against its own nest unscheduled, odd shapes included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import Decision, scheduled
from tests.compiler.schedules.workbench import (
    answer,
    calls,
    drawn,
    expected,
    host,
    imported,
    model,
    node,
)


def convolution(
    image: tuple[int, ...], outputs: int, size: tuple[int, int] = (3, 3), **attributes: Any
) -> Any:
    groups = attributes.get("group", 1)
    attributes.setdefault("pads", [size[0] // 2, size[1] // 2] * 2)
    weights = {
        "w": drawn(outputs, image[1] // groups, *size, seed=1) / 4,
        "b": drawn(outputs, seed=2),
    }
    nodes = [node("Conv", ["x", "w", "b"], "c", **attributes), node("Relu", ["c"])]
    return model(nodes, {"x": image}, weights)


def volume(
    source: tuple[int, ...], outputs: int, size: tuple[int, ...], *after: Any, **attributes: Any
) -> Any:
    """A convolution of a volume, a batch norm, and what comes after it."""
    weights = {
        "w": drawn(outputs, source[1] // attributes.get("group", 1), *size, seed=1) / 4,
        "b": drawn(outputs, seed=2),
        "v": drawn(outputs, outputs, 3, 1, 1, seed=3) / 4,
        "one": np.ones(outputs, np.float32),
    }
    norm = node("BatchNormalization", ["c", "b", "b", "b", "one"], "n" if after else "y")
    nodes = [node("Conv", ["x", "w", "b"], "c", **attributes), norm, *after]
    return model(nodes, {"x": source}, weights)


def pooling(operator: str, image: tuple[int, ...], **attributes: Any) -> Any:
    """Pooling in blocked layout, after a convolution that brings it there."""
    weights = {"w": drawn(image[1], image[1], 1, 1, seed=1)}
    nodes = [node("Conv", ["x", "w"], "c"), node(operator, ["c"], **attributes)]
    return model(nodes, {"x": image}, weights)


def dense(rows: int, depth: int, columns: int, *outer: int) -> Any:
    weights = {"w": drawn(depth, columns, seed=1), "b": drawn(columns, seed=2)}
    nodes = [node("MatMul", ["x", "w"], "m"), node("Add", ["m", "b"])]
    return model(nodes, {"x": (*(outer or (1,)), rows, depth)}, weights)


def attention(rows: int, others: int, depth: int) -> Any:
    nodes = [
        node("Transpose", ["k"], "t", perm=[0, 2, 3, 1]),
        node("Transpose", ["x"], "q", perm=[0, 2, 1, 3]),
        node("MatMul", ["q", "t"]),
    ]
    return model(nodes, {"x": (1, rows, 3, depth), "k": (1, others, 3, depth)})


def transposed(image: tuple[int, ...], outputs: int, size: tuple[int, ...], **rest: Any) -> Any:
    weights = {"w": drawn(image[1], outputs, *size, seed=1) / 4, "b": drawn(outputs, seed=2)}
    return model([node("ConvTranspose", ["x", "w", "b"], **rest)], {"x": image}, weights)


def unary(operator: str, shape: tuple[int, ...], **attributes: Any) -> Any:
    return model([node(operator, ["x"], **attributes)], {"x": shape})


MODELS = {
    "convolution": convolution((1, 32, 14, 14), 32),
    "winograd-ragged": convolution((2, 20, 17, 13), 40),
    "winograd-uneven": convolution((1, 16, 18, 15), 16, pads=[0, 1, 2, 0]),
    "strided": convolution((1, 32, 15, 15), 48, strides=[2, 2]),
    "dilated": convolution((1, 16, 17, 17), 16, dilations=[2, 2], pads=[2, 2, 2, 2]),
    "dilated-beyond": convolution((1, 16, 7, 9), 16, dilations=[8, 6], pads=[8, 6, 8, 6]),
    "dilated-beyond-one-side": convolution(
        (1, 4, 6, 6), 16, dilations=[6, 1], pads=[8, 0, 4, 2]
    ),
    "larger-than-image": convolution((1, 16, 2, 1), 24, (5, 5)),
    "larger-than-image-strided": convolution((1, 8, 2, 3), 24, (5, 5), strides=[2, 3]),
    "larger-depthwise": convolution((1, 16, 2, 2), 16, (7, 7), group=16),
    "pointwise": convolution((1, 48, 7, 7), 64, (1, 1)),
    "few-inputs": convolution((1, 3, 33, 31), 24, (7, 7), strides=[2, 2]),
    "ragged-channels": convolution((1, 20, 9, 9), 37),
    "prime-width": convolution((2, 16, 5, 37), 16),
    "large-image-many-weights": convolution((1, 256, 36, 40), 256, (1, 1)),
    "one-pixel": convolution((1, 64, 1, 1), 40, (1, 1)),
    "uneven-padding": convolution((1, 16, 8, 8), 16, pads=[0, 1, 2, 0]),
    "oblong": convolution((1, 16, 12, 12), 16, (1, 7)),
    "upright": convolution((2, 24, 41, 1), 40, (3, 1), strides=[2, 1]),
    "upright-many-inputs": convolution((1, 1024, 9, 1), 32, (5, 1)),
    "many-inputs": convolution((1, 512, 4, 4), 32),
    "depthwise": convolution((1, 32, 14, 14), 32, group=32),
    "depthwise-strided": convolution((1, 40, 15, 15), 40, (5, 5), group=40, strides=[2, 2]),
    "depthwise-in-rows": convolution((2, 6, 9, 48), 6, (5, 3), group=6, pads=[2, 0, 1, 2]),
    "grouped-in-rows": convolution((1, 12, 40, 32), 24, group=3, strides=[2, 1]),
    "average-in-rows": unary("AveragePool", (1, 3, 7, 32), kernel_shape=[3, 3], pads=[1] * 4),
    "depthwise-multiplied": convolution((2, 20, 9, 9), 60, group=20, strides=[2, 2]),
    "grouped": convolution((1, 32, 9, 9), 64, group=4),
    "grouped-ragged": convolution((1, 36, 9, 9), 60, (1, 1), group=4),
    "cardinality": convolution((1, 64, 8, 8), 64, group=16),
    "maximum": pooling("MaxPool", (1, 32, 13, 13), kernel_shape=[3, 3], strides=[2, 2]),
    "maximum-padded": pooling(
        "MaxPool", (1, 20, 12, 12), kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]
    ),
    "ceiling": pooling(
        "MaxPool", (1, 16, 12, 12), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1
    ),
    "average": pooling("AveragePool", (1, 16, 12, 12), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "average-all": pooling(
        "AveragePool", (1, 16, 9, 9), kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1
    ),
    "global-average": pooling("GlobalAveragePool", (1, 40, 7, 7)),
    "dense": dense(64, 48, 96),
    "dense-ragged": dense(19, 33, 37),
    "single-row": dense(1, 256, 100),
    "single-column": dense(40, 77, 1),
    "single-column-of-one-row": dense(1, 48, 1),
    "single-column-short": dense(9, 3, 1, 2, 2),
    "few-columns": dense(5, 12, 3),
    "steps-of-one-row": dense(1, 48, 64, 30),
    "runs-of-few-rows": dense(3, 33, 37, 5, 7),
    "runs-of-uneven-rows": dense(7, 40, 48, 1, 7),
    "many-runs-of-few-rows": dense(7, 40, 48, 63),
    "batches-of-rows": dense(20, 32, 48, 3),
    "attention": attention(40, 40, 16),
    "attention-ragged": attention(23, 29, 16),
    "softmax": unary("Softmax", (4, 77), axis=-1),
    "softmax-short": unary("Softmax", (3, 5), axis=-1),
    "softmax-channels": unary("Softmax", (1, 21, 6, 6), axis=1),
    "log-softmax": unary("LogSoftmax", (4, 32), axis=-1),
    "mean-last": unary("ReduceMean", (3, 50), axes=[-1]),
    "mean-first": unary("ReduceMean", (7, 33), axes=[0]),
    "maximum-all": unary("ReduceMax", (5, 7), keepdims=1),
    "sum-middle": unary("ReduceSum", (2, 9, 16)),
    "argument": model(
        [node("ArgMax", ["x"], "a", axis=-1), node("Cast", ["a"], to=1)], {"x": (6, 41)}
    ),
    "transpose": unary("Transpose", (3, 17, 20), perm=[0, 2, 1]),
    "concat": model([node("Concat", ["x", "z"], axis=1)], {"x": (1, 5, 9), "z": (1, 3, 9)}),
    "concat-last": model([node("Concat", ["x", "z"], axis=-1)], {"x": (9, 37), "z": (9, 20)}),
    "depth-to-space": unary("DepthToSpace", (1, 12, 5, 7), blocksize=2),
    "expand": model(
        [node("Expand", ["x", "s"])], {"x": (1, 40, 1, 1)}, {"s": np.array([1, 40, 6, 6])}
    ),
    "deep-convolution": model(
        [node("Conv", ["x", "w"], pads=[1] * 6)],
        {"x": (1, 3, 5, 6, 20)},
        {"w": drawn(7, 3, 3, 3, 3, seed=1) / 4},
    ),
    "mean-middle": unary("ReduceMean", (2, 9, 37), axes=[1]),
    "maximum-first-of-two": unary("ReduceMax", (3, 5, 64), axes=[0, 1], keepdims=0),
    "mean-of-images": unary("ReduceMean", (1, 6, 4, 32), axes=[2, 3]),
    "instance": model(
        [node("InstanceNormalization", ["x", "g", "b"])],
        {"x": (2, 3, 5, 16)},
        {"g": drawn(3, seed=1), "b": drawn(3, seed=2)},
    ),
    "instance-behind-convolution": model(
        [node("Conv", ["x", "w"], "c"), node("InstanceNormalization", ["c", "g", "b"])],
        {"x": (2, 8, 9, 11)},
        {
            "w": drawn(32, 8, 1, 1, seed=3),
            "g": drawn(32, seed=1),
            "b": drawn(32, seed=2),
        },
    ),
    "plain-pooling": unary("MaxPool", (1, 3, 20, 35), kernel_shape=[3, 3], pads=[1] * 4),
    "logarithm": model([node("Abs", ["x"], "a"), node("Log", ["a"])], {"x": (7, 33)}),
    "round": model(
        [node("Mul", ["x", "c"], "a"), node("Round", ["a"])],
        {"x": (7, 33)},
        {"c": np.float32(10)},
    ),
    "local-response": unary("LRN", (1, 16, 6, 6), size=5),
    "transposed-convolution": transposed((1, 8, 5, 5), 4, (2, 2), strides=[2, 2]),
    "transposed-overlapping": transposed(
        (1, 16, 7, 9), 8, (3, 4), strides=[2, 3], pads=[1, 0, 1, 2], output_padding=[1, 0]
    ),
    "transposed-in-time": transposed((1, 16, 20), 8, (8,), strides=[4], pads=[2, 2]),
    "shuffle": model(
        [
            node("Conv", ["x", "w"], "c"),
            node("Reshape", ["c", "apart"], "r"),
            node("Transpose", ["r"], "t", perm=[0, 2, 1, 3, 4]),
            node("Reshape", ["t", "back"]),
        ],
        {"x": (1, 8, 5, 5)},
        {
            "w": drawn(24, 8, 1, 1, seed=1),
            "apart": np.array([1, 3, 8, 5, 5]),
            "back": np.array([1, 24, 5, 5]),
        },
    ),
    "volume": volume((1, 16, 5, 6, 7), 32, (3, 3, 3), pads=[1] * 6),
    "volumes": volume(
        (2, 5, 7, 9, 8), 12, (3, 3, 2), strides=[2, 1, 2], pads=[2, 0, 1, 0, 1, 0]
    ),
    "volume-dilated": volume((2, 4, 9, 5, 5), 8, (3, 1, 1), dilations=[3, 1, 1]),
    "volume-of-slices": volume((1, 16, 4, 9, 9), 20, (1, 3, 3), pads=[0, 1, 1] * 2),
    "volume-of-one-depth": volume((1, 16, 1, 5, 4), 16, (3, 3, 3), pads=[1] * 6),
    "volume-of-two-depths": volume(
        (1, 4, 2, 5, 4), 8, (5, 3, 3), strides=[2, 1, 1], pads=[2] * 6
    ),
    "volume-stepwise": volume((1, 8, 6, 4, 4), 8, (1, 1, 1), strides=[2, 2, 2]),
    "volume-in-groups": volume((1, 8, 5, 6, 6), 16, (3, 3, 3), group=4),
    "volume-residual": volume(
        (1, 20, 5, 6, 7),
        20,
        (3, 3, 3),
        node("Relu", ["n"], "r"),
        node("Conv", ["r", "v"], "d", pads=[1, 0, 0, 1, 0, 0]),
        node("Add", ["d", "r"], "s"),
        node("Concat", ["s", "d"], "j", axis=1),
        node("Sigmoid", ["j"]),
        pads=[1] * 6,
    ),
    "volume-gated": volume(
        (1, 8, 4, 6, 6),
        16,
        (1, 3, 3),
        node("GlobalAveragePool", ["n"], "g"),
        node("Sigmoid", ["g"], "s"),
        node("Mul", ["n", "s"]),
    ),
    "clip": model(
        [node("Conv", ["x", "w"], "c"), node("Clip", ["c", "low", "high"])],
        {"x": (1, 8, 5, 5)},
        {
            "w": drawn(24, 8, 1, 1, seed=1),
            "low": np.float32(0.0),
            "high": np.float32(6.0),
        },
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_scheduled_operator_agrees_with_onnxruntime(name: str) -> None:
    proto = MODELS[name]
    feeds = {
        value.name: drawn(*(d.dim_value for d in value.type.tensor_type.shape.dim), seed=place)
        for place, value in enumerate(proto.graph.input)
    }
    wanted = expected(proto, feeds)
    np.testing.assert_allclose(answer(proto, feeds), wanted, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", ["ragged-channels", "depthwise", "dense-ragged", "softmax"])
def test_a_scheduled_nest_computes_what_it_did_unscheduled(name: str) -> None:
    proto = MODELS[name]
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"x": drawn(*shape)}
    plain = answer(proto, feeds, schedule=False)
    np.testing.assert_allclose(answer(proto, feeds), plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("runs-of-uneven-rows", "product"),
        ("many-runs-of-few-rows", "product"),
        ("single-column", "rows"),
        ("depthwise-multiplied", "window"),
        ("large-image-many-weights", "convolution"),
    ],
)
def test_the_rule_of_its_family_arranges_it(name: str, rule: str) -> None:
    decisions: list[Decision] = []
    scheduled(optimized(imported(MODELS[name]), host()), host(), note=decisions.append)
    assert rule in {decision.rule for decision in decisions}


def test_sums_over_an_image_are_not_repeated_for_each_of_its_pixels() -> None:
    decisions: list[Decision] = []
    proto = MODELS["instance-behind-convolution"]
    scheduled(optimized(imported(proto), host()), host(), note=decisions.append)
    reasons = [dict(each.declined).get("window", "") for each in decisions]
    assert sum("sums would be repeated" in reason for reason in reasons) == 1


def test_a_norm_of_instances_stays_in_blocks() -> None:
    names = calls(MODELS["instance-behind-convolution"], host())
    assert sum(name.count("unpack") for name in names) == 1
