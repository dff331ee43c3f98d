"""Single operators as models, compiled in process and compared with onnxruntime."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.request import Platform
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import resolve, tvm_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import ModelProto

    from sagectl.compiler.targets import Target

Array = np.ndarray[Any, Any]


@cache
def host() -> Target:
    """This machine."""
    return resolve(None, None, {})


@cache
def cross(arch: str, mcpu: str) -> Target:
    """Another machine, by architecture and LLVM's name of its processor."""
    return resolve(Platform("LINUX", arch), None, {"mcpu": mcpu})


def drawn(*shape: int, seed: int = 0) -> Array:
    """Normally distributed values."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def node(operator: str, inputs: Sequence[str], output: str = "y", **attributes: Any) -> Any:
    """A node of one output."""
    return helper.make_node(operator, list(inputs), [output], **attributes)


def model(
    nodes: Iterable[Any],
    inputs: Mapping[str, tuple[int, ...]],
    weights: Mapping[str, Array] | None = None,
    integers: frozenset[str] = frozenset(),
) -> ModelProto:
    """A model of float (or int64) inputs whose result is ``y``."""
    declared = [
        helper.make_tensor_value_info(
            name, TensorProto.INT64 if name in integers else TensorProto.FLOAT, shape
        )
        for name, shape in inputs.items()
    ]
    constants = [numpy_helper.from_array(v, name) for name, v in (weights or {}).items()]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(list(nodes), "bench", declared, [result], constants)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


def imported(proto: ModelProto) -> Any:
    """The model as TVM's importer gives it."""
    from tvm.relax.frontend.onnx import from_onnx

    return from_onnx(proto, keep_params_in_input=False)


def nests(proto: ModelProto, target: Target) -> dict[str, Any]:
    """The scheduled loop nests of a model by name."""
    from tvm.tirx import PrimFunc

    module = scheduled(optimized(imported(proto), target), target)
    return {
        name.name_hint: func
        for name, func in module.functions_items()
        if isinstance(func, PrimFunc)
    }


def calls(proto: ModelProto, target: Target) -> list[str]:
    """The names of the loop nests in the order in which the model runs them."""
    main = optimized(imported(proto), target)["main"]
    bound = [binding.value for block in main.body.blocks for binding in block.bindings]
    return [str(call.args[0].name_hint) for call in bound if hasattr(call, "args")]


def assembly(proto: ModelProto, target: Target) -> str:
    """The code of all loop nests of a model for a target."""
    import tvm

    functions = {
        name: func.with_attr("global_symbol", name)
        for name, func in nests(proto, target).items()
    }
    built = tvm.compile(tvm.IRModule(functions), target=tvm_target(target))
    return str(built.mod.inspect_source("asm"))


def answer(proto: ModelProto, feeds: Mapping[str, Array], *, schedule: bool = True) -> Array:
    """What the compiled model says; with ``schedule=False`` its loops run as they come."""
    return run(imported(proto), feeds, schedule=schedule)


def run(
    module: Any,
    feeds: Mapping[str, Array],
    *,
    schedule: bool = True,
    target: Target | None = None,
) -> Array:
    """What an imported model says; see ``answer``. The target must run here."""
    import tvm
    from tvm import relax

    target = target or host()
    module = optimized(module, target)
    if schedule:
        module = scheduled(module, target)
    built = tvm.compile(module, target=tvm_target(target))
    machine = relax.VirtualMachine(built, tvm.cpu())
    result = machine["main"](*(tvm.runtime.tensor(value) for value in feeds.values()))
    made: Array = result.numpy()
    return made


def expected(proto: ModelProto, feeds: Mapping[str, Array]) -> Array:
    """What onnxruntime says."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    made: Array = session.run(None, dict(feeds))[0]
    return made
