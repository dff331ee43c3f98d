"""Reads ONNX models: one static-shape lowering pass, then TVM's importer node by node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnx import ModelProto

    from sagectl.compiler.frontends import Imported, Reference, TensorSpec
    from sagectl.compiler.frontends.onnx.gate import Form
    from sagectl.compiler.frontends.onnx.graph import Value
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port

_QUANTISERS = frozenset(
    {
        *("QuantizeLinear", "DynamicQuantizeLinear"),
        *("com.microsoft.DynamicQuantizeLSTM", "com.microsoft.DynamicQuantizeMatMul"),
    }
)
_NESTED = frozenset(("If", "Loop", "Scan"))


def load(request: CompileRequest) -> Imported:
    """The request's model with its shapes fixed and its parameters bound.

    Maps and names of classes in its outputs become tensors, and are told of.

    Raises RequestError (reason "format" or "input"), or CompileError (reason "operator",
    details "operators", "nodes" and "needs") that names everything at once.
    """
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.onnx.estimators import has_trees, of_tensors
    from sagectl.compiler.frontends.onnx.reading import read_model
    from sagectl.compiler.frontends.trees.lowering import cpu_target

    with model_file(request.model, request.framework) as path:
        model, changes = of_tensors(read_model(path))
    if has_trees(model):
        cpu_target(request)
    imported = import_model(model, request.inputs)
    imported = replace(imported, warnings=(*imported.warnings, *changes))
    if imported.reference is None and path.exists():
        # Too large for one message and not out of an archive: compared as it lies there.
        imported = replace(imported, reference=path)
    unproven = imported.facts["unproven"]
    if request.verify or request.is_compared or not unproven:
        return imported
    said = f"No test of ONNX vouches for {', '.join(unproven)}: verified all the same"
    return replace(imported, warnings=(*imported.warnings, said))


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as onnxruntime runs it; the ports are the model's own."""
    from sagectl.compiler.frontends.onnx.engine import Onnxruntime

    return Onnxruntime(model)


def import_model(model: ModelProto, shapes: Mapping[str, Sequence[int]]) -> Imported:
    """The same for a model at hand."""
    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.frontends.onnx.functions import of_one_version
    from sagectl.compiler.frontends.onnx.gate import not_right
    from sagectl.compiler.frontends.onnx.importer import imported
    from sagectl.compiler.frontends.onnx.lowering import lowered
    from sagectl.compiler.frontends.onnx.reading import serialised
    from sagectl.compiler.frontends.onnx.refusals import (
        refuse_open_outputs,
        refuse_sizes,
        refuse_types,
        unsupported,
    )
    from sagectl.compiler.frontends.onnx.signature import fixed_inputs

    refuse_types(model)
    inputs = fixed_inputs(model, shapes)
    refuse_sizes(inputs)
    result = lowered(model, inputs)
    if result.problems:
        raise unsupported(result.problems)
    refuse_open_outputs(result.graph)
    refuse_sizes(value for node in result.graph.nodes for value in node.outputs)
    module, problems = imported(result.graph)
    if problems:
        raise unsupported(problems)
    return Imported(
        module=module,
        inputs=tuple(_spec(value.name, value) for value in result.graph.inputs),
        outputs=tuple(_spec(name, value) for name, value in result.graph.outputs),
        framework="ONNX",
        reference=serialised(of_one_version(model)),
        facts={
            "opset": max(
                (each.version for each in model.opset_import if not each.domain), default=1
            ),
            "nodes": len(model.graph.node),
            "lowered": len(result.graph.nodes),
            **_narrowest(model, result.forms),
            **_saturating(model),
            # What no test of ONNX vouches for: verification must.
            "unproven": not_right(result.forms),
        },
    )


def _narrowest(model: ModelProto, forms: Sequence[Form]) -> dict[str, Any]:
    """The narrow type that the model computes in, if it does: its outputs show its rounding.

    Outputs that no quantisation lies behind are named, and held to their own type.
    """
    if any(form.operator in _QUANTISERS for form in forms):
        exempt = [each.name for each in model.graph.output if not _is_rough(model, each.name)]
        return {"narrowest": "quantised", **({"unquantised": exempt} if exempt else {})}
    types = {form.dtype for form in forms}
    found = next((name for name in ("bfloat16", "float16") if name in types), None)
    return {"narrowest": found} if found else {}


def _saturating(model: ModelProto) -> dict[str, list[str]]:
    """The outputs that a sigmoid makes, which lie between 0 and 1 wherever their values are."""
    made = {node.output[0] for node in model.graph.node if node.op_type == "Sigmoid"}
    found = [each.name for each in model.graph.output if each.name in made]
    return {"saturating": found} if found else {}


def _is_rough(model: ModelProto, output: str) -> bool:
    """Whether a quantisation lies behind an output, or may: in a branch or a function."""
    from sagectl.compiler.frontends.onnx.cutting import operators_behind

    opaque = {*_NESTED, *(function.name for function in model.functions)}
    return any(
        operator in opaque or "Quant" in operator or operator.startswith("QLinear")
        for operator in operators_behind(model, output)
    )


def _spec(name: str, value: Value) -> TensorSpec:
    from sagectl.compiler.frontends import TensorSpec

    shape = tuple(
        -1 if size is None or axis in value.sizes else size
        for axis, size in enumerate(value.shape or ())
    )
    return TensorSpec(name, str(value.dtype), shape)
