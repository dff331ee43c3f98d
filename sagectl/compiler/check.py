"""What can be said of a model before it is compiled: a question that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends import FRONTENDS, HAVING_SIZES, declared_inputs, onnx_route
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.frontends.detection import recognised
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import OnnxRoute
    from sagectl.compiler.frontends.onnx.graph import Value
    from sagectl.compiler.frontends.onnx.inspection import Port, Report
    from sagectl.compiler.frontends.signature import Declared

# ONNX's words for element types -> numpy's.
_TYPES = {"float": "float32", "double": "float64"}
_UNKNOWN = "What this framework's operators are is found out by compiling."
# Frameworks of which processors alone are served.
_FOR_PROCESSORS = frozenset({"LIGHTGBM", "SKLEARN", "XGBOOST"})


def checked(
    model: Path,
    framework: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Any]:
    """What the model holds, what stands against compiling it, and what to change.

    Neither compiles nor loads TVM. Raises RequestError for what is no model of ``framework``,
    or, without one, of any framework that its files tell.
    """
    kind = framework_of(model, framework)
    found: dict[str, Any] = {"Model": str(model), "Framework": kind}
    if (route := onnx_route(kind)) is not None:
        return {**found, **_by_way_of_onnx(model, kind, route, shapes or {})}
    if kind == "SKLEARN":
        _refuse_pickles(model)
    if kind != "ONNX":
        return {**found, "Compiles": None, **_other(model, kind)}
    from sagectl.compiler.frontends.onnx.estimators import has_trees, of_tensors
    from sagectl.compiler.frontends.onnx.inspection import inspected
    from sagectl.compiler.frontends.onnx.reading import read_model

    with model_file(model, kind) as path:
        parsed, _ = of_tensors(read_model(path))
    report = inspected(parsed, shapes or {})
    targets = _targets(for_processors=has_trees(parsed))
    return {**found, **_described(report), "Targets": targets}


def _by_way_of_onnx(
    model: Path, kind: str, route: OnnxRoute, shapes: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """The same of the ONNX model that a model of another framework becomes.

    It is made for a batch of one where that alone is left open, which stays a problem. Where
    what reads the framework is not installed, nothing is known of its operators.
    """
    from sagectl.compiler.frontends.onnx.inspection import inspected
    from sagectl.compiler.request import compile_request

    bare = {"Compiles": None, **_other(model, kind)}
    try:
        with model_file(model, kind) as path:
            inputs = declared_inputs(kind, path, shapes)
            bare["Inputs"] = [_declared(each) for each in inputs or ()]
            filled, problem = _for_one(kind, inputs, shapes)
            request = compile_request(path, output=path.parent, framework=kind, inputs=filled)
            report = inspected(*route.as_onnx(request))
    except CompileError as error:
        if error.reason == "extra":
            return {**bare, "Hint": f"{error.message}. {error.hint}"}
        return {**bare, **_refusal(error)}
    found = {**_described(report), "Targets": _targets()}
    if problem is None:
        return found
    refusal = _refusal(problem)
    problems = [*refusal["Problems"], *found["Problems"]]
    return {**found, **refusal, "Inputs": bare["Inputs"], "Problems": problems}


def _for_one(
    kind: str, inputs: Sequence[Declared] | None, shapes: Mapping[str, Sequence[int]]
) -> tuple[Mapping[str, Sequence[int]], CompileError | None]:
    """Shapes that a model can be asked about, and what stands against those asked for."""
    from sagectl.compiler.frontends.signature import for_one, settled

    if inputs is None:
        return shapes, None
    filled = for_one(inputs, shapes)
    try:
        settled(inputs, filled if kind in HAVING_SIZES else shapes)
    except CompileError as error:
        return filled, error
    return shapes, None


def _refusal(error: CompileError) -> dict[str, Any]:
    problems = error.message.splitlines()
    return {"Compiles": False, "Problems": problems, "Hint": error.hint}


def _declared(given: Declared) -> dict[str, Any]:
    name, dtype, sizes = given
    known = sizes if sizes is not None else ["..."]
    return {"Name": name, "Type": dtype, "Shape": ["?" if e is None else e for e in known]}


def framework_of(model: Path, asked: str | None) -> str:
    """The framework asked for, else the one that files tell; raises RequestError."""
    if not model.exists():
        raise _refused(f"{model} does not exist", "no-model", "Check the path.")
    found = asked or recognised(model)
    if found is None:
        raise _refused(
            f"No file of {model.name} tells its framework",
            "format",
            "Name it with --framework: ONNX, PYTORCH, TENSORFLOW and so on.",
        )
    return found


def fixed_shapes(
    model: Path, framework: str, shapes: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """The inputs of a model with shapes as a DataInputConfig has them.

    An open leading dimension is 1 where nothing is said. Empty where the framework takes rows
    in any number. Raises RequestError with the flags that are missing for other open ones.
    """
    if framework in _FOR_PROCESSORS:
        return {}
    with model_file(model, framework) as path:
        values = _fixed(path, framework, shapes)
    return {value.name: [size or 0 for size in value.shape or ()] for value in values}


def _fixed(path: Path, framework: str, shapes: Mapping[str, Sequence[int]]) -> list[Value]:
    """The inputs by the model's file, or where that does not tell, by its conversion."""
    from sagectl.compiler.frontends.onnx.reading import read_model
    from sagectl.compiler.frontends.onnx.signature import fixed_inputs, with_batch_of_one
    from sagectl.compiler.frontends.signature import for_one, settled
    from sagectl.compiler.request import compile_request

    if (inputs := declared_inputs(framework, path, shapes)) is not None:
        return settled(inputs, for_one(inputs, shapes))
    if (route := onnx_route(framework)) is None:
        parsed = read_model(path)
        return fixed_inputs(parsed, with_batch_of_one(parsed, shapes))
    request = compile_request(path, output=path.parent, framework=framework, inputs=shapes)
    return fixed_inputs(*route.as_onnx(request))


