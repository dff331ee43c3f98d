"""Matrix products, attention and recurrences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx.helper import make_node

from tests.benchmarks.operators.building import fed, held, row, several

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from tests.benchmarks.operators.building import Rows


def gemm(
    *shapes: tuple[int, ...], weights: bool = True, **rest: Any
) -> Callable[[], ModelProto]:
    first, *others = shapes
    return row("Gemm", fed(*first), *[held(*s) if weights else fed(*s) for s in others], **rest)


def attention(length: int = 197, heads: int = 6, each: int = 64) -> ModelProto:
    nodes = [
        make_node("Transpose", ["k"], ["t"], perm=[0, 1, 3, 2]),
        make_node("MatMul", ["q", "t"], ["s"]),
        make_node("Mul", ["s", "scale"], ["m"]),
        make_node("Softmax", ["m"], ["p"], axis=-1),
        make_node("MatMul", ["p", "v"], ["y"]),
    ]
    shape = fed(1, heads, length, each)
    return several(nodes, {"q": shape, "k": shape, "v": shape, "scale": np.float32(0.125)})


def recurrent(kind: str, length: int, batch: int, size: int, hidden: int) -> Any:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    return row(
        kind, fed(length, batch, size), held(1, gates * hidden, size),
        held(1, gates * hidden, hidden), hidden_size=hidden,
    )  # fmt: skip


PRODUCTS: Rows = {
    "matmul": row("MatMul", fed(1, 128, 768), held(768, 768)),
    "matmul wide": row("MatMul", fed(1, 128, 768), held(768, 3072)),
    "matmul odd": row("MatMul", fed(1, 31, 127), held(127, 17)),
    "matmul narrow": row("MatMul", fed(1, 128, 768), held(768, 3)),
    "matmul to one": row("MatMul", fed(128, 768), held(768, 1)),
    "matmul tiny": row("MatMul", fed(3, 5), held(5, 3)),
    "matmul two rows": row("MatMul", fed(2, 1024), held(1024, 1000)),
    "gemv": row("MatMul", fed(1, 2048), held(2048, 1000)),
    "gemv small": row("MatMul", fed(1, 64), held(64, 10)),
    "gemv odd": row("MatMul", fed(1, 127), held(127, 31)),
    "gemv of two": row("MatMul", fed(1, 512), fed(512, 512)),
    "matrix times vector": row("MatMul", fed(512, 512), fed(512)),
    "vector times matrix": row("MatMul", fed(512), fed(512, 512)),
    "dot": row("MatMul", fed(1000), fed(1000)),
    "outer": row("MatMul", fed(512, 1), fed(1, 512)),
    "matmul of two": row("MatMul", fed(12, 128, 64), fed(12, 64, 128)),
    "matmul of two odd": row("MatMul", fed(5, 31, 17), fed(5, 17, 127)),
    "matmul of two narrow": row("MatMul", fed(12, 128, 128), fed(12, 128, 3)),
    "matmul of two squares": row("MatMul", fed(384, 384), fed(384, 384)),
    "matmul batch left": row("MatMul", fed(8, 64, 96), fed(96, 64)),
    "matmul batch right": row("MatMul", fed(64, 96), fed(8, 96, 64)),
    "matmul batch both": row("MatMul", fed(4, 1, 32, 64), fed(1, 3, 64, 32)),
    "matmul small batch": row("MatMul", fed(256, 4, 4), fed(256, 4, 4)),
    "matmul float64": row("MatMul", fed(64, 256, dtype="float64"),
                          fed(256, 128, dtype="float64")),
    "matmul int32": row("MatMul", fed(64, 256, dtype="int32"), fed(256, 128, dtype="int32")),
    "matmul float16": row("MatMul", fed(64, 256, dtype="float16"),
                          fed(256, 128, dtype="float16")),
    "gemm": gemm((64, 512), (512, 256), (256,)),
    "gemm transposed": gemm((64, 512), (256, 512), (256,), transB=1),
    "gemm both": gemm((512, 64), (256, 512), (256,), transA=1, transB=1),
    "gemm scaled": gemm((64, 512), (512, 256), (256,), alpha=0.5, beta=2.0),
    "gemm of inputs": gemm((64, 512), (256, 512), (256,), weights=False, transB=1),
    "gemm of inputs both": gemm((512, 64), (256, 512), (64, 256), weights=False, transA=1,
                                transB=1),
    "gemm row": gemm((1, 512), (1000, 512), (1000,), transB=1),
    "gemm row of inputs": gemm((1, 512), (256, 512), (256,), weights=False, transB=1),
    "gemm odd": gemm((17, 31), (127, 31), (127,), transB=1),
    "einsum product": row("Einsum", fed(4, 64, 32), fed(4, 32, 48), equation="bij,bjk->bik"),
    "einsum heads": row("Einsum", fed(1, 64, 8, 32), fed(1, 64, 8, 32),
                        equation="bqhd,bkhd->bhqk"),
    "einsum trace": row("Einsum", fed(256, 256), equation="ij->i"),
    "einsum weights": row("Einsum", fed(1, 64, 96), held(96, 4, 24),
                          equation="bld,dhe->blhe"),
    "attention": attention,
    "attention short": lambda: attention(16, 4, 32),
    "lstm": recurrent("LSTM", 50, 1, 80, 128),
    "lstm batch": recurrent("LSTM", 20, 8, 64, 64),
    "lstm small": recurrent("LSTM", 10, 1, 16, 16),
    "gru": recurrent("GRU", 50, 1, 80, 128),
    "rnn": recurrent("RNN", 50, 1, 80, 128),
    "det": row("Det", fed(16, 3, 3)),
    "quantised product": row("MatMulInteger", fed(64, 256, dtype="uint8"),
                             held(256, 128, dtype="int8")),
}  # fmt: skip
