"""What an ELF library or object holds, and what it asks of others."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# An object has its symbols in SYMTAB; a stripped library has only those of DYNSYM.
_SYMTAB, _DYNSYM, _DYNAMIC, _VERNEED = 2, 11, 6, 0x6FFFFFFE
_DT_NEEDED = 1
_FUNCTION = 2


@dataclass(frozen=True, slots=True)
class Elf:
    """Sections and exported functions by size, and what must be there at load time."""

    sections: dict[str, int] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def minimum_glibc(self) -> str | None:
        """The oldest glibc that has all that is imported; ``None`` where none is."""
        return oldest_glibc(self.versions)


def oldest_glibc(versions: Iterable[str]) -> str | None:
    """The oldest glibc that has all of some versions of symbols; ``None`` where none is its."""
    # GLIBC_PRIVATE and GLIBC_ABI_DT_RELR are versions too, but of no release.
    found = [name[6:] for name in versions if name.startswith("GLIBC_") and name[6:7].isdigit()]
    return max(found, key=lambda text: tuple(map(int, text.split("."))), default=None)


@dataclass(frozen=True, slots=True)
class _Section:
    name: int
    kind: int
    address: int
    offset: int
    size: int
    link: int
    count: int


@dataclass(frozen=True, slots=True)
class _Symbol:
    """``name`` is where its name begins, ``home`` its section; 0 is none: it is imported."""

    name: int
    kind: int
    home: int
    value: int
    size: int


def read_elf(path: Path) -> Elf:
    """Read a little-endian ELF file of 32 or 64 bits; raises ValueError for anything else."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise ValueError(f"{path.name} is not a little-endian ELF file")
    try:
        return _read(data, is_64=data[4] == 2)
    except (struct.error, IndexError) as error:
        raise ValueError(f"{path.name} is a damaged ELF file ({error})") from error


def symbol_bytes(path: Path, name: str) -> bytes:
    """What a library or object holds under ``name``; raises ValueError where nothing is."""
    data = path.read_bytes()
    read_elf(path)
    is_64 = data[4] == 2
    sections, _ = _sections(data, is_64=is_64)
    for table in sections:
        if table.kind not in (_SYMTAB, _DYNSYM):
            continue
        strings = sections[table.link].offset
        for symbol in _symbols(data, table, is_64=is_64):
            if symbol.home and _text(data, strings + symbol.name) == name:
                home = sections[symbol.home]
                start = home.offset + symbol.value - home.address
                return data[start : start + symbol.size]
    raise ValueError(f"{path.name} has no symbol {name}")


def _read(data: bytes, *, is_64: bool) -> Elf:
    sections, names = _sections(data, is_64=is_64)
    functions: dict[str, int] = {}
    imports: list[str] = []
    needed: list[str] = []
    versions: list[str] = []
    for section in sections:
        if section.link >= len(sections):
            continue
        strings = sections[section.link].offset
        if section.kind in (_SYMTAB, _DYNSYM):
            for symbol in _symbols(data, section, is_64=is_64):
                if symbol.home == 0 and symbol.name:
                    imports.append(_text(data, strings + symbol.name))
                elif symbol.kind == _FUNCTION:
                    functions[_text(data, strings + symbol.name)] = symbol.size
        elif section.kind == _DYNAMIC:
            needed += [_text(data, strings + at) for at in _needed(data, section, is_64=is_64)]
        elif section.kind == _VERNEED:
            versions += [_text(data, strings + at) for at in _versions(data, section)]
    return Elf(
        sections={_text(data, names + s.name): s.size for s in sections if s.kind},
        functions=functions,
        imports=tuple(sorted(set(filter(None, imports)))),
        needed=tuple(needed),
        versions=tuple(sorted(set(versions))),
    )


def _sections(data: bytes, *, is_64: bool) -> tuple[list[_Section], int]:
    if is_64:
        (start,) = struct.unpack_from("<Q", data, 0x28)
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    else:
        (start,) = struct.unpack_from("<I", data, 0x20)
        size, count, names = struct.unpack_from("<HHH", data, 0x2E)
    rows = [_section(data, start + index * size, is_64=is_64) for index in range(count)]
    return rows, rows[names].offset


def _section(data: bytes, at: int, *, is_64: bool) -> _Section:
    layout = "<IIQQQQII" if is_64 else "<IIIIIIII"
    name, kind, _flags, address, offset, size, link, info = struct.unpack_from(layout, data, at)
    return _Section(name, kind, address, offset, size, link, info)


def _symbols(data: bytes, section: _Section, *, is_64: bool) -> list[_Symbol]:
    rows = []
    for at in range(section.offset, section.offset + section.size, 24 if is_64 else 16):
        if is_64:
            name, info, _other, home, value, size = struct.unpack_from("<IBBHQQ", data, at)
        else:
            name, value, size, info, _other, home = struct.unpack_from("<IIIBBH", data, at)
        rows.append(_Symbol(name, info & 0xF, home, value, size))
    return rows


def _needed(data: bytes, section: _Section, *, is_64: bool) -> list[int]:
    layout, step = ("<qQ", 16) if is_64 else ("<iI", 8)
    entries = [
        struct.unpack_from(layout, data, at)
        for at in range(section.offset, section.offset + section.size, step)
    ]
    return [value for tag, value in entries if tag == _DT_NEEDED]


def _versions(data: bytes, section: _Section) -> list[int]:
    found: list[int] = []
    at = section.offset
    for _ in range(section.count):
        _version, count, _file, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(count):
            _hash, _flags, _other, name, step = struct.unpack_from("<IHHII", data, entry)
            found.append(name)
            entry += step
        at += following
    return found


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")
