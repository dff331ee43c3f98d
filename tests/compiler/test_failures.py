from __future__ import annotations

import pytest

from sagectl.compiler.failures import condensed, summary
from sagectl.errors import CompileError

TVM_TEXT = """Traceback (most recent call last):
  File "/build/src/relax/op/tensor/manipulate.cc", line 512, in tvm::relax::InferReshape
    TVM_FFI_THROW(ValueError) << "..."
ValueError: relax.reshape expects the size to stay 12, but the new shape has 15
"""


def test_a_trace_is_condensed_to_the_line_that_tells() -> None:
    assert (
        summary(ValueError(TVM_TEXT))
        == "relax.reshape expects the size to stay 12, but the new shape has 15"
    )


def test_a_failed_check_is_told_without_its_formula() -> None:
    error = RuntimeError("InternalError: Check failed: (a == b) is false: the ranks differ")

    assert summary(error) == "the ranks differ"


def test_a_failure_without_words_is_told_by_its_kind() -> None:
    assert summary(KeyError()) == "KeyError"


def test_a_long_text_is_cut() -> None:
    assert len(summary(RuntimeError("x" * 10_000))) < 500


def test_what_tvm_raises_becomes_a_failed_stage() -> None:
    with pytest.raises(CompileError) as caught, condensed("optimize"):
        raise ValueError(TVM_TEXT)

    error = caught.value
    assert (error.stage, error.reason) == ("optimize", "internal")
    assert error.details["operators"] == ["relax.reshape"]
    assert isinstance(error.__cause__, ValueError)


def test_memory_that_runs_out_is_called_that() -> None:
    with pytest.raises(CompileError, match="ran out of memory"), condensed("generate"):
        raise MemoryError


def test_a_failure_that_has_its_reason_keeps_it() -> None:
    with pytest.raises(CompileError, match="as it was"), condensed("import"):
        raise CompileError("as it was", stage="import", reason="operator")
