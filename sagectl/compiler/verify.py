"""Proof that a package computes what its model means, as a stage and as a question."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler import opencl
from sagectl.compiler.bucketing import (
    bucket_of,
    bucket_words,
    buckets,
    joined_comparison,
    single,
)
from sagectl.compiler.comparison import TOLERANCES, Comparison, comparison_of
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.packaging import open_package, write_folder
from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError, InputError
from sagectl.runtime import package as layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.compiler.divergence import Compile, Divergence
    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

_SHOWN = 3


class _NoReferenceError(Exception):
    """There is no reference to compare with; the text says why."""


def verified(
    folder: Path,
    meta: Mapping[str, Any],
    imported: Imported,
    request: CompileRequest,
    target: Target,
    compiled: Compile | None = None,
) -> tuple[dict[str, Any], Comparison | None]:
    """The meta with its Verification filled in, and what was measured.

    Where the outputs cannot be compared the result is ``skipped`` with the reason; nothing
    else is left out. Raises CompileError (reason mismatch) where they differ, which names
    the first tensor that does: ``compiled`` (the compiler) makes packages of the model's
    parts to find it.
    """
    if reason := _why_not(imported, request, target):
        skipped = {"Result": "skipped", "Reason": reason}
        if target.gpu and target.gpu.code is None:
            skipped["Kernels"] = "accepted by clang" if opencl.available() else "not compiled"
        return _recorded(meta, skipped), None
    write_folder(folder, meta)
    with _reference_file(imported) as model:
        try:
            comparison = _compared(imported.framework, folder, model, None)
        except _NoReferenceError as error:
            return _recorded(meta, {"Result": "skipped", "Reason": str(error)}), None
    if not comparison.passed:
        raise _mismatch(comparison, _divergence(comparison, imported, request, compiled))
    narrowest = imported.facts.get("narrowest", "float32")
    rtol, atol = TOLERANCES[narrowest]
    proof: dict[str, Any] = {
        "Result": "passed",
        "Reference": comparison.reference,
        "Inputs": comparison.inputs,
        "Tolerance": {"Relative": rtol, "AbsoluteShareOfScale": atol},
    }
    if forced := _forced(imported, request):
        proof["ForcedBy"] = list(forced)
    return _recorded(meta, proof), comparison


def compared(
    package: Path, model: Path, data: Mapping[str, Any] | None = None, framework: str = "ONNX"
) -> Comparison:
    """How the outputs of a package differ from those of its model in its own framework.

    ``data`` are inputs by name; without it they are made up. Raises InputError for a package
    or model that cannot be run, CompileError where the package crashes.
    """
    with (
        model_file(model, framework) as reference,
        open_package(package) as folder,
        workplace("inputs") as place,
    ):
        numbers: Sequence[int] = range(len(buckets(folder)))
        feeds = None
        if data is not None:
            import numpy as np

            numbers = [bucket_of(folder, data)]
            feeds = place / "inputs.npz"
            np.savez(feeds, allow_pickle=False, **data)
        try:
            return _of_buckets(framework, folder, reference, feeds, numbers)
        except _NoReferenceError as error:
            raise InputError(str(error), hint="Is it the model of this package?") from error


def _of_buckets(
    framework: str, folder: Path, model: Path, data: Path | None, numbers: Sequence[int]
) -> Comparison:
    """The comparison over the sets of shapes of a package that ``numbers`` names."""
    found = []
    for number in numbers:
        with single(folder, number) as part:
            said = bucket_words(layout.meta(part))
            found.append((said, _compared(framework, part, model, data)))
    return found[0][1] if len(found) == 1 else joined_comparison(found)


def _forced(imported: Imported, request: CompileRequest) -> Sequence[str]:
    """What must be compared whatever is asked: no test vouches for it."""
    if request.verify or request.is_compared:
        return ()
    forced: Sequence[str] = imported.facts.get("unproven", ())
    return forced


def _mismatch(comparison: Comparison, first: Divergence | None) -> CompileError:
    message = f"The compiled model differs from {comparison.reference}: " + "; ".join(
        map(str, comparison.failures[:_SHOWN])
    )
    details = comparison.as_dict()
    if first is not None:
        message = f"{message}; {first}"
        details["Divergence"] = first.as_dict()
    return CompileError(
        message,
        stage="verify",
        reason="mismatch",
        details=details,
        hint="No package was made: this is a fault of the compiler, worth a report.",
    )


def _divergence(
    comparison: Comparison,
    imported: Imported,
    request: CompileRequest,
    compiled: Compile | None,
) -> Divergence | None:
    if not isinstance(imported.reference, bytes):
        return None
    from sagectl.compiler.divergence import diverging

    if compiled is None:
        from sagectl.compiler.api import compile_model

        compiled = compile_model
    output = comparison.failures[0].output
    return diverging(imported.reference, output, request, compiled, _part_compared)


def _part_compared(package: Path, model: Path) -> Comparison:
    with open_package(package) as folder:
        try:
            return _compared("ONNX", folder, model, None)
        except _NoReferenceError as error:
            raise CompileError(str(error), stage="verify", reason="mismatch") from error


@contextmanager
def _reference_file(imported: Imported) -> Iterator[Path]:
    if isinstance(imported.reference, Path):
        yield imported.reference
        return
    with workplace("reference") as place:
        model = place / "model.onnx"
        model.write_bytes(imported.reference or b"")
        yield model


def _why_not(imported: Imported, request: CompileRequest, target: Target) -> str | None:
    if not request.verify and not _forced(imported, request):
        return "not asked for"
    if imported.reference is None:
        return "the model is too large for one ONNX message, and has no other reference"
    return target.reason_not_here


def _recorded(meta: Mapping[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    return {**meta, "Sagectl": {**meta["Sagectl"], "Verification": proof}}


def _compared(framework: str, folder: Path, model: Path, data: Path | None) -> Comparison:
    """Compare in a process of its own, which a crash of generated code ends alone."""
    with workplace("proof") as place:
        report = place / "report.json"
        arguments = [
            framework,
            str(folder.absolute()),
            str(model.absolute()),
            str(data or ""),
            str(report),
        ]
        ended = subprocess.run(
            [sys.executable, "-m", "sagectl.compiler.proof", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    if "Unable" in found:
        raise _NoReferenceError(found["Unable"])
    if "Failed" in found or not found:
        raise CompileError(
            f"The compiled model {found.get('Failed') or _ending(ended)}",
            stage="verify",
            reason="mismatch",
            hint="This is a fault of the compiler; the model is right.",
        )
    return comparison_of(found)


def _ending(ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode < 0:
        return f"crashed while running ({signal.Signals(-ended.returncode).name})"
    lines = ended.stderr.strip().splitlines() or ["nothing was said"]
    return f"could not be run: {lines[-1]}"
