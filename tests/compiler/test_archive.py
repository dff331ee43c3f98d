"""Archives of packages: what is worth compressing, and the same bytes each time."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sagectl.compiler.archive import packed

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 5 << 20


def folder_of(place: Path, values: np.ndarray) -> Path:
    """A folder of the files that a package has, with these weights."""
    place.mkdir()
    for name in ("manifest.json", "compiled.meta", "compiled.so"):
        (place / name).write_bytes(name.encode() * 1000)
    (place / "compiled.params").write_bytes(values.tobytes())
    return place


def weights(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(count).astype(np.float32)


def levels(count: int) -> np.ndarray:
    """Weights that were quantised to few values and are stored as reals."""
    return np.round(weights(count) * 4) / 4


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (weights(LARGE), 1.0, 1.01),
        (levels(LARGE), 0.0, 0.6),
        (np.zeros(LARGE, np.float32), 0.0, 0.01),
        (weights(1 << 16), 0.9, 0.96),
    ],
    ids=["large-noise", "large-levels", "large-zeros", "small-noise"],
)
def test_what_can_be_saved_decides(
    tmp_path: Path, values: np.ndarray, least: float, most: float
) -> None:
    folder = folder_of(tmp_path / "folder", values)

    archive = packed(folder, tmp_path / "out", "model.tar.gz")

    assert least <= archive.stat().st_size / values.nbytes <= most
    with tarfile.open(archive) as tar:
        names = [member.name for member in tar]
        content = tar.extractfile("compiled.params")
        assert content is not None
        assert content.read() == values.tobytes()
    assert names == ["manifest.json", "compiled.meta", "compiled.params", "compiled.so"]


def test_the_same_folder_is_the_same_archive(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "folder", weights(LARGE))

    one, two = (packed(folder, tmp_path / name, "model.tar.gz") for name in ("a", "b"))

    assert one.read_bytes() == two.read_bytes()
