"""Failures of TVM and LLVM, condensed to what a person can act on."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The stages that are TVM's work; a surprise in any other is a fault of our own code.
TVM_STAGES = ("import", "optimize", "schedule", "generate")

# TVM reports C++ errors as RuntimeError, its Python passes raise these of their own.
TVM_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
_NOISE = re.compile(r"^(Traceback|File |\s|[\d\]\[]+:|Stack trace)")
_CHECK = re.compile(r"^(?:\w*Error: )?(?:Check failed: )?(?:\([^)]*\) is false:? ?)?")
_OPERATOR = re.compile(r"\b((?:relax|onnx|tirx?|topi)\.[\w.]+)")
_LONGEST = 400


@contextmanager
def condensed(stage: str) -> Iterator[None]:
    """Turn what TVM raises in a stage into a CompileError (reason internal) of one line."""
    try:
        yield
    except CompileError:
        raise
    except MemoryError as error:
        raise CompileError(
            "Compilation ran out of memory",
            stage=stage,
            reason="internal",
            hint="Give it more memory; weights are held several times over.",
        ) from error
    except TVM_FAILURES as error:
        said = summary(error)
        operators = sorted(set(_OPERATOR.findall(str(error))))
        raise CompileError(
            f"The compiler failed to {stage} the model: {said}",
            stage=stage,
            reason="internal",
            details={"operators": operators},
            hint="This is a fault of the compiler, not of the model: --debug shows all of it.",
        ) from error


@contextmanager
def stored(stage: str) -> Iterator[None]:
    """Turn a file that cannot be written or read in a stage into a CompileError."""
    try:
        yield
    except OSError as error:
        raise CompileError(
            f"{error.filename or 'A file'} cannot be used: {error.strerror or error}",
            stage=stage,
            reason="internal",
            hint="Compilation needs room for the weights twice over, where TMPDIR says and in "
            "the output folder.",
        ) from error


def summary(error: Exception) -> str:
    """The one line of an error's text that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not _NOISE.match(line)]
    line = _CHECK.sub("", telling[-1]) if telling else ""
    line = line or (telling[-1] if telling else type(error).__name__)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
