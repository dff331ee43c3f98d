"""Which graphs are attention, when it is one nest, and what it computes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.passes.attention_tiles import are_crowded, are_kept, filled_rows
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import resolve, tvm_target
from tests.compiler.passes.attention_forms import (
    FORMS,
    Form,
    attended,
    operands,
    plain,
    shares_read_twice,
    wide,
)
from tests.compiler.schedules.workbench import cross, drawn, expected, host, run

if TYPE_CHECKING:
    from onnx import ModelProto

    from sagectl.compiler.targets import Target

# This machine with caches so small that they keep no scores: short sequences compile fast.
SMALL = replace(host(), l2_bytes=64)


def imported(form: Form) -> tuple[ModelProto, Any]:
    proto = form.model(form.result)
    shapes = {name: list(value.shape) for name, value in form.feeds.items()}
    return proto, import_model(proto, shapes).module


def nests(form: Form, target: Target = SMALL) -> list[str]:
    main = optimized(imported(form)[1], target)["main"]
    bound = [binding.value for block in main.body.blocks for binding in block.bindings]
    return [str(call.args[0].name_hint) for call in bound if hasattr(call, "args")]


def attentions(form: Form, target: Target = SMALL) -> int:
    names = nests(form, target)
    return sum(name.startswith(("attention", "fused_attention")) for name in names)


def assert_agrees(form: Form, target: Target = SMALL) -> None:
    proto, module = imported(form)
    made = run(module, form.feeds, target=target)
    np.testing.assert_allclose(made, expected(proto, form.feeds), rtol=1e-4, atol=3e-6)


@pytest.mark.parametrize("name", FORMS)
def test_attention_in_every_form_is_one_nest_and_agrees_with_onnxruntime(name: str) -> None:
    names = nests(FORMS[name])
    assert [nest for nest in names if "matmul" in nest] == []
    assert sum(nest.startswith(("attention", "fused_attention")) for nest in names) == 1
    assert_agrees(FORMS[name])


# Sizes of real models, on this machine as it is.
LONG = {
    "vision": {"rows": 197, "columns": 197, "width": 192, "batch": 1},
    "crowded": {"rows": 197, "columns": 197, "width": 3072, "batch": 1},
    "long": {"rows": 384, "columns": 384, "width": 96, "batch": 1},
    "cross": {"rows": 1024, "columns": 77, "width": 120, "batch": 1},
    "longer-keys": {"rows": 64, "columns": 1100, "width": 48, "batch": 1},
}


@pytest.mark.parametrize("name", LONG)
def test_long_sequences_are_one_nest(name: str) -> None:
    form = plain(**LONG[name])
    assert attentions(form, host()) == 1
    assert_agrees(form, host())


def test_a_nest_computes_what_it_does_unscheduled() -> None:
    for name in ("ragged-rows", "mask-of-both"):
        form = FORMS[name]
        module = imported(form)[1]
        plainly = run(module, form.feeds, target=SMALL, schedule=False)
        made = run(module, form.feeds, target=SMALL)
        np.testing.assert_allclose(made, plainly, rtol=1e-4, atol=3e-6)


@pytest.mark.parametrize("name", ["plain", "nothing-seen-infinite", "guarded"])
def test_attention_without_approximations_agrees_with_onnxruntime(name: str) -> None:
    exact = replace(resolve(None, None, {"precision": "exact"}), l2_bytes=64)
    assert exact.is_exact
    assert attentions(FORMS[name], exact) == 1
    assert_agrees(FORMS[name], exact)


def test_what_is_no_number_stays_so_in_its_row_alone() -> None:
    form = plain()
    form.feeds["q"][1, 7, 3] = np.nan
    assert_agrees(form)


def test_heads_are_split_and_joined_where_they_are_read_and_written() -> None:
    assert [n for n in nests(plain()) if "transpose" in n or "softmax" in n] == []


def test_keys_that_crowd_each_other_are_copied_side_by_side() -> None:
    assert "keys" not in nests(plain(width=48))
    assert "keys" in nests(plain(width=3072))
    assert_agrees(plain(width=3072))


def test_layers_share_the_panels_of_their_mask() -> None:
    form = Form(operands(mask=drawn(2, 1, 40, 40, seed=5)))
    attended(form, lambda scores: form.node("Add", scores, "mask"))
    form.feeds[form.result] = form.feeds["q"]
    query, key = form.heads(form.result, 0, 2, 1, 3), form.heads("k", 0, 2, 3, 1)
    shares = form.node(
        "Softmax", form.node("Add", form.node("MatMul", query, key), "mask"), axis=-1
    )
    del form.feeds[form.result]
    form.result = form.joined(form.node("MatMul", shares, form.heads("v", 0, 2, 1, 3)))
    assert sum("panels" in nest for nest in nests(form)) == 1
    assert_agrees(form)


DECLINED = {
    "shares-read-twice": (shares_read_twice(), SMALL),
    "double": (wide(), SMALL),
    "one-row": (plain(rows=1), SMALL),
    "few-rows": (plain(rows=3), SMALL),
    "scores-in-the-cache": (plain(), host()),
}


@pytest.mark.parametrize("name", DECLINED)
def test_what_does_not_fit_or_pay_stays_apart(name: str) -> None:
    form, target = DECLINED[name]
    assert attentions(form, target) == 0
    assert_agrees(form, target)


# Where the scores are kept: batch and heads, rows, columns, on a processor with AVX-512.
KEPT = {
    "clip": ((1, 8), 77, 77, True),
    "bert": ((1, 12), 128, 128, True),
    "bert-of-a-batch": ((8, 12), 128, 128, False),
    "bert-long": ((1, 12), 384, 384, False),
    "vit": ((1, 6), 197, 197, False),
    "window": ((16, 3), 49, 49, True),
    "gpt": ((1, 12), 1024, 1024, False),
    "text-of-an-image": ((1, 8), 4096, 77, False),
}


@pytest.mark.parametrize("name", KEPT)
def test_scores_are_kept_while_the_caches_hold_them(name: str) -> None:
    *extents, kept = KEPT[name]
    assert are_kept(*extents, cross("X86_64", "skylake-avx512")) == kept


def test_smaller_caches_keep_fewer_scores() -> None:
    server, board = cross("X86_64", "skylake-avx512"), cross("ARM64", "cortex-a72")
    assert are_kept((1, 40), 128, 128, server)
    assert not are_kept((1, 40), 128, 128, board)


@pytest.mark.parametrize(
    ("rows", "columns", "width", "step"),
    [
        (512, 512, 16, 32),
        (197, 197, 16, 16),
        (128, 8192, 16, 16),
        (128, 128, 8, 32),
        (128, 128, 4, 32),
        (1, 128, 16, None),
        (17, 128, 16, None),
    ],
)
def test_a_tile_fills_lanes_and_fits_the_cache(
    rows: int, columns: int, width: int, step: int | None
) -> None:
    assert filled_rows(rows, columns, width, 1 << 20) == step


@pytest.mark.parametrize(
    ("heads", "step", "crowded"),
    [(16, 32, True), (8, 16, True), (8, 32, False), (12, 16, False)],
)
def test_keys_a_power_of_two_apart_crowd_each_other(
    heads: int, step: int, crowded: bool
) -> None:
    assert are_crowded(heads * 64 * 4, step, cross("X86_64", "skylake-avx512")) == crowded


# Target -> the instruction that multiplies and adds a whole register of it.
REGISTERS = {
    "avx512": (("X86_64", "skylake-avx512"), r"vfmadd\d+ps.*zmm"),
    "avx2": (("X86_64", "haswell"), r"vfmadd\d+ps.*ymm"),
    "sse2": (("X86_64", "x86-64"), r"mulps.*xmm"),
    "neon": (("ARM64", "cortex-a72"), r"fml[as]\s+v\d+\.4s"),
    "vfp": (("ARM_EABIHF", "cortex-a53"), r"v(mla|mul|fma)\.f32\s+q\d+"),
}
# One element at a time, with what loads it.
LONE = r"(vfmadd\d+|\bv?mul)ss|fmadd\s+s\d+|fmla\s+s\d+|vmla\.f32\s+s\d+"


@pytest.mark.parametrize("row", REGISTERS)
@pytest.mark.parametrize("name", ["ragged-rows", "mask-of-both"])
def test_attention_uses_the_vectors_of_the_target(name: str, row: str) -> None:
    import tvm
    from tvm.tirx import PrimFunc

    machine, instruction = REGISTERS[row]
    target = replace(cross(*machine), l2_bytes=64)
    decisions: list[Any] = []
    module = optimized(imported(FORMS[name])[1], target)
    module = scheduled(module, target, note=decisions.append)
    assert [d.rule for d in decisions if "attention" in d.function] == ["attention"]
    (func,) = (
        func.with_attr("global_symbol", "nest")
        for var, func in module.functions_items()
        if isinstance(func, PrimFunc) and "attention" in var.name_hint
    )
    built = tvm.compile(tvm.IRModule({"nest": func}), target=tvm_target(target))
    code = str(built.mod.inspect_source("asm"))
    assert len(re.findall(instruction, code)) > 4
    assert not re.search(LONE, code)


def test_the_rule_says_what_is_no_attention() -> None:
    decisions: list[Any] = []
    module = optimized(imported(plain())[1], host())
    scheduled(module, host(), note=decisions.append)
    (softmax,) = (decision for decision in decisions if "softmax" in decision.function)
    assert dict(softmax.declined)["attention"] == "it has no block 'attention'"
