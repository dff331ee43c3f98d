"""Packing: a tar.gz whose bytes depend on what is packed alone."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from sagectl.plan.packing import pack

if TYPE_CHECKING:
    from pathlib import Path


def packed(source: Path) -> bytes:
    chunks: list[bytes] = []
    pack(source, chunks.append)
    return b"".join(chunks)


@pytest.mark.parametrize("size", [0, 1, 65535 - 1536, 65535, 65536, 3_000_000])
def test_any_reader_gets_the_content_back(tmp_path: Path, size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "net.onnx").write_bytes(content)
    with tarfile.open(fileobj=io.BytesIO(packed(tmp_path / "net.onnx")), mode="r:gz") as file:
        member = file.extractfile("net.onnx")
        assert member
        assert member.read() == content


def test_time_owner_and_mode_of_the_file_leave_no_trace(tmp_path: Path) -> None:
    source = tmp_path / "net.onnx"
    source.write_bytes(b"weights")
    first = packed(source)
    source.chmod(0o600)
    os.utime(source, (1, 1))
    assert packed(source) == first


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    """The digest is a name in people's buckets: it must not change between versions."""
    (tmp_path / "net.onnx").write_bytes(b"weights" * 20_000)
    digest = hashlib.sha256(packed(tmp_path / "net.onnx")).hexdigest()
    assert digest == "442f37c8c3998a577df37f7c638fafc550d7081bd3d623595c9def2de49d8f87"


def test_a_folder_is_packed_by_name_in_order(tmp_path: Path) -> None:
    for name in ("b/2", "a", "b/1"):
        place = tmp_path / "model" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(name.encode())
    data = io.BytesIO(packed(tmp_path / "model"))
    with tarfile.open(fileobj=data, mode="r:gz") as file:
        assert file.getnames() == ["a", "b/1", "b/2"]
