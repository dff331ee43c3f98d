"""The child process in which a package and its reference run side by side.

Generated code that crashes takes this process with it, not its caller.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.comparison import Comparison, differences
from sagectl.compiler.frontends import Repeating, UnanswerableError, frontend
from sagectl.compiler.inputs import DRAWS, drawn
from sagectl.runtime import RunnerError, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.frontends import Reference
    from sagectl.runtime.tensors import Port


def main(framework: str, package: str, model: str, data: str, report: str) -> None:
    """Write ``report``: a comparison, or what kept it from being made (``Unable``)."""
    found = _report(framework, Path(package), Path(model), Path(data) if data else None)
    Path(report).write_text(json.dumps(found), encoding="utf-8")


def _report(framework: str, package: Path, model: Path, data: Path | None) -> dict[str, Any]:
    runner = load(package)
    names = [port.name for port in runner.outputs]
    try:
        reference = frontend(framework).reference(model, runner.inputs, runner.outputs)
        inputs, feeds, theirs = _answered(reference, runner.inputs, names, data)
    except UnanswerableError as error:
        return {"Unable": str(error)}
    try:
        ours = runner.run(feeds)
    except RunnerError as error:
        return {"Failed": error.message}
    source = runner.meta["Sagectl"].get("Source", {})
    pairs = [(name, ours[name], value) for name, value in zip(names, theirs, strict=True)]
    again = partial(reference.again, feeds, names) if isinstance(reference, Repeating) else None
    rows = differences(source, pairs, again)
    return Comparison(reference.name, inputs, rows).as_dict()


def _answered(
    reference: Reference, ports: Sequence[Port], names: Sequence[str], data: Path | None
) -> tuple[str, dict[str, Any], list[Any]]:
    """Inputs, in words and as arrays, with the reference's outputs for them."""
    import numpy as np

    if data is not None:
        with np.load(data, allow_pickle=False) as archive:
            feeds = dict(archive)
        return "given", feeds, reference.outputs(feeds, names)
    answered: tuple[str, dict[str, Any], list[Any]] | None = None
    refused: UnanswerableError | None = None
    for draw in DRAWS:
        feeds = drawn(ports, draw)
        try:
            outputs = reference.outputs(feeds, names)
        except UnanswerableError as error:
            refused = error
            continue
        # An output as long as a run finds may come without elements, which proves little.
        if all(_is_finite(output) and output.size for output in outputs):
            return str(draw), feeds, outputs
        answered = answered or (str(draw), feeds, outputs)
    if answered is None:
        raise refused or UnanswerableError("No inputs were accepted")
    return answered


def _is_finite(output: Any) -> bool:
    import numpy as np

    return output.dtype.kind not in "fc" or bool(np.isfinite(output).all())


if __name__ == "__main__":
    main(*sys.argv[1:])
