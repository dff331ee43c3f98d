"""GroupQueryAttention as generators of text write it, against onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl import onnx_backend
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.harness import assert_same, model_of, reference_results

if TYPE_CHECKING:
    from onnx import ModelProto

HEADS, GROUPS, WIDTH, PLACES = 4, 2, 16, 16


@dataclass(frozen=True)
class Case:
    """So many new tokens of each sequence behind so many that are stored."""

    tokens: int
    stored: int
    # How long each sequence is with the new tokens.
    lengths: tuple[int, ...]
    attributes: str = "do_rotary = 1"
    is_packed: bool = False

    def build(self) -> tuple[ModelProto, dict[str, np.ndarray[Any, Any]]]:
        random = np.random.default_rng(8)
        batch, total = len(self.lengths), max(self.lengths)
        shapes: dict[str, tuple[int, ...]] = {
            "q": (batch, self.tokens, (HEADS + 2 * GROUPS * self.is_packed) * WIDTH),
            "k": (batch, self.tokens, GROUPS * WIDTH),
            "v": (batch, self.tokens, GROUPS * WIDTH),
            "pk": (batch, GROUPS, self.stored, WIDTH),
            "pv": (batch, GROUPS, self.stored, WIDTH),
        }
        if self.is_packed:
            del shapes["k"], shapes["v"]
        feeds = {
            name: random.standard_normal(shape).astype("float32")
            for name, shape in shapes.items()
        }
        given = "".join(f"float{list(shape)} {name}, " for name, shape in shapes.items())
        if "do_rotary" in self.attributes:
            angles = np.arange(PLACES)[:, np.newaxis] / 100 ** (np.arange(8) / 8)
            feeds |= {"c": np.cos(angles, dtype="f4"), "s": np.sin(angles, dtype="f4")}
            given += f"float[{PLACES},8] c, float[{PLACES},8] s, "
        feeds["l"] = np.array(self.lengths, "int32") - 1
        parts = "q, , " if self.is_packed else "q, k, v"
        turns = ", c, s" if "c" in feeds else ""
        model = model_of(
            f"""g ({given}int32[{batch}] l) => (float[a,b,d] y, float[e,f,h,i] n,
            float[j,m,o,p] w) <int32 t = {{{total}}}> {{ y, n, w =
            com.microsoft.GroupQueryAttention <num_heads = {HEADS}, kv_num_heads = {GROUPS},
            {self.attributes or "scale = 0.3"}> ({parts}, pk, pv, l, t{turns}) }}""",
            domains='"com.microsoft": 1',
        )
        return model, feeds


CASES = {
    "prompt": Case(tokens=5, stored=0, lengths=(5,)),
    "prompts": Case(tokens=5, stored=0, lengths=(5, 5), attributes=""),
    "token": Case(tokens=1, stored=5, lengths=(6,)),
    "tokens_of_two_lengths": Case(tokens=1, stored=5, lengths=(6, 4)),
    "packed": Case(tokens=1, stored=5, lengths=(6, 5), is_packed=True),
    "packed_prompt": Case(tokens=4, stored=0, lengths=(4,), is_packed=True),
    "further_tokens": Case(tokens=3, stored=5, lengths=(8,)),
    "longer_store": Case(tokens=1, stored=9, lengths=(6,)),
    "interleaved": Case(1, 5, (6,), "do_rotary = 1, rotary_interleaved = 1"),
    "window": Case(6, 0, (6,), "do_rotary = 1, local_window_size = 3"),
    "softcap": Case(1, 5, (6,), "softcap = 2.0"),
}


@pytest.mark.parametrize("name", CASES)
def test_tokens_attend_as_onnxruntimes_do(name: str) -> None:
    model, feeds = CASES[name].build()

    results = onnx_backend.run_model(model, feeds)

    for result, reference in zip(results, reference_results(model, feeds), strict=True):
        assert result.shape == reference.shape
        np.testing.assert_allclose(result, reference, rtol=1e-4, atol=1e-5)


def test_what_is_not_written_out_is_refused() -> None:
    model, feeds = Case(1, 5, (6,), "smooth_softmax = 1").build()
    with pytest.raises(CompileError, match="smooth_softmax"):
        onnx_backend.run_model(model, feeds)


ROTARY = {
    "places": ("float[2,3,32] x, int64[2,3] p", "num_heads = 2"),
    "first_place": ("float[2,3,32] x, int64[1] p", "num_heads = 2"),
    "interleaved": ("float[2,3,32] x, int64[2,3] p", "num_heads = 2, interleaved = 1"),
    "heads_apart": ("float[2,2,3,16] x, int64[2,3] p", "scale = 1.0"),
    "heads_by_the_table": ("float[2,3,32] x, int64[2,3] p", "scale = 1.0"),
    "part_of_a_head": (
        "float[2,3,64] x, int64[2,3] p", "num_heads = 2, rotary_embedding_dim = 16"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROTARY)
def test_rotary_embedding_is_onnxruntimes(name: str) -> None:
    given, attributes = ROTARY[name]
    model = model_of(
        f"""g ({given}, float[9,8] c, float[9,8] s) => ({given.partition(" x")[0]} y)
        {{ y = com.microsoft.RotaryEmbedding <{attributes}> (x, p, c, s) }}""",
        domains='"com.microsoft": 1',
    )
    assert_same(model)
