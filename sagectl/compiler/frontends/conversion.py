"""Models of other frameworks made into ONNX, each in a process of its own.

The libraries of the frameworks bring LLVM and protobuf along, take hundreds of megabytes, and
read files that nobody vouches for: what goes wrong in them ends a child, not the compiler.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.extras import require
from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onnx import GraphProto, ModelProto

    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.request import CompileRequest

MODEL = "model.onnx"
_REPORT = "report.json"
# Models are read, not run: no library needs to look for a GPU.
_ON_PROCESSOR = {"CUDA_VISIBLE_DEVICES": "-1"}
_LONGEST = 600
# How messages begin whose first line tells the place and not the cause.
_PLACES = ("in user code:", "(most recent call last):")
_RAISED = re.compile(r"[\w.]*(Error|Exception): ")
_PASSED_ON = "Exception encountered when calling "
# How terminals are told of colours and bold letters.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a converter tells of the ONNX model that it wrote into its folder.

    ``shapes`` are those of inputs that the ONNX model leaves open.
    """

    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def imported(request: CompileRequest, converter: str) -> Imported:
    """The request's model by way of ONNX; ``converter`` is the module that ``serve``s.

    Raises RequestError and CompileError as the converter and the ONNX frontend do.
    """
    from sagectl.compiler.frontends.onnx import import_model

    model, done = as_onnx(request, converter)
    found = import_model(model, dict(done.shapes))
    return replace(
        found,
        framework=request.framework,
        reference=request.model,
        warnings=(*found.warnings, *done.warnings),
        facts={**found.facts, **done.facts},
    )


def as_onnx(request: CompileRequest, converter: str) -> tuple[ModelProto, Conversion]:
    """The request's model as ``converter`` makes it, and what is told of that."""
    from sagectl.compiler.frontends.onnx.reading import read_model

    require(request.framework)
    _refuse_misfits(request)
    with workplace("convert") as place:
        done = _converted(request, converter, place)
        return read_model(place / MODEL), done


def serve(convert: Callable[[Path, Mapping[str, Any], Path], Conversion]) -> None:
    """Run ``convert(model, asked, folder)`` as the parent asked, and report what came of it."""
    model, folder = Path(sys.argv[1]), Path(sys.argv[2])
    asked = json.loads(sys.argv[3])
    try:
        done = convert(model, asked, folder)
        report: dict[str, Any] = {
            "Shapes": {name: list(shape) for name, shape in done.shapes.items()},
            "Facts": dict(done.facts),
            "Warnings": list(done.warnings),
        }
    except CompileError as error:
        report = {
            "Refused": error.message,
            "Request": isinstance(error, RequestError),
            "Reason": error.reason,
            "Details": error.details,
            "Hint": error.hint,
        }
    (folder / _REPORT).write_text(json.dumps(report), encoding="utf-8")


@contextmanager
def converting(what: str, failures: tuple[type[Exception], ...], hint: str) -> Iterator[None]:
    """Turn what a framework's library raises into a RequestError (reason "format")."""
    try:
        yield
    except CompileError:
        raise
    except failures as error:
        raise RequestError(
            f"{what}: {first_line(error)}", stage="import", reason="format", hint=hint
        ) from error


def first_line(error: Exception) -> str:
    """The line of a library's message that says most, without colours.

    Its first, unless that only tells where something else was raised: then what was.
    """
    text = _COLOURS.sub("", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    place = 0
    if lines[0].endswith(_PLACES):
        raised = [index for index, line in enumerate(lines) if _RAISED.match(line)]
        place = raised[-1] if raised else -1
    if _PASSED_ON in lines[place] and lines[place] != lines[-1]:
        place += 1
    return lines[place][:_LONGEST]


def renamed(model: ModelProto, names: Mapping[str, str]) -> None:
    """Give values of a graph the names that people know them by, in place."""
    _renamed(model.graph, names)


def _renamed(graph: GraphProto, names: Mapping[str, str]) -> None:
    for node in graph.node:
        for side in (node.input, node.output):
            side[:] = [names.get(name, name) for name in side]
        # A branch reads what its surroundings make.
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _renamed(attribute.g, names)
            for inner in attribute.graphs:
                _renamed(inner, names)
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)


def _refuse_misfits(request: CompileRequest) -> None:
    """Raise RequestError for shapes that the file itself rules out, before a library loads."""
    from sagectl.compiler.frontends import HAVING_SIZES, declared_inputs
    from sagectl.compiler.frontends.signature import for_one, settled

    shapes: Mapping[str, Sequence[int]] = request.inputs
    inputs = declared_inputs(request.framework, request.model, shapes)
    if inputs is None:
        return
    has_sizes = request.framework in HAVING_SIZES
    settled(inputs, for_one(inputs, shapes) if has_sizes else shapes)


def _converted(request: CompileRequest, converter: str, place: Path) -> Conversion:
    asked = {
        "shapes": {name: list(shape) for name, shape in request.inputs.items()},
        "options": {name: value for name, value in request.options.items() if name == "dtype"},
    }
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            converter,
            str(request.model.absolute()),
            str(place),
            json.dumps(asked),
        ],
        env={
            **os.environ,
            **_ON_PROCESSOR,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    report = place / _REPORT
    if not report.exists():
        raise _broken(request, ended)
    found = json.loads(report.read_text(encoding="utf-8"))
    if "Refused" in found:
        kind = RequestError if found["Request"] else CompileError
        raise kind(
            found["Refused"],
            stage="import",
            reason=found["Reason"],
            details=found["Details"],
            hint=found["Hint"],
        )
    shapes = {name: tuple(shape) for name, shape in found["Shapes"].items()}
    return Conversion(shapes, found["Facts"], tuple(found["Warnings"]))


def _broken(request: CompileRequest, ended: subprocess.CompletedProcess[str]) -> RequestError:
    lines = [line for line in ended.stderr.strip().splitlines() if line.strip()]
    if ended.returncode < 0:
        how = f"crashes its reader ({signal.Signals(-ended.returncode).name})"
    else:
        said = lines[-1][:_LONGEST] if lines else f"it ended with {ended.returncode}"
        how = f"cannot be read: {said}"
    return RequestError(
        f"{request.model.name} {how}",
        stage="import",
        reason="format",
        hint="Is the file whole, and of a version that the installed framework reads? "
        "An ONNX export of the model is another way in.",
    )
