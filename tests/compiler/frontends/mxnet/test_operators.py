"""MXNet's operators, compared with their definitions written down in numpy."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

Array = Any
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(1, 4, 7, 6)).astype(np.float32)


def saved(folder: Path, nodes: list[dict[str, Any]], params: dict[str, Array]) -> Path:
    """A symbol whose heads are what no node reads, as 1.x writes it, and its parameters."""
    read = {one[0] for each in nodes for one in each["inputs"]}
    heads = [[at, 0, 0] for at in range(len(nodes)) if at not in read]
    path = folder / "net-symbol.json"
    path.write_text(json.dumps({"nodes": nodes, "heads": heads}))
    parts = [struct.pack("<QQQ", 0x112, 0, len(params))]
    for value in params.values():
        flag = {"float32": 0, "float16": 2}[str(value.dtype)]
        shape = struct.pack(f"<I{value.ndim}q", value.ndim, *value.shape)
        parts += [struct.pack("<Ii", 0xF993FAC9, 0), shape, struct.pack("<iii", 1, 0, flag)]
        parts.append(value.tobytes())
    parts.append(struct.pack("<Q", len(params)))
    for name in params:
        parts += [struct.pack("<Q", len(name)), name.encode()]
    (folder / "net-0000.params").write_bytes(b"".join(parts))
    return path


def node(op: str, name: str, *inputs: int, **attributes: Any) -> dict[str, Any]:
    text = {key: str(value) for key, value in attributes.items()}
    return {
        "op": op,
        "name": name,
        "attrs": text,
        "inputs": [[at % 100, at // 100, 0] for at in inputs],
    }


def computed(
    folder: Path, nodes: list[dict[str, Any]], params: dict[str, Array], x: Array = X
) -> dict[str, Array]:
    path = saved(folder, nodes, params)
    asked = compile_request(
        path, output=folder / "out", framework="MXNET", inputs={"data": x.shape}, verify=False
    )
    found = load(compile_model(asked).path, threads=1).run({"data": x})
    return {name.removesuffix("_output"): value for name, value in found.items()}


def shared(x: Array, axis: Any) -> Array:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


DATA = node("null", "data")
# Name -> its node over ``data``, and what MXNet's documentation says that it computes.
CASES: dict[str, tuple[dict[str, Any], Array]] = {
    "warm": (node("softmax", "warm", 0, axis=1, temperature=2.0), shared(X / 2, 1)),
    "whole": (node("SoftmaxActivation", "whole", 0), shared(X, (1, 2, 3))),
    "channel": (node("SoftmaxActivation", "channel", 0, mode="channel"), shared(X, 1)),
    "label": (node("SoftmaxOutput", "label", 0), shared(X, (1, 2, 3))),
    "multi": (node("SoftmaxOutput", "multi", 0, multi_output=True), shared(X, 1)),
    "kept": (node("SoftmaxOutput", "kept", 0, preserve_shape="true"), shared(X, 3)),
    "none": (node("softmax", "none", 0, axis=2, temperature=None), shared(X, 2)),
    "codes": (node("Reshape", "codes", 0, shape=(0, -4, -1, 2, -3)), X.reshape(1, 2, 2, 42)
              .reshape(1, 2, 2, 42)),
    "rest": (node("Reshape", "rest", 0, shape="(-3L, -2L)"), X.reshape(4, 7, 6)),
    "swapped": (node("SwapAxis", "swapped", 0, dim1=1, dim2=3), X.swapaxes(1, 3)),
    "mean": (node("mean", "mean", 0, axis=(1,), exclude=True), X.mean((0, 2, 3))),
    "total": (node("sum", "total", 0), X.sum(keepdims=True).reshape(1)),
    "slice": (node("slice", "slice", 0, begin="(None, 1)", end="(None, -1)"), X[:, 1:-1]),
    "axis": (node("slice_axis", "axis", 0, axis=-1, begin=1, end=None), X[..., 1:]),
    "pad": (node("Pad", "pad", 0, mode="edge", pad_width=(0, 0, 0, 0, 1, 2, 0, 3)),
            np.pad(X, ((0, 0), (0, 0), (1, 2), (0, 3)), mode="edge")),
    "l2": (node("L2Normalization", "l2", 0, mode="channel"),
           X / np.sqrt((X**2).sum(1, keepdims=True) + 1e-10)),
    "greater": (node("_greater_scalar", "greater", 0, scalar=0.5), (X > 0.5) * np.float32(1)),
    "left": (node("_rminus_scalar", "left", 0, scalar=1), 1 - X),
    "crop": (node("Crop", "crop", 0, h_w=(3, 2), center_crop=True), X[:, :, 2:5, 2:4]),
    "tile": (node("tile", "tile", 0, reps=(2, 1)), np.tile(X, (2, 1))),
}  # fmt: skip


def test_operators_compute_what_mxnet_says(tmp_path: Path) -> None:
    found = computed(tmp_path, [DATA, *(each for each, _ in CASES.values())], {})

    assert set(found) == set(CASES)
    for name, (_, expected) in CASES.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def means(x: Array, padding: int, *, counts: bool, is_full: bool) -> Array:
    """Means of windows of 3 at steps of 2, as ``pool.h`` takes them."""
    made = []
    for size in x.shape[2:]:
        steps = (size + 2 * padding - 3) / 2
        made.append(int(np.ceil(steps) if is_full else steps) + 1)
    result = np.zeros((*x.shape[:2], *made))
    for i in range(made[0]):
        for j in range(made[1]):
            begins = [each * 2 - padding for each in (i, j)]
            ends = [min(b + 3, s + padding) for b, s in zip(begins, x.shape[2:], strict=True)]
            area = (ends[0] - begins[0]) * (ends[1] - begins[1])
            inside = [(max(b, 0), min(e, s)) for b, e, s in zip(begins, ends, x.shape[2:],
                                                                strict=True)]  # fmt: skip
            window = x[:, :, slice(*inside[0]), slice(*inside[1])]
            if not counts:
                area = window.shape[2] * window.shape[3]
            result[:, :, i, j] = window.sum((2, 3)) / area
    return result


@pytest.mark.parametrize("is_full", [False, True], ids=["valid", "full"])
@pytest.mark.parametrize("counts", [False, True], ids=["bare", "counted"])
def test_means_count_padding_as_mxnet_does(
    *, is_full: bool, counts: bool, tmp_path: Path
) -> None:
    asked = {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1), "pool_type": "avg"}
    asked["pooling_convention"] = "full" if is_full else "valid"
    nodes = [DATA, node("Pooling", "pool", 0, count_include_pad=counts, **asked)]

    found = computed(tmp_path, nodes, {})["pool"]

    expected = means(X, 1, counts=counts, is_full=is_full)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_parts_of_an_input_are_told_apart(tmp_path: Path) -> None:
    nodes = [
        DATA,
        node("SliceChannel", "parts", 0, num_outputs=2),
        node("elemwise_sub", "difference", 1, 101),
    ]

    found = computed(tmp_path, nodes, {})["difference"]

    np.testing.assert_allclose(found, X[:, :2] - X[:, 2:], rtol=1e-6)


def test_a_deconvolution_is_cut_to_the_shape_aimed_at(tmp_path: Path) -> None:
    weights = RANDOM.normal(size=(4, 1, 2, 2)).astype(np.float32)
    asked = {"kernel": (2, 2), "stride": (2, 2), "num_filter": 4, "num_group": 4}
    nodes = [DATA, node("null", "w"), node("Deconvolution", "up", 0, 1, **asked)]

    found = computed(tmp_path, nodes, {"arg:w": weights})["up"]

    expected = np.einsum("nchw,cij->nchiwj", X, weights[:, 0]).reshape(1, 4, 14, 12)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_files_from_before_1_0_mean_what_they_did(tmp_path: Path) -> None:
    """Parameters lay beside attributes, and what was not learned was not written."""
    old = [
        {"op": "null", "param": {}, "name": name, "inputs": [], "backward_source_id": -1}
        for name in ("data", "bn_gamma", "bn_beta")
    ]
    learning = {"lr_mult": "0.1"}
    old.append({"op": "BatchNorm", "param": {"eps": "0.01", "fix_gamma": "False"}, "name": "bn",
                "inputs": [[0, 0], [1, 0], [2, 0]], "attr": learning})  # fmt: skip
    old.append({"op": "Activation", "param": {"act_type": "tanh"}, "name": "act",
                "inputs": [[3, 0]], "attr": learning})  # fmt: skip
    factor, shift, mean, variance = RANDOM.random((4, 4)).astype(np.float32) + 0.5
    params = {"arg:bn_gamma": factor.astype(np.float16), "arg:bn_beta": shift,
              "aux:bn_moving_mean": mean, "aux:bn_moving_var": variance}  # fmt: skip

    found = computed(tmp_path, old, params)["act"]

    def wide(values: Array) -> Array:
        return values.reshape(-1, 1, 1)

    half = factor.astype(np.float16).astype(np.float32)
    normal = (X - wide(mean)) / np.sqrt(wide(variance) + 0.01) * wide(half) + wide(shift)
    np.testing.assert_allclose(found, np.tanh(normal), rtol=1e-4, atol=1e-5)


def test_every_node_that_cannot_be_compiled_is_named(tmp_path: Path) -> None:
    nodes = [
        DATA,
        node("null", "w"),
        node("Convolution", "c", 0, 1, kernel=(3, 3), num_filter=2, layout="NHWC"),
        node("Pooling", "p", 2, kernel=(2, 2), pooling_convention="same"),
        node("Pooling", "q", 0, kernel=(2, 2), pooling_convention="same"),
        node("FullyConnected", "f", 0, 1, num_hidden=3, no_bias=True),
        node("BatchNorm", "b", 0, 1, 1, 1, 1, axis=3),
    ]

    with pytest.raises(CompileError) as refused:
        computed(tmp_path, nodes, {"arg:w": np.ones((2, 4, 3, 3), np.float32)})

    assert refused.value.message.splitlines()[1:] == [
        "Convolution c: layout is NHWC",
        "Pooling q: pooling_convention is same",
        "FullyConnected f: operands of shapes [1, 168], [2, 4, 3, 3] do not fit",
        "BatchNorm b: axis is 3",
    ]


def test_an_output_of_training_alone_is_refused(tmp_path: Path) -> None:
    nodes = [DATA, node("Activation", "act", 0), node("abs", "end", 101)]

    with pytest.raises(CompileError, match="it reads output 1 of a node, which only training"):
        computed(tmp_path, nodes, {})
