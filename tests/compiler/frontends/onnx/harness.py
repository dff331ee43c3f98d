"""Small models as text, run by the frontend's result and by onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnx import helper, parser

from sagectl.compiler.frontends.onnx import import_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import ModelProto

    Array = np.ndarray[Any, Any]


def model_of(text: str, opset: int = 18, domains: str = "") -> ModelProto:
    """A model from ONNX's text form; ``domains`` are further operator sets."""
    extra = f", {domains}" if domains else ""
    return parser.parse_model(f'<ir_version: 9, opset_import: ["": {opset}{extra}]>\n{text}')


def random_feeds(model: ModelProto, seed: int = 5) -> dict[str, Array]:
    """Values for the open inputs: floats about zero, integers from 0 to 3."""
    random = np.random.default_rng(seed)
    bound = {tensor.name for tensor in model.graph.initializer}
    feeds = {}
    for each in model.graph.input:
        if each.name in bound:
            continue
        tensor = each.type.tensor_type
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        shape = [dim.dim_value for dim in tensor.shape.dim]
        if dtype.kind == "f":
            feeds[each.name] = random.standard_normal(shape).astype(dtype)
        else:
            feeds[each.name] = random.integers(0, 3, shape).astype(dtype)
    return feeds


def compiled_results(model: ModelProto, feeds: Mapping[str, Array]) -> list[Array]:
    """What TVM computes with the module as the frontend hands it over, nothing scheduled."""
    import tvm
    from tvm import relax

    imported = import_model(model, {name: array.shape for name, array in feeds.items()})
    target = tvm.target.Target({"kind": "llvm", "num-cores": 1})
    with target:
        machine = relax.VirtualMachine(tvm.compile(imported.module, target=target), tvm.cpu())
    arguments = [
        tvm.runtime.tensor(np.asarray(feeds[spec.name], order="C")) for spec in imported.inputs
    ]
    result = machine["main"](*arguments)
    tensors = [result] if isinstance(result, tvm.runtime.Tensor) else list(result)
    return [tensor.numpy() for tensor in tensors]


def reference_results(model: ModelProto, feeds: Mapping[str, Array]) -> Sequence[Array]:
    """What onnxruntime computes, node by node: its fusions round in their own ways."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    read = {each.name for each in session.get_inputs()}
    results: Sequence[Array] = session.run(
        None, {name: array for name, array in feeds.items() if name in read}
    )
    return results


def assert_same(
    model: ModelProto, feeds: Mapping[str, Array] | None = None, atol: float = 1e-5
) -> None:
    """The frontend's results are onnxruntime's, types and shapes included."""
    feeds = random_feeds(model) if feeds is None else feeds
    wanted = reference_results(model, feeds)
    for result, reference in zip(compiled_results(model, feeds), wanted, strict=True):
        assert result.dtype == reference.dtype
        assert result.shape == reference.shape
        np.testing.assert_allclose(result, reference, rtol=1e-4, atol=atol)
