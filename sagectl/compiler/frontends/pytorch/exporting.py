"""What torch's exporters raise, told by its cause."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.conversion import first_line
from sagectl.compiler.frontends.pytorch.programs import FAILURES, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def exporting(path: Path, hint: str, program: Any = None) -> Iterator[None]:
    """Turn what an exporter raises into a RequestError (reason "format").

    Operators of ``program``, an ExportedProgram, that ONNX lacks are named all at once.
    """
    try:
        with quiet():
            yield
    except FAILURES as error:
        missing = _missing(program) if program is not None else []
        why = (
            f"torch's ONNX exporter lacks {', '.join(missing)}"
            if missing
            else first_line(_cause(error))
        )
        raise RequestError(
            f"{path.name} cannot be exported: {why}",
            stage="import",
            reason="format",
            details={"operators": missing} if missing else {},
            hint=hint,
        ) from error


def _cause(error: BaseException) -> Exception:
    """What an error was first raised from: the exporter's own text is advice to its makers."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def _missing(program: Any) -> list[str]:
    """The operators that the exporter has no function for, once it has taken others apart.

    It stops at the first of them itself. Its table is not public: without it none are told.
    """
    try:
        from torch.onnx._internal.exporter import _fx_passes, _registration

        with quiet():
            registry = _registration.ONNXRegistry.from_torchlib()
            graph = _fx_passes.decompose_with_registry(program, registry).graph
            lacking = {
                str(node.target).removesuffix(".default")
                for node in graph.nodes
                if _is_operator(node) and not registry.is_registered(node.target)
            }
    except (ImportError, *FAILURES):
        return []
    return sorted(lacking)


def _is_operator(node: Any) -> bool:
    from torch._ops import OpOverload

    return node.op == "call_function" and isinstance(node.target, OpOverload)
