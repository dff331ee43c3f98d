"""sagectl's compiler behind the interface that ONNX gives its backends.

``prepare(model).run(inputs)`` compiles for this machine and runs; so ONNX's own test suite,
and any tool that knows backends, can drive the compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.base import Backend, BackendRep, namedtupledict

from sagectl.compiler.frontends.onnx.refusals import refuse_types
from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.runtime.runner import Runner

    Array = np.ndarray[Any, Any]


class CompiledModel(BackendRep):  # type: ignore[misc]
    """A model that is compiled when it first runs, for the shapes it is then given.

    With ``bind`` (the default) the values of inputs that decide what is computed, such as
    the target of a Reshape, become constants of the compiled model; ``bound`` names them.
    Other values of theirs compile anew. Without ``bind`` such a model is refused.
    """

    def __init__(self, model: ModelProto, *, bind: bool = True) -> None:
        parameters = {tensor.name for tensor in model.graph.initializer}
        self._model = model
        self._binds = bind
        self._names = [each.name for each in model.graph.input if each.name not in parameters]
        self._runners: dict[Any, Runner] = {}
        self.bound: frozenset[str] = frozenset()

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The outputs, in the model's order, for inputs in its order or by name."""
        refuse_types(self._model)
        feeds = self._feeds(inputs)
        runner = self._runner(feeds)
        results = runner.run({port.name: feeds[port.name] for port in runner.inputs})
        names = [output.name for output in self._model.graph.output]
        outputs: tuple[Any, ...] = namedtupledict("Outputs", names)(
            *(results[name] for name in names)
        )
        return outputs

    def _feeds(self, inputs: Any) -> dict[str, Array]:
        if isinstance(inputs, dict):
            given = inputs
        else:
            listed = inputs if isinstance(inputs, list | tuple) else [inputs]
            given = dict(zip(self._names, listed, strict=False))
        return {name: _array(value) for name, value in given.items()}

    def _runner(self, feeds: Mapping[str, Array]) -> Runner:
        key = self._key(feeds)
        while key not in self._runners:
            try:
                self._runners[key] = _compiled(self._model, feeds, self.bound)
            except CompileError as error:
                needed = frozenset(error.details.get("needs", ())) - self.bound
                if not self._binds or not needed or error.reason != "operator":
                    raise
                self.bound |= needed
                key = self._key(feeds)
        return self._runners[key]

    def _key(self, feeds: Mapping[str, Array]) -> tuple[Any, ...]:
        shapes = tuple((name, array.shape) for name, array in sorted(feeds.items()))
        return shapes, tuple(feeds[name].tobytes() for name in sorted(self.bound))


class SagectlBackend(Backend):  # type: ignore[misc]
    """The compiler as a backend: device CPU, types and operators as it knows them."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **kwargs: Any) -> CompiledModel:
        """The model, checked; compilation waits for the first run (see CompiledModel)."""
        if not cls.supports_device(device):
            raise CompileError(
                f"A backend on {device} is not there", stage="import", reason="target"
            )
        return CompiledModel(model, bind=kwargs.get("bind", True))

    @classmethod
    def run_model(
        cls, model: ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any
    ) -> tuple[Any, ...]:
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: Any,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Sequence[tuple[Any, tuple[int, ...]]] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """One operator as a model of its own; its outputs' types are ``outputs_info``'s."""
        from onnx import defs, helper

        arrays = [_array(value) for value in inputs]
        names = [name for name in node.input if name]
        typed = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in zip(names, arrays, strict=True)
        ]
        outputs = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
            )
            if outputs_info
            else helper.make_empty_tensor_value_info(name)
            for name, (dtype, shape) in zip(
                node.output, outputs_info or [(np.float32, ())] * len(node.output), strict=True
            )
        ]
        version = kwargs.pop("opset_version", defs.onnx_opset_version())
        model = helper.make_model(
            helper.make_graph([node], "node", typed, outputs),
            opset_imports=[helper.make_opsetid(node.domain, version)],
        )
        return cls.run_model(model, arrays, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device.split(":")[0] == "CPU"


def _array(value: Any) -> Array:
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def _compiled(model: ModelProto, feeds: Mapping[str, Array], bound: frozenset[str]) -> Runner:
    from onnx import save

    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import compile_request
    from sagectl.runtime import load

    with workplace("backend") as folder:
        path = folder / "model.onnx"
        save(_with_constants(model, feeds, bound), path)
        # A request takes no empty shape, but a model may declare one.
        shapes = {
            name: array.shape
            for name, array in feeds.items()
            if name not in bound and 0 not in array.shape
        }
        request = compile_request(
            path, output=folder, inputs=shapes, verify=False, is_compared=True
        )
        return load(compile_model(request).path)


def _with_constants(
    model: ModelProto, feeds: Mapping[str, Array], bound: frozenset[str]
) -> ModelProto:
    if not bound:
        return model
    copy = ModelProto()
    copy.CopyFrom(model)
    copy.graph.initializer.extend(
        numpy_helper.from_array(feeds[name], name) for name in sorted(bound)
    )
    return copy


is_compatible = SagectlBackend.is_compatible
prepare = SagectlBackend.prepare
run = SagectlBackend.run_model
run_model = SagectlBackend.run_model
run_node = SagectlBackend.run_node
supports_device = SagectlBackend.supports_device
