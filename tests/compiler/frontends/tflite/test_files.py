from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.tflite.files import vetted

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_is_told_by_its_identifier(tmp_path: Path) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))

    vetted(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a TensorFlow Lite model"),
        (b"hello", "is not a TensorFlow Lite model"),
        (b"\x1c\0\0\0TFL3", "is cut short"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "it looks like KERAS"),
    ],
    ids=["empty", "text", "truncated", "hdf5"],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(content)

    with pytest.raises(RequestError, match=said) as caught:
        vetted(path)

    assert caught.value.reason == "format"
