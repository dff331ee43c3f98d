"""Runs some tests of the suite in a process that may crash, one JSON line per event."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from onnx.backend.test.runner import Runner

from sagectl.compiler.comparison import difference
from sagectl.errors import CompileError, SagectlError
from sagectl.runtime.errors import RunnerError
from tests.conformance.cases import Case, case

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_NOTE = 100


def main(names_path: str, log_path: str) -> None:
    """Run the tests named in a file; ``started`` and ``done`` lines go to the log."""
    with open(names_path) as names, open(log_path, "a") as log:  # noqa: PTH123
        for name in names.read().split():
            _write(log, {"started": name})
            test = case(name)
            sagectl, note, bound = _sagectl_outcome(test)
            outcome = {
                "done": name,
                "operators": test.operators,
                "sagectl": sagectl,
                "bound": bound,
                "note": note,
                "onnxruntime": _onnxruntime_outcome(test),
            }
            _write(log, outcome)


def _write(log: TextIO, event: dict[str, Any]) -> None:
    print(json.dumps(event), file=log, flush=True)


def _sagectl_outcome(test: Case) -> tuple[str, str, bool]:
    from sagectl import onnx_backend

    model = onnx_backend.prepare(test.model)
    try:
        _compare(test, lambda given: model.run(given))
    except AssertionError as error:
        status = "rounding" if _only_rounds(test, model) else "wrong"
        return status, _note(error), bool(model.bound)
    except CompileError as error:
        status = "refused" if error.reason in ("operator", "input", "format") else "error"
        return status, _note(error), bool(model.bound)
    except (
        SagectlError,
        RunnerError,
        ArithmeticError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        return "error", _note(error), bool(model.bound)
    return "pass", "", bool(model.bound)


def _only_rounds(test: Case, model: Any) -> bool:
    """Whether only digits differ that the format or the size of the summands does not hold.

    The suite stores what numpy computed, the noise of its own rounding included; the bounds
    here are those that verification states.
    """
    return all(
        difference("", np.asarray(ours), np.asarray(theirs)).passed
        for given, wanted in test.data_sets
        for ours, theirs in zip(model.run(given), wanted, strict=True)
    )


def _onnxruntime_outcome(test: Case) -> str:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    failures = (RuntimeError, TypeError, ValueError, state.Fail, state.NotImplemented)
    try:
        session = onnxruntime.InferenceSession(
            test.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        read = {each.name for each in session.get_inputs()}

        def run(given: list[Any]) -> list[Any]:
            feeds = zip(test.inputs, given, strict=False)
            return list(session.run(None, {name: x for name, x in feeds if name in read}))

        _compare(test, run)
    except AssertionError:
        return "wrong"
    except (*failures, state.InvalidArgument, state.InvalidGraph, state.RuntimeException):
        return "error"
    return "pass"


def _compare(test: Case, run: Callable[[list[Any]], Any]) -> None:
    for given, wanted in test.data_sets:
        results = [np.asarray(each) if np.isscalar(each) else each for each in run(given)]
        wanted = [np.asarray(each) if np.isscalar(each) else each for each in wanted]
        Runner.assert_similar_outputs(wanted, results, test.rtol, test.atol)


def _note(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text}"[:_LONGEST_NOTE]


if __name__ == "__main__":
    main(*sys.argv[1:])