def _described(report: Report) -> dict[str, Any]:
    return {
        "Compiles": report.compiles,
        "Opset": report.opset,
        "Inputs": [_port(port) for port in report.inputs],
        "Outputs": [_port(port) for port in report.outputs],
        "Parameters": report.parameters,
        "ParameterBytes": report.parameter_bytes,
        "Flops": report.flops,
        "MemoryBytes": report.memory_bytes,
        "Operators": [
            {"Name": use.name, "Count": use.count, "Status": use.status, "Reason": use.reason}
            for use in report.operators
        ],
        "Problems": list(report.problems),
        "Hint": report.hint,
    }


def _port(port: Port) -> dict[str, Any]:
    return {
        "Name": port.name,
        "Type": _TYPES.get(port.dtype, port.dtype),
        "Shape": list(port.shape),
    }


def _refuse_pickles(model: Path) -> None:
    """Raise RequestError for a pickle, of which nothing is known unless its code is run."""
    from sagectl.compiler.frontends.sklearn.reading import is_skops

    with model_file(model, "SKLEARN") as path:
        if not is_skops(path):
            raise _refused(
                f"{path.name} is a pickle: nothing can be said of it without running the code "
                "that is in it, and a check runs none",
                "format",
                "Save it with skops, or as ONNX; compile build reads a pickle with --trust.",
            )


def _other(model: Path, kind: str) -> dict[str, Any]:
    files = (
        [model] if model.is_file() else [each for each in model.rglob("*") if each.is_file()]
    )
    known = kind in FRONTENDS
    return {
        "SizeBytes": sum(each.stat().st_size for each in files),
        "Operators": [],
        "Problems": [] if known else [f"Models of {kind} cannot be read"],
        "Hint": _UNKNOWN if known else "Export the model to ONNX.",
        "Targets": _targets(for_processors=kind in _FOR_PROCESSORS) if known else [],
    }


def _targets(*, for_processors: bool = False) -> list[str]:
    """The platforms that packages are made for, without accelerators where told so."""
    from sagectl.compiler.request import Platform
    from sagectl.compiler.targets.rows import rows

    return [
        str(Platform(row["Os"], row["Arch"], row["Accelerator"]))
        for row in rows()
        if row["Device"] is None
        and row["Status"] == "served"
        and not (for_processors and row["Accelerator"])
    ]


def _refused(message: str, reason: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason=reason, hint=hint)
