from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.keras.files import vetted

if TYPE_CHECKING:
    from pathlib import Path


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def hdf5(version: int, *, length: int) -> bytes:
    """96 bytes that say they are ``length``: a superblock, and nothing behind it."""
    block = bytearray(96)
    block[:9] = b"\x89HDF\r\n\x1a\n" + bytes([version])
    block[13 if version < 2 else 9] = 8
    place = 40 if version < 2 else 28
    block[place : place + 8] = length.to_bytes(8, "little")
    return bytes(block)


def test_both_forms_of_a_whole_model_are_taken(tmp_path: Path) -> None:
    members = {"config.json": json.dumps({}).encode(), "model.weights.h5": b"x"}
    (tmp_path / "net.h5").write_bytes(hdf5(0, length=96))

    vetted(archive(tmp_path / "net.keras", **members))
    vetted(tmp_path / "net.h5")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"config.json": b"{}"}, "without its weights"),
        ({"config.json": b"{", "model.weights.h5": b"x"}, "damaged"),
        ({"net/data.pkl": b"x"}, "it looks like PYTORCH"),
        ({"readme.md": b"x"}, "is not a Keras model"),
    ],
    ids=["no-weights", "no-json", "pytorch", "other"],
)
def test_another_archive_is_refused(
    tmp_path: Path, members: dict[str, bytes], said: str
) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        vetted(archive(tmp_path / "net.keras", **members))

    assert caught.value.reason == "format"


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "net.keras", **{"config.json": b"{}", "model.weights.h5": b"x"})
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(RequestError, match="its end is missing"):
        vetted(path)


@pytest.mark.parametrize("version", [0, 2, 3])
def test_a_file_shorter_than_it_says_is_refused(tmp_path: Path, version: int) -> None:
    (tmp_path / "whole.h5").write_bytes(hdf5(version, length=96))
    (tmp_path / "half.h5").write_bytes(hdf5(version, length=97))
    (tmp_path / "start.h5").write_bytes(hdf5(version, length=96)[:20])

    vetted(tmp_path / "whole.h5")
    for name in ("half.h5", "start.h5"):
        with pytest.raises(RequestError, match="is cut short"):
            vetted(tmp_path / name)
