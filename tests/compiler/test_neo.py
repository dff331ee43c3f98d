"""Archives of SageMaker Neo itself, in the layouts that the DLR loads."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.packaging import described
from sagectl.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = {
    "nodes": [{"op": "null", "name": "data"}, {"op": "null", "name": "p0"}, {"name": "dense"}],
    "arg_nodes": [0, 1],
    "heads": [[2, 0, 0]],
    "node_row_ptr": [0, 1, 2, 3],
    "attrs": {
        "shape": ["list_shape", [[1, 8], [4, 8], [1, 4]]],
        "dltype": ["list_str", ["float32", "float32", "float32"]],
    },
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("library")
    (folder / "x.c").write_text("int fused_dense(void) { return 0; }")
    command = ["cc", "-shared", "-fPIC", "-o", "compiled.so", "x.c"]
    subprocess.run(command, cwd=folder, check=True)
    return (folder / "compiled.so").read_bytes()


@pytest.fixture(scope="module")
def weights() -> bytes:
    from tvm.runtime import save_param_dict, tensor

    return bytes(save_param_dict({"p0": tensor(np.ones((4, 8), np.float32))}))


def archive(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "."))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_a_graph_with_weights_tells_its_inputs(
    tmp_path: Path, library: bytes, weights: bytes
) -> None:
    found = described(
        archive(
            tmp_path / "m.tar.gz",
            compiled_model__json=json.dumps(GRAPH).encode(),
            compiled__params=weights,
            compiled__so=library,
            libdlr__so=b"the runtime",
            manifest=b"{}",
        )
    )

    assert found["Layout"] == "DLR, TVM's graph executor"
    assert found["Model"]["Inputs"] == [{"name": "data", "dtype": "float32", "shape": [1, 8]}]
    assert found["Model"]["Outputs"][0]["name"] == "dense"
    assert found["Weights"] == 1
    assert "fused_dense" in found["Library"]["Functions"]
    assert set(found["Files"]) >= {"libdlr.so", "manifest", "compiled.so"}


def test_a_meta_is_believed_first(tmp_path: Path, library: bytes) -> None:
    meta: dict[str, Any] = {
        "Requirements": {"TargetDevice": "ML_C5", "TargetDeviceType": "cpu"},
        "Model": {"Inputs": [{"name": "x", "dtype": "float32", "shape": [1, 2]}]},
    }
    found = described(
        archive(
            tmp_path / "m.tar.gz",
            compiled__meta=json.dumps(meta).encode(),
            code__ro=b"code",
            compiled__so=library,
        )
    )

    assert found["Layout"] == "DLR, Relay virtual machine"
    assert found["Requirements"]["TargetDevice"] == "ML_C5"
    assert found["Model"]["Inputs"][0]["name"] == "x"


def test_a_library_alone_is_of_trees(tmp_path: Path, library: bytes) -> None:
    found = described(archive(tmp_path / "m.tar.gz", compiled__so=library))

    assert found["Layout"] == "DLR, Treelite"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"model__tflite": b""}, "TensorFlow Lite runs it"),
        ({"model_neuron__pt": b""}, "code for Inferentia"),
        ({"saved_model__pb": b""}, "TensorFlow runs it"),
        ({"notes__txt": b""}, "neither a package of sagectl nor an archive of SageMaker Neo"),
        ({"compiled__so": b"MZ"}, "no library of Linux or Android"),
        ({"../compiled__so": b""}, "is unsafe"),
        ({"/compiled__so": b""}, "is unsafe"),
    ],
    ids=["tflite", "inferentia", "tensorflow", "nothing", "windows", "parent", "absolute"],
)
def test_what_the_dlr_does_not_load_is_refused(
    tmp_path: Path, members: dict[str, bytes], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        described(archive(tmp_path / "m.tar.gz", **members))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no weights" * 9, "no file of TVM's weights"), (b"", "no file of TVM's weights")],
    ids=["text", "empty"],
)
def test_damaged_weights_are_said(
    tmp_path: Path, library: bytes, content: bytes, said: str
) -> None:
    path = archive(tmp_path / "m.tar.gz", compiled__so=library, compiled__params=content)

    with pytest.raises(InputError, match=said):
        described(path)


def test_a_damaged_archive_is_said(tmp_path: Path, library: bytes) -> None:
    path = archive(tmp_path / "m.tar.gz", a=b"a" * 3000, compiled__so=library)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(InputError, match="damaged archive"):
        described(path)
