"""What the graph passes leave of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.passes.graph import GraphRule, rewritten
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import tvm_target
from tests.compiler.schedules.workbench import (
    answer,
    assembly,
    calls,
    cross,
    drawn,
    expected,
    host,
    imported,
    model,
    node,
)


def positive(count: int, seed: int) -> np.ndarray:
    return np.abs(drawn(count, seed=seed)) + 0.5


WEIGHTS = {
    "w": drawn(32, 32, 3, 3, seed=1) / 8,
    "v": drawn(32, 32, 1, 1, seed=2),
    "gamma": positive(32, 3),
    "beta": drawn(32, seed=4),
    "mean": drawn(32, seed=5),
    "variance": positive(32, 6),
}
NORM = ["gamma", "beta", "mean", "variance"]
IMAGE = {"x": (1, 32, 10, 10)}


def agrees(proto: object, *feeds: tuple[int, ...]) -> None:
    names = [value.name for value in proto.graph.input]  # type: ignore[attr-defined]
    given = {
        n: drawn(*shape, seed=i) for i, (n, shape) in enumerate(zip(names, feeds, strict=True))
    }
    np.testing.assert_allclose(
        answer(proto, given), expected(proto, given), rtol=3e-5, atol=3e-5
    )


def test_a_batch_norm_disappears_into_the_convolution_before_it() -> None:
    nodes = [
        node("Conv", ["x", "w"], "c", pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c", *NORM], "n"),
        node("Relu", ["n"]),
    ]
    proto = model(nodes, IMAGE, WEIGHTS)
    assert len(calls(proto, host())) == 3  # into blocks, the convolution, and back
    agrees(proto, IMAGE["x"])


def test_a_batch_norm_of_its_own_stays_right() -> None:
    nodes = [node("BatchNormalization", ["x", *NORM], "n"), node("Relu", ["n"])]
    agrees(model(nodes, IMAGE, WEIGHTS), IMAGE["x"])


def test_a_scale_is_not_moved_where_another_reads_the_unscaled_value() -> None:
    nodes = [
        node("Conv", ["x", "w"], "c", pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c", *NORM], "n"),
        node("Add", ["n", "c"]),
    ]
    agrees(model(nodes, IMAGE, WEIGHTS), IMAGE["x"])


def test_a_chain_of_convolutions_is_brought_into_blocks_once() -> None:
    nodes = [
        node("Conv", ["x", "w"], "a", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], "r"),
        node("MaxPool", ["r"], "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p", "v"], "q"),
        node("Sigmoid", ["q"], "s"),
        node("Mul", ["q", "s"], "t"),
        node("Add", ["t", "p"]),
    ]
    proto = model(nodes, IMAGE, WEIGHTS)
    names = calls(proto, host())
    assert sum(name.startswith("pack") for name in names) == 1
    assert sum(name.startswith("unpack") for name in names) == 1
    agrees(proto, IMAGE["x"])


@pytest.mark.parametrize("channels", [32, 20, 7])
def test_concatenated_images_stay_in_blocks(channels: int) -> None:
    weights = {
        "w": drawn(channels, 16, 1, 1, seed=1),
        "v": drawn(24, 2 * channels, 1, 1, seed=2),
    }
    nodes = [
        node("Conv", ["x", "w"], "a"),
        node("Tanh", ["a"], "b"),
        node("Concat", ["a", "b"], "j", axis=1),
        node("Conv", ["j", "v"]),
    ]
    proto = model(nodes, {"x": (1, 16, 6, 6)}, weights)
    assert not any(name == "unpack1" for name in calls(proto, host()))
    agrees(proto, (1, 16, 6, 6))


@pytest.mark.parametrize(("nodes", "copies"), [(1, 0), (2, 2)])
def test_a_light_convolution_is_copied_into_blocks_only_in_company(
    nodes: int, copies: int
) -> None:
    weights = {"d": drawn(32, 1, 3, 3, seed=1), "v": drawn(32, 32, 1, 1, seed=2)}
    depthwise = node("Conv", ["x", "d"], "c", group=32, pads=[1] * 4)
    chain = [depthwise, node("Conv", ["c", "v"])] if nodes == 2 else [depthwise]
    proto = model(chain, {"x": (1, 32, 16, 32)}, weights)
    proto.graph.node[-1].output[0] = "y"
    assert sum("pack" in name for name in calls(proto, host())) == copies
    agrees(proto, (1, 32, 16, 32))


@pytest.mark.parametrize("operator", ["Log", "Sqrt", "Reciprocal", "Exp"])
def test_channels_that_do_not_exist_poison_nothing(operator: str) -> None:
    """Of 20 channels in blocks of 16, twelve are padding: log and division must skip it."""
    weights = {"w": np.abs(drawn(20, 4, 1, 1, seed=1)), "v": drawn(8, 20, 1, 1, seed=2)}
    nodes = [
        node("Abs", ["x"], "p"),
        node("Conv", ["p", "w"], "a"),
        node(operator, ["a"], "o"),
        node("Conv", ["o", "v"]),
    ]
    agrees(model(nodes, {"x": (1, 4, 5, 5)}, weights), (1, 4, 5, 5))


def test_a_gate_per_channel_multiplies_in_blocks() -> None:
    weights = {"w": drawn(24, 16, 1, 1, seed=1), "v": drawn(24, 24, 1, 1, seed=2)}
    nodes = [
        node("Conv", ["x", "w"], "a"),
        node("GlobalAveragePool", ["a"], "g"),
        node("Conv", ["g", "v"], "h"),
        node("Sigmoid", ["h"], "s"),
        node("Mul", ["a", "s"]),
    ]
    agrees(model(nodes, {"x": (1, 16, 6, 6)}, weights), (1, 16, 6, 6))


def test_a_mask_over_places_multiplies_in_blocks() -> None:
    nodes = [node("Conv", ["x", "v"], "a"), node("Mul", ["a", "m"])]
    agrees(model(nodes, {**IMAGE, "m": (1, 1, 10, 10)}, WEIGHTS), IMAGE["x"], (1, 1, 10, 10))


def test_a_convolution_over_time_is_one_over_an_image() -> None:
    weights = {"w": drawn(24, 20, 5, seed=1) / 4, "b": drawn(24, seed=2)}
    nodes = [
        node("Conv", ["x", "w", "b"], "c", pads=[4, 4], dilations=[2]),
        node("Relu", ["c"]),
    ]
    agrees(model(nodes, {"x": (1, 20, 37)}, weights), (1, 20, 37))


SIGNAL = {"x": (2, 32, 30)}
OF_SIGNALS = {
    "w": drawn(32, 32, 3, seed=1) / 8,
    "v": drawn(64, 32, 1, seed=2) / 4,
    "b": drawn(32, 1, seed=3),
}


def test_what_lies_between_convolutions_over_time_stays_in_blocks() -> None:
    nodes = [
        node("Conv", ["x", "w"], "c", pads=[1, 1]),
        node("Add", ["c", "b"], "s"),
        node("Relu", ["s"], "r"),
        node("Conv", ["r", "w"], "d", dilations=[2], pads=[2, 2]),
        node("Add", ["d", "r"], "t"),
        node("Conv", ["t", "w"], "e", pads=[1, 1]),
        node("Concat", ["e", "t"], "j", axis=1),
        node("ReduceMean", ["j"], axes=[2]),
    ]
    proto = model(nodes, SIGNAL, OF_SIGNALS)
    names = calls(proto, host())
    assert sum("pack" in name and "unpack" not in name for name in names) == 1
    assert not any("unpack" in name for name in names)
    agrees(proto, SIGNAL["x"])


@pytest.mark.parametrize("sizes", [(32, 32), (16, 48), (20, 44)])
def test_channels_of_a_gated_signal_are_split_into_blocks(sizes: tuple[int, int]) -> None:
    first, second = sizes
    nodes = [
        node("Conv", ["x", "v"], "c"),
        helper.make_node("Split", ["c", "sizes"], ["a", "g"], axis=1),
        node("Tanh", ["a"], "t"),
        node("Sigmoid", ["g"], "s"),
        node("Conv", ["t", "f"], "u"),
        node("Conv", ["s", "h"], "z"),
        node("Add", ["u", "z"]),
    ]
    weights = {
        **OF_SIGNALS,
        "f": drawn(32, first, 3, seed=4) / 8,
        "h": drawn(32, second, 3, seed=5) / 8,
        "sizes": np.array(sizes),
    }
    proto = model(nodes, SIGNAL, weights)
    agrees(proto, SIGNAL["x"])
    if first % 16 == 0:
        assert sum("unpack" in name for name in calls(proto, host())) == 1


@pytest.mark.parametrize("source", [(2, 32, 30), (1, 32, 9, 11), (1, 32, 4, 6, 5)])
def test_a_relu_with_slopes_stays_in_blocks(source: tuple[int, ...]) -> None:
    import tvm
    from tvm.relax import VirtualMachine

    size = (1,) * (len(source) - 2)
    weights = {
        "w": drawn(32, 32, *size, seed=1) / 4,
        "u": drawn(40, 32, *size, seed=2) / 4,
        "slope": drawn(32, *size, seed=3),
        "few": drawn(40, *size, seed=4),
    }
    nodes = [
        node("Conv", ["x", "w"], "c"),
        node("PRelu", ["c", "slope"], "r"),
        node("Conv", ["r", "u"], "d"),
        node("PRelu", ["d", "few"]),
    ]
    proto = model(nodes, {"x": source}, weights)
    feeds = {"x": drawn(*source)}
    module = optimized(import_model(proto, {"x": list(source)}).module, host())
    names = [name.name_hint for name, _ in module.functions_items()]
    assert sum("conv2d" in name and "where" in name for name in names) == 2
    built = tvm.compile(scheduled(module, host()), target=tvm_target(host()))
    made = VirtualMachine(built, tvm.cpu())["main"](tvm.runtime.tensor(feeds["x"])).numpy()
    np.testing.assert_allclose(made, expected(proto, feeds), rtol=3e-5, atol=3e-5)


def test_an_operand_that_is_no_image_ends_the_signal_in_blocks() -> None:
    nodes = [
        node("Conv", ["x", "w"], "c", pads=[1, 1]),
        node("Mul", ["c", "m"], "p"),
        node("Sub", ["m", "p"]),
    ]
    agrees(model(nodes, {**SIGNAL, "m": (2, 32, 30)}, OF_SIGNALS), SIGNAL["x"], (2, 32, 30))


def test_places_of_a_kernel_that_meet_no_pixel_are_dropped() -> None:
    from tvm.ir import GenericConst

    weights = {"w": drawn(32, 32, 3, 3, seed=1) / 8}
    proto = model(
        [node("Conv", ["x", "w"], dilations=[10, 12], pads=[10, 12, 10, 12])], IMAGE, weights
    )
    main = optimized(imported(proto), host())["main"]
    bound = [binding.value for block in main.body.blocks for binding in block.bindings]
    (kernel,) = [
        arg
        for call in bound
        for arg in getattr(call, "args", [None, []])[1]
        if isinstance(arg, GenericConst)
    ]
    assert kernel.value.numpy().size == 32 * 32
    agrees(proto, IMAGE["x"])


PYRAMID = {"w": drawn(256, 512, 3, 3, seed=1) / 64, "b": drawn(256, seed=2)}


@pytest.mark.parametrize(
    ("source", "geometry", "convolutions"),
    [
        pytest.param(
            (1, 512, 14, 14), {"dilations": [12, 12], "pads": [12] * 4}, 9, id="pyramid"
        ),
        pytest.param(
            (2, 512, 13, 40), {"dilations": [12, 30], "pads": [12, 30, 12, 29]}, 9, id="uneven"
        ),
        pytest.param(
            (1, 512, 14, 14),
            {"dilations": [12, 16], "pads": [12, 16] * 2},
            3,
            id="with-dropped",
        ),
        pytest.param(
            (1, 512, 14, 14), {"dilations": [3, 3], "pads": [3] * 4}, 1, id="mostly-met"
        ),
        pytest.param(
            (1, 512, 14, 14),
            {"dilations": [12, 12], "pads": [12] * 4, "strides": [2, 2]},
            1,
            id="strides",
        ),
    ],
)
def test_places_of_a_kernel_convolve_only_what_they_meet(
    source: tuple[int, ...], geometry: dict[str, list[int]], convolutions: int
) -> None:
    nodes = [node("Conv", ["x", "w", "b"], "c", **geometry), node("Relu", ["c"])]
    proto = model(nodes, {"x": source}, PYRAMID)
    names = calls(proto, host())
    assert sum("conv2d" in name for name in names) == convolutions
    assert sum("unpack" in name for name in names) == 1
    agrees(proto, source)


def test_a_volume_stays_in_blocks_between_its_convolutions() -> None:
    weights = {
        "w": drawn(32, 32, 3, 3, 3, seed=1) / 16,
        "s": drawn(32, 1, 1, 1, seed=2),
    }
    nodes = [
        node("Conv", ["x", "w"], "c", pads=[1] * 6),
        node("Mul", ["c", "s"], "m"),
        node("Relu", ["m"], "r"),
        node("Conv", ["r", "w"], "d", pads=[1] * 6),
        node("Add", ["d", "r"], "t"),
        node("GlobalAveragePool", ["t"]),
    ]
    source = (1, 32, 4, 6, 6)
    proto = model(nodes, {"x": source}, weights)
    names = calls(proto, host())
    assert sum("pack" in name and "unpack" not in name for name in names) == 1
    assert not any("unpack" in name or "conv3d" in name for name in names)
    agrees(proto, source)


def test_a_product_reads_through_the_transposes_of_its_operands() -> None:
    nodes = [
        node("Transpose", ["x"], "q", perm=[0, 2, 1, 3]),
        node("Transpose", ["k"], "t", perm=[0, 2, 3, 1]),
        node("MatMul", ["q", "t"]),
    ]
    shapes = {"x": (1, 24, 2, 8), "k": (1, 40, 2, 8)}
    proto = model(nodes, shapes)
    assert not any("transpose" in name for name in calls(proto, host()))
    agrees(proto, *shapes.values())


def test_a_power_and_a_division_become_multiplications() -> None:
    weights = {"two": np.float32(2.0), "eight": np.float32(8.0)}
    nodes = [node("Pow", ["x", "two"], "p"), node("Div", ["p", "eight"])]
    proto = model(nodes, {"x": (3, 16)}, weights)
    assert not any("power" in name or "divide" in name for name in calls(proto, host()))
    agrees(proto, (3, 16))


def test_a_sum_of_many_adds_without_a_stack() -> None:
    proto = model([node("Sum", ["x", "z", "x"])], {"x": (3, 16), "z": (3, 16)})
    assert not any("stack" in name or "concat" in name for name in calls(proto, host()))
    agrees(proto, (3, 16), (3, 16))


def test_bounds_that_arrive_as_stacks_become_a_maximum_and_a_minimum() -> None:
    """Max and Min of a value and a number, as the importer spells them."""
    bounds = {"low": np.float32(-0.5), "high": np.float32(0.5)}
    nodes = [node("Max", ["x", "low"], "m"), node("Min", ["m", "high"])]
    proto = model(nodes, {"x": (3, 16)}, bounds)
    assert not any("stack" in name or "concat" in name for name in calls(proto, host()))
    agrees(proto, (3, 16))


@pytest.mark.parametrize(
    ("code", "kind"), [(11, np.float64), (7, np.int64)], ids=["double", "int64"]
)
def test_constants_of_64_bits_keep_them(code: int, kind: type) -> None:
    weights = {"low": np.full(16, 2, kind), "eight": kind(8)}
    nodes = [
        node("Cast", ["x"], "c", to=code),
        node("Max", ["c", "low"], "m"),
        node("Div", ["m", "eight"], "d"),
        node("Cast", ["d"], to=1),
    ]
    agrees(model(nodes, {"x": (3, 16)}, weights), (3, 16))


@pytest.mark.parametrize("operator", ["Relu", "LeakyRelu"])
def test_a_nan_stays_one_in_vectors_and_behind_convolutions(operator: str) -> None:
    image = drawn(*IMAGE["x"])
    image[0, 3, 4, 5] = np.nan
    for nodes in (
        [node(operator, ["x"])],
        [node("Conv", ["x", "v"], "c"), node(operator, ["c"])],
    ):
        proto = model(nodes, IMAGE, WEIGHTS)
        made = answer(proto, {"x": image})
        np.testing.assert_array_equal(np.isnan(made), np.isnan(expected(proto, {"x": image})))


def test_a_cast_to_bfloat16_and_back_rounds() -> None:
    import tvm
    from tvm.relax import VirtualMachine

    nodes = [
        node("Cast", ["x"], "b", to=TensorProto.BFLOAT16),
        node("Cast", ["b"], to=TensorProto.FLOAT),
    ]
    proto = model(nodes, {"x": (9,)})
    specials = [np.nan, -np.inf, 3.4e38, 1.00390625, 1.01171875]
    given = {"x": np.array([3.14159, -1e-3, 1e-41, -0.0, *specials], np.float32)}

    module = import_model(proto, {"x": [9]}).module
    built = tvm.compile(scheduled(optimized(module, host()), host()), target=tvm_target(host()))
    machine = VirtualMachine(built, tvm.cpu())
    made = machine["main"](tvm.runtime.tensor(given["x"])).numpy()

    np.testing.assert_array_equal(made, expected(proto, given))


def test_a_relu_is_one_instruction_of_the_machine() -> None:
    code = assembly(model([node("Relu", ["x"])], {"x": (64,)}), cross("X86_64", "x86-64-v3"))
    assert "vmaxps" in code
    assert "vcmp" not in code
    assert "vblend" not in code


def test_dropout_and_identity_leave_nothing() -> None:
    nodes = [
        node("Identity", ["x"], "i"),
        node("Dropout", ["i"], "d"),
        node("Transpose", ["d"], "t", perm=[1, 0]),
        node("Transpose", ["t"], "u", perm=[1, 0]),
        node("Relu", ["u"]),
    ]
    assert len(calls(model(nodes, {"x": (4, 8)}), host())) == 1


def test_a_clip_stays_in_the_epilogue_of_its_convolution() -> None:
    bounds = {"low": np.float32(0.0), "high": np.float32(6.0)}
    nodes = [node("Conv", ["x", "v"], "c"), node("Clip", ["c", "low", "high"])]
    proto = model(nodes, IMAGE, {**WEIGHTS, **bounds})
    assert len(calls(proto, host())) == 3
    agrees(proto, IMAGE["x"])


def shuffled() -> list[object]:
    """Nodes that deal the channels of ``a`` out as ``s``."""
    return [
        node("Reshape", ["a", "apart"], "r"),
        node("Transpose", ["r"], "t", perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["t", "back"], "s"),
    ]


def extents(channels: int, groups: int, extent: int) -> dict[str, np.ndarray]:
    return {
        "apart": np.array([1, groups, channels // groups, extent, extent]),
        "back": np.array([1, channels, extent, extent]),
    }


def test_a_shuffle_of_channels_copies_nothing() -> None:
    """The weights of what follows are dealt out instead."""
    weights = {
        "w": drawn(68, 17, 1, 1, seed=1),
        "d": drawn(68, 1, 3, 3, seed=2),
        "v": drawn(68, 17, 1, 1, seed=3),
        **extents(68, 4, 7),
    }
    nodes = [
        node("Conv", ["x", "w"], "a", group=4),
        *shuffled(),
        node("Conv", ["s", "d"], "e", group=68, pads=[1, 1, 1, 1]),
        node("Conv", ["e", "v"], "f", group=4),
        node("Relu", ["f"]),
    ]
    proto = model(nodes, {"x": (1, 68, 7, 7)}, weights)
    names = calls(proto, host())
    assert len(names) == 5  # into blocks, three convolutions, and back
    agrees(proto, (1, 68, 7, 7))


def test_two_orders_of_one_value_are_told_apart() -> None:
    weights = {"w": drawn(48, 24, 1, 1, seed=1), **extents(48, 2, 6)}
    nodes = [
        node("Conv", ["x", "w"], "a", group=2),
        *shuffled(),
        node("Softmax", ["s"], "p", axis=1),
        node("Conv", ["a", "w"], "b", group=2),
        node("Conv", ["s", "w"], "c", group=2),
        node("Add", ["b", "c"], "d"),
        node("Add", ["d", "x"], "e"),
        node("Sum", ["e", "p", "a", "s"]),
    ]
    agrees(model(nodes, {"x": (1, 48, 6, 6)}, weights), (1, 48, 6, 6))


@pytest.mark.parametrize("after", ["Conv", "Concat", "Add", "Mul", "AveragePool", "Softmax"])
def test_channels_in_another_order_are_what_they_were(after: str) -> None:
    weights = {
        "w": drawn(40, 20, 1, 1, seed=1),
        "k": drawn(24, 40, 3, 3, seed=2) / 8,
        "g": drawn(40, 1, 1, seed=3),
        **extents(40, 2, 12),
    }
    last = {
        "Conv": [node("Conv", ["s", "k"])],
        "Concat": [node("Concat", ["s", "a", "x"], axis=1)],
        "Add": [node("Add", ["s", "x"])],
        "Mul": [node("Mul", ["s", "g"])],
        "AveragePool": [node("AveragePool", ["s"], kernel_shape=[2, 2], strides=[2, 2])],
        "Softmax": [node("Softmax", ["s"], axis=1)],
    }[after]
    nodes = [node("Conv", ["x", "w"], "a", group=2), *shuffled(), *last]
    agrees(model(nodes, {"x": (1, 40, 12, 12)}, weights), (1, 40, 12, 12))


@pytest.mark.parametrize(("channels", "groups"), [(64, 16), (40, 2), (36, 4), (32, 2)])
def test_groups_get_blocks_of_their_own_where_that_takes_fewer_steps(
    channels: int, groups: int
) -> None:
    weights = {"w": drawn(channels, channels // groups, 3, 3, seed=1) / 4}
    proto = model([node("Conv", ["x", "w"], group=groups)], {"x": (1, channels, 9, 9)}, weights)
    agrees(proto, (1, channels, 9, 9))


def test_a_choice_that_is_the_same_everywhere_disappears() -> None:
    seen = np.ones((1, 40), bool)
    for condition, left in ((seen, "relu"), (~seen, "tir_negative")):
        nodes = [
            node("Relu", ["x"], "a"),
            node("Neg", ["x"], "b"),
            node("Where", ["condition", "a", "b"]),
        ]
        proto = model(nodes, {"x": (6, 40)}, {"condition": condition})
        (name,) = calls(proto, host())
        assert name == left
        agrees(proto, (6, 40))


def test_a_cast_to_the_type_that_a_value_has_disappears() -> None:
    nodes = [node("Relu", ["x"], "a"), node("Cast", ["a"], to=TensorProto.FLOAT)]
    proto = model(nodes, {"x": (6, 40)})
    (name,) = calls(proto, host())
    assert "cast" not in name
    agrees(proto, (6, 40))


def test_two_walks_may_give_their_nests_the_same_name() -> None:
    import tvm
    from tvm import te, tirx
    from tvm.relax import VirtualMachine

    def renamed(operator: str, shift: float) -> dict[str, GraphRule]:
        def nest(image: Any) -> Any:
            return te.compute(image.shape, lambda *at: image[at] + tirx.const(shift, "float32"))

        return {operator: lambda site: site.emit_te(nest, site.args[0], name="nest")}

    module = imported(model([node("Relu", ["x"], "r"), node("Exp", ["r"])], {"x": (3, 5)}))
    once = rewritten(module, renamed("relax.nn.relu", 1.0))
    twice = rewritten(once, renamed("relax.exp", 2.0))

    built = tvm.compile(twice, target=tvm_target(host()))
    given = drawn(3, 5)
    made = VirtualMachine(built, tvm.cpu())["main"](tvm.runtime.tensor(given)).numpy()
    np.testing.assert_allclose(made, given + 3, rtol=1e-6)
