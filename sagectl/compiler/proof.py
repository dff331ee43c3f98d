"""The child process in which a package and its reference run side by side.

Generated code that crashes takes this process with it, not its caller.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.comparison import Comparison, difference
from sagectl.compiler.inputs import DRAWS, drawn
from sagectl.runtime import RunnerError, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.runtime.tensors import Port


class _Reference:
    """onnxruntime over one model."""

    def __init__(self, model: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        self.name = f"onnxruntime {onnxruntime.__version__}"
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        taken = {each.name for each in self._session.get_inputs()}
        results: list[Any] = self._session.run(
            list(names), {name: value for name, value in feeds.items() if name in taken}
        )
        return results


def main(package: str, model: str, data: str, report: str) -> None:
    """Write ``report``: a comparison, or what kept it from being made (``Unable``)."""
    Path(report).write_text(
        json.dumps(_report(Path(package), Path(model), Path(data) if data else None)),
        encoding="utf-8",
    )


def _report(package: Path, model: Path, data: Path | None) -> dict[str, Any]:
    runner = load(package)
    names = [port.name for port in runner.outputs]
    try:
        reference = _Reference(model)
        inputs, feeds, theirs = _answered(reference, runner.inputs, names, data)
    except _refusals() as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return {"Unable": f"onnxruntime cannot run the model: {lines[0][:300]}"}
    try:
        ours = runner.run(feeds)
    except RunnerError as error:
        return {"Failed": error.message}
    rows = tuple(
        difference(name, ours[name], value) for name, value in zip(names, theirs, strict=True)
    )
    return Comparison(reference.name, inputs, rows).as_dict()


def _answered(
    reference: _Reference, ports: Sequence[Port], names: Sequence[str], data: Path | None
) -> tuple[str, dict[str, Any], list[Any]]:
    """Inputs, in words and as arrays, with the reference's outputs for them."""
    import numpy as np

    if data is not None:
        with np.load(data, allow_pickle=False) as archive:
            feeds = dict(archive)
        return "given", feeds, reference.outputs(feeds, names)
    answered: tuple[str, dict[str, Any], list[Any]] | None = None
    refused: Exception | None = None
    for draw in DRAWS:
        feeds = drawn(ports, draw)
        try:
            outputs = reference.outputs(feeds, names)
        except _refusals() as error:
            refused = error
            continue
        if all(_is_finite(output) for output in outputs):
            return str(draw), feeds, outputs
        answered = answered or (str(draw), feeds, outputs)
    if answered is None:
        raise refused or RuntimeError("no inputs were accepted")
    return answered


def _is_finite(output: Any) -> bool:
    import numpy as np

    return output.dtype.kind not in "fc" or bool(np.isfinite(output).all())


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: kinds of its own without a common base, and Python's."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (*own, RuntimeError, TypeError, ValueError)


if __name__ == "__main__":
    main(*sys.argv[1:])
