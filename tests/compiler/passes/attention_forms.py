"""Attention in the forms that exporters write, as small models with their inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.compiler.schedules.workbench import drawn

if TYPE_CHECKING:
    from onnx import ModelProto

Array = np.ndarray[Any, Any]
MICROSOFT = "com.microsoft"
LOWEST = float(np.finfo(np.float32).min)


@dataclass
class Form:
    """A model under construction: ``node`` and ``constant`` return the name of their value."""

    feeds: dict[str, Array]
    opset: int = 17
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    result: str = ""

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def reshape(self, value: str, *shape: int) -> str:
        return self.node("Reshape", value, self.constant(np.array(shape)))

    def turned(self, value: str, *axes: int) -> str:
        return self.node("Transpose", value, perm=list(axes))

    def heads(self, value: str, *axes: int, heads: int = 3) -> str:
        batch, length, width = self.feeds[value].shape
        return self.turned(self.reshape(value, batch, length, heads, width // heads), *axes)

    def joined(self, value: str) -> str:
        batch, length, width = self.feeds["q"].shape
        return self.reshape(self.turned(value, 0, 2, 1, 3), batch, length, width)

    def model(self, result: str) -> ModelProto:
        nodes = [*self.nodes, helper.make_node("Identity", [result], ["y"])]
        inputs = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in self.feeds.items()
        ]
        kind = TensorProto.DOUBLE if self.feeds["q"].dtype == np.float64 else TensorProto.FLOAT
        made = [helper.make_tensor_value_info("y", kind, None)]
        graph = helper.make_graph(nodes, "attention", inputs, made, self.constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def operands(
    rows: int = 40, columns: int = 40, width: int = 48, batch: int = 2, **others: Array
) -> dict[str, Array]:
    return {
        "q": drawn(batch, rows, width),
        "k": drawn(batch, columns, width, seed=1),
        "v": drawn(batch, columns, width, seed=2),
        **others,
    }


def attended(form: Form, masked: Any = None) -> Form:
    """Attention as PyTorch exports it by hand: split heads, scale scores, mask, and back."""
    query, key = form.heads("q", 0, 2, 1, 3), form.heads("k", 0, 2, 3, 1)
    root = form.number(sqrt(form.feeds["q"].shape[-1] / 3))
    scores = form.node("Div", form.node("MatMul", query, key), root)
    scores = masked(scores) if masked else scores
    shares = form.node("Softmax", scores, axis=-1)
    mixed = form.node("MatMul", shares, form.heads("v", 0, 2, 1, 3))
    form.result = form.joined(mixed)
    return form


def plain(**extents: int) -> Form:
    return attended(Form(operands(**extents)))


def added_mask(*shape: int) -> Form:
    mask = np.where(drawn(*shape, seed=3) > 0.5, np.float32(-10000), np.float32(0))
    form = Form(operands(mask=mask))
    return attended(form, lambda scores: form.node("Add", scores, "mask"))


def causal(low: float) -> Form:
    form = Form(operands())
    seen = form.constant(np.tri(40, dtype=bool)[None, None])
    return attended(form, lambda s: form.node("Where", seen, s, form.number(low)))


def trilu() -> Form:
    form = Form(operands())
    above = form.node(
        "Trilu",
        form.constant(np.full((40, 40), -np.inf, "f4")),
        form.constant(np.int64(1)),
        upper=1,
    )
    return attended(form, lambda scores: form.node("Add", scores, above))


def biased() -> Form:
    """Positions of a window, as in Swin and T5."""
    form = Form(operands())
    bias = form.constant(drawn(1, 3, 40, 40, seed=4))
    return attended(form, lambda scores: form.node("Add", bias, scores))


def capped() -> Form:
    form = Form(operands())

    def masked(scores: str) -> str:
        small = form.node("Tanh", form.node("Div", scores, form.number(5.0)))
        return form.node("Mul", small, form.number(5.0))

    return attended(form, masked)


def hidden(value: float) -> Form:
    """A mask given at run time under which some rows see nothing."""
    mask = np.zeros((2, 1, 40, 40), np.float32)
    mask[0, :, 3:9], mask[1, :, :, 20:] = value, value
    form = Form(operands(mask=mask))
    return attended(form, lambda scores: form.node("Add", scores, "mask"))


def scaled_dot_product(*, is_guarded: bool) -> Form:
    """torch.nn.functional.scaled_dot_product_attention: the root of the scale on both sides."""
    mask = np.zeros((2, 1, 40, 40), np.float32)
    mask[:, :, 5] = -np.inf
    form = Form(operands(mask=mask))
    root = form.node("Sqrt", form.number(1 / sqrt(16)))
    query = form.node("Mul", form.heads("q", 0, 2, 1, 3), root)
    key = form.turned(form.heads("k", 0, 2, 1, 3), 0, 1, 3, 2)
    scores = form.node("MatMul", query, form.node("Mul", key, root))
    shares = form.node("Softmax", form.node("Add", scores, "mask"), axis=-1)
    if is_guarded:
        unknown = form.node("IsNaN", shares)
        shares = form.node("Where", unknown, form.number(0.0), shares)
    form.result = form.joined(form.node("MatMul", shares, form.heads("v", 0, 2, 1, 3)))
    return form


def joined_heads() -> Form:
    """BART and Whisper: heads are part of the batch, but not where the mask is added."""
    form = Form(operands(mask=drawn(2, 1, 40, 40, seed=5)))

    def apart(name: str, scale: float = 1.0) -> str:
        value = form.node("Mul", form.heads(name, 0, 2, 1, 3), form.number(scale))
        return form.reshape(value, 6, 40, 16)

    key = form.turned(apart("k"), 0, 2, 1)
    scores = form.reshape(form.node("MatMul", apart("q", 0.25), key), 2, 3, 40, 40)
    scores = form.reshape(form.node("Add", scores, "mask"), 6, 40, 40)
    mixed = form.node("MatMul", form.node("Softmax", scores, axis=-1), apart("v"))
    form.result = form.joined(form.reshape(mixed, 2, 3, 40, 16))
    return form


def grouped() -> Form:
    """Six heads of queries that share two heads of keys and values."""
    feeds = {
        "q": drawn(2, 40, 96),
        "k": drawn(2, 40, 32, seed=1),
        "v": drawn(2, 40, 32, seed=2),
    }
    form = Form(feeds)

    def repeated(name: str) -> str:
        value = form.heads(name, 0, 2, 1, 3, heads=2)
        wide = form.node("Unsqueeze", value, form.constant(np.array([2])))
        wide = form.node("Expand", wide, form.constant(np.array([2, 2, 3, 40, 16])))
        return form.reshape(wide, 2, 6, 40, 16)

    scores = form.node(
        "MatMul", form.heads("q", 0, 2, 1, 3, heads=6), form.turned(repeated("k"), 0, 1, 3, 2)
    )
    shares = form.node("Softmax", form.node("Mul", scores, form.number(0.25)), axis=-1)
    form.result = form.joined(form.node("MatMul", shares, repeated("v")))
    return form


def without_heads(*shape: int) -> Form:
    """One matrix, or a batch of them, nothing transposed but the keys."""
    form = Form({name: drawn(*shape, seed=i) for i, name in enumerate("qkv")})
    axes = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
    scores = form.node("MatMul", "q", form.turned("k", *axes))
    form.result = form.node("MatMul", form.node("Softmax", scores, axis=-1), "v")
    return form


def multi_head() -> Form:
    form = Form(operands(bias=drawn(144, seed=6)))
    form.result = form.node(
        "MultiHeadAttention", "q", "k", "v", "bias", num_heads=3, domain=MICROSOFT
    )
    return form


def packed(**attributes: int) -> Form:
    form = Form({"q": drawn(2, 40, 48)})
    weights = form.constant(drawn(48, 144, seed=1) / 7)
    form.result = form.node(
        "Attention", "q", weights, form.constant(drawn(144, seed=2)),
        num_heads=3, domain=MICROSOFT, **attributes,
    )  # fmt: skip
    return form


def standard(**attributes: int) -> Form:
    form = Form(operands(), opset=23)
    form.result = form.node(
        "Attention", "q", "k", "v", q_num_heads=3, kv_num_heads=3, **attributes
    )
    return form


FORMS = {
    "plain": plain(),
    "ragged-rows": plain(rows=77, columns=77),
    "ragged-tiles": plain(rows=197, columns=197, batch=1),
    "cross": plain(rows=48, columns=21),
    "one-column": plain(columns=1),
    "odd-heads": plain(width=120),
    "mask-of-columns": added_mask(2, 1, 1, 40),
    "mask-of-rows": added_mask(2, 1, 40, 1),
    "mask-of-both": added_mask(2, 1, 40, 40),
    "mask-of-a-matrix": added_mask(40, 40),
    "mask-of-a-vector": added_mask(40),
    "causal-lowest": causal(LOWEST),
    "causal-infinite": causal(-np.inf),
    "trilu": trilu(),
    "bias": biased(),
    "capped": capped(),
    "nothing-seen-lowest": hidden(LOWEST),
    "nothing-seen-infinite": hidden(-np.inf),
    "roots": scaled_dot_product(is_guarded=False),
    "guarded": scaled_dot_product(is_guarded=True),
    "joined-heads": joined_heads(),
    "grouped": grouped(),
    "matrix": without_heads(40, 32),
    "batch": without_heads(5, 40, 32),
    "multi-head": multi_head(),
    "packed": packed(),
    "packed-causal": packed(unidirectional=1),
    "standard": standard(),
    "standard-causal": standard(is_causal=1),
}


def shares_read_twice() -> Form:
    form = without_heads(2, 40, 32)
    form.result = form.node(
        "Add", form.result, form.node("ReduceSum", form.nodes[-2].output[0])
    )
    return form


def wide() -> Form:
    form = without_heads(2, 40, 32)
    form.feeds = {name: value.astype(np.float64) for name, value in form.feeds.items()}
    return form
