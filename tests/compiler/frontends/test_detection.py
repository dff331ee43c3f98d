from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.frontends.detection import recognised

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "content", "framework"),
    [
        ("net.onnx", b"\x08\x09", "ONNX"),
        ("net.bin", b"\x1c\0\0\0TFL3", "TFLITE"),
        ("net.onnx", b"\x1c\0\0\0TFL3", "TFLITE"),
        ("net.bin", b"\x89HDF\r\n\x1a\n", "KERAS"),
        ("net.pb", b"\x0a", "TENSORFLOW"),
        ("net.PTH", b"\x80\x02", "PYTORCH"),
        ("net.txt", b"hello", None),
        ("net.tar.gz", b"\x1f\x8bbroken", None),
        ("net.zip", b"PK\x03\x04broken", None),
    ],
    ids=[
        "name",
        "flatbuffer",
        "content-first",
        "hdf5",
        "graph",
        "capitals",
        "text",
        "tar",
        "zip",
    ],
)
def test_a_file_tells_its_framework(
    tmp_path: Path, name: str, content: bytes, framework: str | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert recognised(path) == framework


@pytest.mark.parametrize(
    ("member", "framework"),
    [("model.weights.h5", "KERAS"), ("net/data.pkl", "PYTORCH"), ("readme.md", None)],
    ids=["keras", "pytorch", "other"],
)
def test_a_zip_tells_its_framework_by_its_members(
    tmp_path: Path, member: str, framework: str | None
) -> None:
    path = tmp_path / "net"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"x")

    assert recognised(path) == framework


@pytest.mark.parametrize(
    ("names", "framework"),
    [
        (("saved_model.pb", "variables/variables.index"), "TENSORFLOW"),
        (("net.h5", "._net.onnx"), "KERAS"),
        (("net.h5", "net.onnx"), None),
        ((), None),
    ],
    ids=["saved-model", "macos", "ambiguous", "empty"],
)
def test_folders_and_archives_tell_it_by_the_files_in_them(
    tmp_path: Path, names: tuple[str, ...], framework: str | None
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    packed = tmp_path / "model.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder, ".")

    assert recognised(folder) == framework
    assert recognised(packed) == framework
