"""The tests of ONNX's backend suite as values: a model, inputs, and what must come out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

from sagectl.compiler.frontends.onnx.gate import Form, settings, since

# "real" are downloads; the "light" ones keep their graphs and are in the package.
KINDS = ("node", "simple", "light", "pytorch-converted", "pytorch-operator")


@dataclass(frozen=True)
class Case:
    """One test; each data set pairs inputs, in the order of the open inputs, with outputs."""

    name: str
    model: ModelProto
    data_sets: list[tuple[list[Any], list[Any]]]
    rtol: float
    atol: float

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs that no initializer binds."""
        bound = {tensor.name for tensor in self.model.graph.initializer}
        return [each.name for each in self.model.graph.input if each.name not in bound]

    @property
    def operators(self) -> list[str]:
        """What the model's own nodes apply, with the domain where it is not ONNX's first."""
        names = {
            f"{node.domain}.{node.op_type}"
            if node.domain not in ("", "ai.onnx")
            else node.op_type
            for node in self.model.graph.node
        }
        return sorted(names)


def forms(model: ModelProto) -> set[Form]:
    """How the model's own nodes apply their operators."""
    typed = onnx.shape_inference.infer_shapes(model).graph
    codes = {
        each.name: each.type.tensor_type.elem_type
        for each in (*typed.input, *typed.value_info, *typed.output)
    } | {each.name: each.data_type for each in typed.initializer}
    versions = {each.domain: each.version for each in model.opset_import}
    made = set()
    for node in model.graph.node:
        domain = "" if node.domain == "ai.onnx" else node.domain
        name = f"{domain}.{node.op_type}" if domain else node.op_type
        code = codes.get(next((each for each in node.input if each), ""), 0)
        dtype = str(helper.tensor_dtype_to_np_dtype(code)) if code else ""
        version = since(domain, node.op_type, versions.get(domain, 1))
        found_settings = settings(domain, node.op_type, versions.get(domain, 1), node.attribute)
        made.add(Form(name, version, dtype, found_settings))
    return made


@functools.cache
def found() -> dict[str, Any]:
    """Test name -> ONNX's description of it, sorted by name."""
    tests = {each.name: each for kind in KINDS for each in load_model_tests(kind=kind)}
    return dict(sorted(tests.items()))


def case(name: str) -> Case:
    """The test of that name, its files read."""
    test = found()[name]
    if test.model is not None:
        sets = [(_arrays(given), _arrays(wanted)) for given, wanted in test.data_sets]
        return Case(name, test.model, sets, test.rtol, test.atol)
    folder = Path(test.model_dir)
    model = onnx.load(folder / "model.onnx")
    sets = [
        (_stored(place, "input"), _stored(place, "output"))
        for place in sorted(folder.glob("test_data_set_*"))
    ]
    sets += [
        (list(archive["inputs"]), list(archive["outputs"]))
        for archive in (
            np.load(place, allow_pickle=True) for place in sorted(folder.glob("*.npz"))
        )
    ]
    return Case(name, model, sets, test.rtol, test.atol)


def _arrays(values: Any) -> list[Any]:
    return [
        numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
        for value in values
    ]


def _stored(place: Path, role: str) -> list[Any]:
    files = sorted(place.glob(f"{role}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [numpy_helper.to_array(onnx.load_tensor(path)) for path in files]
