"""MXNet's models, compared with MXNet's own predictions.

``data/`` was trained on scikit-learn's digits (95 of 100 right) and exported by MXNet 1.9.1,
the last there is, with what it predicted of sixteen images.
"""

from __future__ import annotations

import json
import shutil
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.mxnet.params import read_params
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load

DATA = Path(__file__).parent / "data"
SHAPE = {"data": (16, 1, 8, 8)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("digits-symbol.json", "digits-0000.params"):
        shutil.copy(DATA / name, tmp_path)
    return tmp_path


def built(path: Path, inputs: Any = None, **given: Any) -> Any:
    request = compile_request(
        path, output=path.parent / "out", framework="MXNET", inputs=inputs or SHAPE, **given
    )
    return compile_model(request)


def test_an_archive_computes_what_mxnet_did(folder: Path) -> None:
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in folder.glob("digits-*"):
            tar.add(path, path.name)
    expected = np.load(DATA / "digits.npz")

    package = built(archive)

    found = load(package.path, threads=1).run({"data": expected["data"]})
    assert package.meta["Sagectl"]["Verification"]["Reference"].startswith("onnxruntime")
    (values,) = found.values()
    np.testing.assert_allclose(values, expected["expected"], rtol=1e-4, atol=1e-6)


def changed(folder: Path, old: str, new: str) -> Path:
    path = folder / "digits-symbol.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "said", "reason"),
    [
        ('"op": "clip"', '"op": "RNN"', "RNN .* cannot be compiled", "operator"),
        ('"pool_type": "max"', '"pool_type": "lp"', "pool_type lp", "operator"),
        ('"heads": [[', '"heads": [[9', "heads", "format"),
        ('"nodes"', '"knots"', "is no symbol of MXNet", "format"),
        ("{\n", "", "is no symbol of MXNet", "format"),
    ],
    ids=["unknown operator", "unknown form", "heads elsewhere", "no nodes", "no json"],
)
def test_a_symbol_that_cannot_be_compiled_is_refused(
    old: str, new: str, said: str, reason: str, folder: Path
) -> None:
    text = (folder / "digits-symbol.json").read_text()
    if old not in text:  # the last list is written over several lines
        document = json.loads(text)
        (folder / "digits-symbol.json").write_text(json.dumps(document))
    path = changed(folder, old, new)

    with pytest.raises(CompileError, match=said) as refused:
        built(path, verify=False)

    assert refused.value.reason == reason


PARAMS = (DATA / "digits-0000.params").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it ends at byte 0"),
        (b"PK" * 20, "does not begin"),
        (PARAMS[:5000], "it ends at byte 5000"),
        (PARAMS[:16] + struct.pack("<Q", 1 << 60) + PARAMS[24:], "claims"),
        (PARAMS[:32] + struct.pack("<I", 1 << 31) + PARAMS[36:], "dimensions"),
        (PARAMS[:36] + struct.pack("<q", 1 << 60) + PARAMS[44:], "it ends at byte"),
        (PARAMS[:28] + struct.pack("<i", 1) + PARAMS[32:], "sparse"),
    ],
    ids=["empty", "zip", "cut off", "endless", "dimensions", "huge", "sparse"],
)
def test_damaged_parameters_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "net.params"
    path.write_bytes(content)

    with pytest.raises(RequestError, match=said):
        read_params(path)


def test_parameters_are_looked_for_beside_the_symbol(folder: Path) -> None:
    shutil.copy(folder / "digits-0000.params", folder / "digits-0001.params")
    with pytest.raises(RequestError, match=r"2 .params files") as several:
        built(folder / "digits-symbol.json")
    for path in folder.glob("*.params"):
        path.unlink()
    with pytest.raises(RequestError, match=r"no .params file"):
        built(folder / "digits-symbol.json")

    assert several.value.reason == "several-models"


def test_inputs_must_be_those_of_the_model(folder: Path) -> None:
    with pytest.raises(RequestError, match="no input 'image'; input 'data' has no shape"):
        built(folder / "digits-symbol.json", inputs={"image": (1, 1, 8, 8)})
