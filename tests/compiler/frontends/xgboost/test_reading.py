"""XGBoost's files, read without xgboost.

``data/`` was written by xgboost 2.0.3, the last that writes the binary form, with what it
predicted of fifty rows, missing values among them.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.xgboost.reading import read_model
from sagectl.compiler.request import Platform, compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"
BINARY = (DATA / "logistic.bin").read_bytes()


def document() -> dict[str, Any]:
    """One stump: under 0.5 gives 1, else, and where it is missing, 2."""
    tree = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.5, 1.0, 2.0],
        "default_left": [0, 0, 0],
    }
    return {
        "learner": {
            "gradient_booster": {
                "name": "gbtree",
                "model": {"trees": [tree], "tree_info": [0]},
            },
            "learner_model_param": {"base_score": "[0]", "num_class": "0", "num_feature": "2"},
            "objective": {"name": "reg:squarederror"},
        },
        "version": [3, 2, 0],
    }


def built(path: Path, output: Path, **given: Any) -> Any:
    request = compile_request(path, output=output, framework="XGBOOST", verify=False, **given)
    return load(compile_model(request).path, threads=1)


@pytest.mark.parametrize("name", ["logistic", "dart", "poisson"])
def test_the_binary_form_predicts_what_xgboost_did(name: str, tmp_path: Path) -> None:
    expected = np.load(DATA / f"{name}.npz")

    model = built(DATA / f"{name}.bin", tmp_path)

    several = model.run({"data": expected["data"]})["prediction"]
    one = model.run({"data": expected["data"][7:8]})["prediction"]
    np.testing.assert_allclose(several, expected["prediction"], rtol=3e-7, atol=1e-7)
    np.testing.assert_allclose(one, expected["prediction"][7:8], rtol=3e-7, atol=1e-7)


def test_a_missing_value_takes_its_default_direction(tmp_path: Path) -> None:
    path = tmp_path / "stump.json"
    path.write_text(json.dumps(document()))

    model = built(path, tmp_path, inputs={"data": (4, 2)})

    rows = np.array([[0.4, 0], [0.5, 0], [np.nan, 0], [-np.inf, 0]], np.float32)
    assert model.inputs[0].shape == (4, 2)
    assert model.run({"data": rows})["prediction"].tolist() == [1.0, 2.0, 2.0, 1.0]


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    made = document()
    change(made["learner"])
    return json.dumps(made).encode()


def _tree(learner: dict[str, Any]) -> Any:
    return learner["gradient_booster"]["model"]["trees"][0]


BAD = {
    "empty": (b"", "it is empty"),
    "a pickle": (b"\x80\x04rest", "is a pickle"),
    "another file": (b"PK\x03\x04" * 99, "begins like none"),
    "json of something else": (b'{"model": 1}', "it has no learner"),
    "json cut off": (json.dumps(document()).encode()[:-30], "damaged"),
    "binary cut off": (BINARY[:700], "it ends at byte"),
    "binary of endless trees": (
        BINARY.replace(
            b"\x06\0\0\0\0\0\0\0gbtree" + struct.pack("<i", 4),
            b"\x06\0\0\0\0\0\0\0gbtree" + struct.pack("<i", 1 << 30),
        ),
        "it ends at byte",
    ),
    "ubj that claims too much": (b"{L" + struct.pack(">q", 1 << 60) + b"x", "it ends at byte"),
    "ubj of endless arrays": (b"{i\1a[$d#L" + struct.pack(">q", 1 << 40), "claims"),
    "ubj nested without end": (b"{i\1a" + b"[" * 5000, "nests deeper"),
    "a linear booster": (
        _changed(lambda each: each["gradient_booster"].update(name="gblinear")),
        "gblinear",
    ),
    "an objective of another's": (
        _changed(lambda each: each["objective"].update(name="my:own")),
        "my:own",
    ),
    "no trees": (
        _changed(lambda each: each["gradient_booster"]["model"].update(trees=[], tree_info=[])),
        "it has no trees",
    ),
    "a child that is not there": (
        _changed(lambda each: _tree(each).update(right_children=[7, -1, -1])),
        "a node's child is not there",
    ),
    "a node that is its own child": (
        _changed(lambda each: _tree(each).update(left_children=[0, -1, -1])),
        "a node has two parents",
    ),
    "a feature beyond the last": (
        _changed(lambda each: _tree(each).update(split_indices=[9, 0, 0])),
        "feature 9 of 2",
    ),
    "a threshold that is no number": (
        _changed(lambda each: _tree(each).update(split_conditions=[float("nan"), 1.0, 2.0])),
        "a node compares with NaN",
    ),
    "lists of two lengths": (
        _changed(lambda each: _tree(each).update(default_left=[0])),
        "differ in length",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_model_is_refused(name: str, tmp_path: Path) -> None:
    content, said = BAD[name]
    path = tmp_path / "model.bin"
    path.write_bytes(content)

    with pytest.raises(RequestError, match=said) as refused:
        built(path, tmp_path)

    assert refused.value.reason == "format"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("name", "shape"), [("image", (1, 2)), ("data", (1, 3)), ("data", (2,))]
)
def test_an_input_that_the_model_lacks_is_refused(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    path = tmp_path / "stump.json"
    path.write_text(json.dumps(document()))

    with pytest.raises(RequestError, match=name) as refused:
        built(path, tmp_path, inputs={name: shape})

    assert "rows of 2 numbers" in (refused.value.hint or "")


def test_a_graphics_processor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stump.json"
    path.write_text(json.dumps(document()))

    with pytest.raises(RequestError, match="processors"):
        built(path, tmp_path, platform=Platform("LINUX", "X86_64", "INTEL_GRAPHICS"))


def test_the_binary_form_keeps_its_attributes() -> None:
    path = DATA / "logistic.bin"

    learner = read_model(path)["learner"]

    assert learner["objective"]["name"] == "binary:logistic"
    assert learner["attributes"]["note"] == "made by 2.0"
