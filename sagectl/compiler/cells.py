"""The targets that the words of a command, or the lines of a file, name."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.request import Platform
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Where no GPU is named, one that many have: the T4 of ml_g4dn, the Jetson AGX Xavier.
_GPUS = {"X86_64": "sm_75", "ARM64": "sm_72"}
_LEGEND = (
    "Name platforms as LINUX_ARM64, devices as ml_c5, with compiler options behind: "
    """LINUX_ARM64_NVIDIA {"gpu-code": "sm_87"}; or all, cpus, devices."""
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One target of a matrix; ``is_told`` where it was named itself, not by a word for many."""

    name: str
    platform: Platform | None
    device: str | None
    options: Mapping[str, Any]
    is_told: bool = True


def cells(asked: Sequence[str]) -> tuple[Cell, ...]:
    """The targets that words or the lines of a file name, each once.

    Raises InputError for what is no target.
    """
    lines = [line for word in asked for line in _lines(word)]
    found: dict[str, Cell] = {}
    for cell in (cell for line in lines for cell in _cells(line)):
        _require_one_package(found.get(cell.name), cell)
        found[cell.name] = cell
    if not found:
        raise InputError("no targets are named", hint=_LEGEND)
    return tuple(found.values())


def _require_one_package(earlier: Cell | None, cell: Cell) -> None:
    """A package is named after its target: of two with other options one would be lost."""
    if earlier and earlier.is_told and cell.is_told and earlier.options != cell.options:
        raise InputError(
            f"{cell.name} is named twice with other options: {json.dumps(earlier.options)} and "
            f"{json.dumps(cell.options)}",
            hint="Their packages would have one name; make each in a folder (-o) of its own.",
        )


def _lines(word: str) -> Iterator[str]:
    path = Path(word)
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        yield from (line.partition("#")[0].strip() for line in text.splitlines())
    else:
        yield from ([word] if "{" in word else word.split(","))


def _cells(line: str) -> Iterator[Cell]:
    from sagectl.compiler.targets.rows import rows

    line = line.strip()
    if not line:
        return
    served = [row for row in rows() if row["Status"] == "served"]
    chosen = {
        "all": lambda row: row["Device"] is None,
        "cpus": lambda row: row["Device"] is None and row["Accelerator"] is None,
        "devices": lambda row: row["Device"] is not None,
    }.get(line)
    if chosen is None:
        name, _, options = line.partition(" ")
        yield _cell(name, _options(line, options))
        return
    for row in served:
        if chosen(row):
            parts = (row["Os"], row["Arch"], row["Accelerator"])
            name = row["Device"] or str(Platform(*parts))
            yield replace(_cell(name, {}), is_told=False)


def _options(line: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise InputError(
            f"the options in {line!r} are not JSON: {error}", hint=_LEGEND
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"the options in {line!r} are not a mapping", hint=_LEGEND)
    return found


def _cell(name: str, options: dict[str, Any]) -> Cell:
    from sagectl.compiler.targets.table import ACCELERATORS, ARCHES, DEVICES, OSES

    if name in DEVICES:
        return Cell(name, None, name, options)
    for os_name in OSES:
        for arch in ARCHES:
            for accelerator in (None, *ACCELERATORS):
                platform = Platform(os_name, arch, accelerator)
                if str(platform) == name:
                    if accelerator == "NVIDIA" and arch in _GPUS:
                        options = {"gpu-code": _GPUS[arch], **options}
                    return Cell(name, platform, None, options)
    raise InputError(f"{name!r} is no target", hint=_LEGEND)
