"""An ELF object that holds nothing but one named run of bytes.

LLVM makes such an object too, and takes five seconds and three copies for the weights of a
resnet50; this takes a fifth of a second.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ALIGNMENT = 64
_RELOCATABLE, _CURRENT = 1, 1
_PROGBITS, _SYMTAB, _STRTAB = 1, 2, 3
_ALLOC = 2
_GLOBAL_OBJECT = 0x11


@dataclass(frozen=True, slots=True)
class Machine:
    """The header fields that tell one architecture's objects from another's."""

    number: int
    is_64: bool
    flags: int = 0


# Arch -> machine; numbers and flags as the ELF supplements of the architectures define them.
MACHINES = {
    "X86_64": Machine(62, is_64=True),
    "X86": Machine(3, is_64=False),
    "ARM64": Machine(183, is_64=True),
    "ARM_EABI": Machine(40, is_64=False, flags=0x05000000),
    "ARM_EABIHF": Machine(40, is_64=False, flags=0x05000000),
}


@dataclass(frozen=True, slots=True)
class _Section:
    name: bytes
    kind: int = 0
    flags: int = 0
    offset: int = 0
    size: int = 0
    link: int = 0
    info: int = 0
    alignment: int = 0
    entry: int = 0


def write_blob(path: Path, symbol: str, content: memoryview, arch: str) -> None:
    """Write ``content`` as the read-only data ``symbol``, for the linker of ``arch``."""
    machine = MACHINES[arch]
    header_size, symbol_size = (64, 24) if machine.is_64 else (52, 16)
    names = b"\0.rodata\0.symtab\0.strtab\0.note.GNU-stack\0" + symbol.encode() + b"\0"
    symbols = bytes(symbol_size) + _symbol(machine, names.index(symbol.encode()), len(content))
    start = -header_size % _ALIGNMENT + header_size
    gap = -(start + len(content)) % 8
    at_symbols = start + len(content) + gap
    at_names = at_symbols + len(symbols)
    tail = -(at_names + len(names)) % 8
    sections = (
        _Section(b""),
        _Section(b".rodata", _PROGBITS, _ALLOC, start, len(content), alignment=_ALIGNMENT),
        _Section(b".symtab", _SYMTAB, 0, at_symbols, len(symbols), 3, 1, 8, symbol_size),
        _Section(b".strtab", _STRTAB, 0, at_names, len(names), alignment=1),
        # Without this section linkers assume that the object wants an executable stack.
        _Section(b".note.GNU-stack", _PROGBITS, 0, at_names, 0, alignment=1),
    )
    with path.open("wb") as file:
        file.write(_header(machine, at_names + len(names) + tail, len(sections)))
        file.write(bytes(start - header_size))
        file.write(content)
        file.write(bytes(gap) + symbols + names + bytes(tail))
        for section in sections:
            file.write(_section_header(machine, section, names))


def _header(machine: Machine, sections_at: int, count: int) -> bytes:
    identity = b"\x7fELF" + bytes((2 if machine.is_64 else 1, 1, _CURRENT)) + bytes(9)
    layout = "<HHIQQQIHHHHHH" if machine.is_64 else "<HHIIIIIHHHHHH"
    header_size, section_size = (64, 64) if machine.is_64 else (52, 40)
    fields = (_RELOCATABLE, machine.number, _CURRENT, 0, 0, sections_at, machine.flags)
    return identity + struct.pack(layout, *fields, header_size, 0, 0, section_size, count, 3)


def _symbol(machine: Machine, name: int, size: int) -> bytes:
    if machine.is_64:
        return struct.pack("<IBBHQQ", name, _GLOBAL_OBJECT, 0, 1, 0, size)
    return struct.pack("<IIIBBH", name, 0, size, _GLOBAL_OBJECT, 0, 1)


def _section_header(machine: Machine, section: _Section, names: bytes) -> bytes:
    return struct.pack(
        "<IIQQQQIIQQ" if machine.is_64 else "<IIIIIIIIII",
        names.index(section.name + b"\0"),
        section.kind,
        section.flags,
        0,
        section.offset,
        section.size,
        section.link,
        section.info,
        section.alignment,
        section.entry,
    )
