from __future__ import annotations

import json
import pickle
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.pytorch.files import EXPORTED, SCRIPT, vetted

if TYPE_CHECKING:
    from pathlib import Path


def archive(path: Path, **members: bytes | Any) -> Path:
    """A zip with the members below a folder, as torch writes it; no bytes means JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            file.writestr(f"net/{name}", text)
    return path


def program(path: Path, graph: Any, constants: Any = None) -> Path:
    members = {
        "models/model.json": graph,
        "archive_format": b"pt2",
        "data/constants/model_constants_config.json": {"config": constants or {}},
    }
    return archive(path, **members)


class Hostile:
    """Unpickled, it would write a file."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> Any:
        return open, (str(self.witness), "w")


def test_an_exported_program_is_told_by_its_graph(tmp_path: Path) -> None:
    graph = {"nodes": [{"target": "torch.ops.aten.relu.default"}], "expr_str": "2*s0 + 1"}

    assert vetted(program(tmp_path / "net.pt2", graph)) == EXPORTED


@pytest.mark.parametrize(
    "size",
    [
        "Symbol('s31', positive=True, integer=True)",
        "Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(1))",
        "LessThan(Symbol('u1', integer=True), Integer(8))",
    ],
    ids=["symbol", "sum", "bound"],
)
def test_sizes_are_taken_as_torch_writes_them(tmp_path: Path, size: str) -> None:
    assert vetted(program(tmp_path / "net.pt2", {"expr_str": size})) == EXPORTED


def test_torchscript_is_told_by_its_constants(tmp_path: Path) -> None:
    members = {"data.pkl": b"", "constants.pkl": b"", "code/net.py": b""}

    assert vetted(archive(tmp_path / "net.pt", **members)) == SCRIPT


@pytest.mark.parametrize(
    ("graph", "constants", "said"),
    [
        ({"target": "torch.hub.load"}, None, "calls 'torch.hub.load'"),
        ({"target": "torch.ops.os.system"}, None, "calls 'torch.ops.os.system'"),
        ({"expr_str": "__import__('os').system('id')"}, None, "for a size"),
        ({"expr_str": "s0.func"}, None, "for a size"),
        ({"expr_str": "exec(s0)"}, None, "for a size"),
        ({"expr_str": "Symbol('s0; exec')"}, None, "for a size"),
        ({"expr_str": "S('eval1', 's0')"}, None, "for a size"),
        ({}, {"c": {"path_name": "opaque_obj_0"}}, "a pickled object"),
        ({}, {"c": {"path_name": "custom_obj_0"}}, "a pickled object"),
    ],
    ids=[
        "any-function",
        "library",
        "code-as-size",
        "member",
        "call",
        "text",
        "sympified",
        "opaque",
        "custom",
    ],
)
def test_a_program_that_no_exporter_writes_is_refused(
    tmp_path: Path, graph: Any, constants: Any, said: str
) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        vetted(program(tmp_path / "net.pt2", graph, constants))

    assert caught.value.reason == "format"


def test_weights_without_a_model_are_refused_with_what_to_do(tmp_path: Path) -> None:
    weights = archive(tmp_path / "net.pth", **{"data.pkl": pickle.dumps(OrderedDict(a=1))})

    with pytest.raises(RequestError, match="holds weights alone") as caught:
        vetted(weights)

    assert "torch.export.save" in (caught.value.hint or "")


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    zipped = archive(tmp_path / "a.pth", **{"data.pkl": pickle.dumps(Hostile(witness))})
    bare = tmp_path / "b.pth"
    bare.write_bytes(pickle.dumps(Hostile(witness)))

    for path in (zipped, bare):
        with pytest.raises(RequestError, match="is a pickle"):
            vetted(path)

    assert not witness.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a PyTorch model"),
        (b"hello", "is not a PyTorch model"),
        (b"\x1c\0\0\0TFL3" + bytes(20), "it looks like TFLITE"),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "it looks like KERAS"),
    ],
    ids=["empty", "text", "tflite", "hdf5"],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(content)

    with pytest.raises(RequestError, match=said):
        vetted(path)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = program(tmp_path / "net.pt2", {})
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(RequestError, match=r"net\.pt2 is a damaged archive"):
        vetted(path)


def test_a_graph_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "net.pt2", **{"models/model.json": b" " * (300 << 20)})

    with pytest.raises(RequestError, match="far more than its size"):
        vetted(path)
