"""The archive of a package: the same folder gives the same bytes."""

from __future__ import annotations

import os
import tarfile
import zlib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sagectl.runtime import package as layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Up to this size a search for repetitions takes less than a second.
_SEARCHED_BYTES = 16 << 20
_LEVEL, _STORED = 6, 0
_GZIP_WINDOW = 31
# What may be saved of a large archive that is worth the wait of everybody who loads it.
_WORTHWHILE = 0.15
# How much of a large file is tried at a time, and in how many places.
_SAMPLE_BYTES, _SAMPLES = 64 << 10, 16


def packed(folder: Path, output: Path, name: str) -> Path:
    """The archive of an unpacked package, moved to ``output/name`` when it is complete."""
    path = output / name
    output.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=output, prefix=f".{name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            _write_archive(folder, cast("BinaryIO", file))
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def _write_archive(folder: Path, file: BinaryIO) -> None:
    """A tar.gz with the manifest first and no clock, owner or path in it."""
    names = sorted(path.name for path in folder.iterdir() if path.name != layout.MANIFEST)
    with (
        _Gzip(file, *_effort([folder / name for name in names])) as gzip,
        tarfile.TarFile(
            fileobj=cast("Any", gzip), mode="w", format=tarfile.USTAR_FORMAT
        ) as tar,
    ):
        for member, content in _members(folder, [layout.MANIFEST, *names]):
            tar.addfile(member, content)


def _effort(paths: Sequence[Path]) -> tuple[int, int]:
    """The level and strategy of compression that files are worth, by the largest of them.

    The mantissas of weights are noise: little is saved by coding them, and decoding them would
    take most of the time in which a package is loaded. They are stored as they are.
    """
    sizes = {path: path.stat().st_size for path in paths}
    if sum(sizes.values()) <= _SEARCHED_BYTES:
        return _LEVEL, zlib.Z_DEFAULT_STRATEGY
    sample = _sample(max(paths, key=lambda path: sizes[path]))
    coder = zlib.compressobj(_LEVEL, strategy=zlib.Z_RLE)
    coded = len(coder.compress(sample)) + len(coder.flush())
    is_worthwhile = coded < (1 - _WORTHWHILE) * len(sample)
    return (_LEVEL if is_worthwhile else _STORED), zlib.Z_RLE


def _sample(path: Path) -> bytes:
    """Pieces from all over a file."""
    step = max(1, path.stat().st_size // _SAMPLES)
    with path.open("rb") as file:
        places = (step * number for number in range(_SAMPLES))
        return b"".join(os.pread(file.fileno(), _SAMPLE_BYTES, place) for place in places)


class _Gzip:
    """A gzip stream of a level and strategy, with no clock or name in its header."""

    def __init__(self, file: BinaryIO, level: int, strategy: int) -> None:
        self._file = file
        self._compressor = zlib.compressobj(
            level, zlib.DEFLATED, _GZIP_WINDOW, zlib.DEF_MEM_LEVEL, strategy
        )
        self._written = 0

    def write(self, data: bytes) -> int:
        self._file.write(self._compressor.compress(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def __enter__(self) -> _Gzip:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._file.write(self._compressor.flush())


def _members(folder: Path, names: list[str]) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    for name in names:
        path = folder / name
        member = tarfile.TarInfo(name)
        member.size = path.stat().st_size
        member.mode = 0o755 if name == layout.LIBRARY else 0o644
        with path.open("rb") as content:
            yield member, content
