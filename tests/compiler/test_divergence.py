"""A wrong compilation is traced to the tensor in which it goes wrong first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from onnx import load, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.frontends import Imported
from sagectl.compiler.packaging import open_package
from sagectl.compiler.request import compile_request
from sagectl.compiler.targets import resolve
from sagectl.compiler.verify import verified
from sagectl.errors import CompileError
from sagectl.runtime.package import meta
from tests.compiler.frontends.onnx.harness import model_of

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package
    from sagectl.compiler.request import CompileRequest

# Each question costs a compilation and two processes: as few nodes as can go wrong.
CHAIN = """g (float[4] x) => (float[4] y) {
    c = Abs(x)
    d = Sqrt(c)
    y = Neg(d)
}"""


def faulty(request: CompileRequest) -> Package:
    """The compiler with a rewrite in front that takes a square root for a logarithm."""
    model = load(request.model)
    for node in model.graph.node:
        if node.op_type == "Sqrt":
            node.op_type = "Log"
    wrong = request.output / "wrong.onnx"
    save(model, wrong)
    return compile_model(replace(request, model=wrong, verify=False))


def test_a_mismatch_names_the_first_tensor_that_differs(tmp_path: Path) -> None:
    model = model_of(CHAIN)
    save(model, tmp_path / "chain.onnx")
    request = compile_request(tmp_path / "chain.onnx", output=tmp_path)
    imported = Imported(None, (), (), "ONNX", reference=model.SerializeToString())

    with (
        open_package(faulty(request).path) as folder,
        pytest.raises(CompileError, match="first differs in tensor 'd'") as caught,
    ):
        verified(folder, meta(folder), imported, request, resolve(None, None, {}), faulty)

    found = caught.value.details["Divergence"]
    assert (found["Operator"], found["IsFirst"]) == ("Sqrt", True)
    assert found["Largest"] > 0
    assert found["PartsCompiled"] <= 3
