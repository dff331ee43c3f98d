"""Archives that SageMaker Neo itself has made, for its runtime, the DLR: what is in them.

The layout is that of neo-ai-dlr: a graph, weights and a library for TVM's graph executor, code
and a library for its Relay virtual machine, a library alone for trees (Treelite).
"""

from __future__ import annotations

import hashlib
import json
import struct
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagectl.compiler.elf import Elf, read_elf
from sagectl.errors import InputError
from sagectl.runtime.package import MANIFEST, digest

if TYPE_CHECKING:
    from collections.abc import Mapping

# What each file is, by how its name ends, as the DLR looks for them.
_RUNTIME, _CARRIED = "libdlr.so", ("model-shapes.json", "hyperparams.json", "version.json")
_FOREIGN = {
    ".tflite": "TensorFlow Lite runs it, no code is in it",
    ".mlmodel": "Core ML runs it, no code is in it",
    ".neff": "code for Inferentia, in a form of the Neuron compiler's own",
    "neuron.pt": "code for Inferentia, in a form of the Neuron compiler's own",
    "saved_model.pb": "TensorFlow runs it, Neo has compiled parts of it at most",
}
_LARGEST_DOCUMENT = 64 << 20
_LARGEST_LIBRARY = 4 << 30
_CHUNK = 1 << 20
# The head of TVM's files of weights: ``runtime/params.cc``.
_WEIGHTS_MAGIC = 0xF7E58D4F05049CB7
_SHOWN_NAMES = 200_000


@dataclass(slots=True)
class _Archive:
    """Each file's size and digest, and the contents of those that are read."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    library: Elf | None = None

    def ending(self, ending: str) -> list[str]:
        return [name for name in self.files if name.endswith(ending)]


def is_foreign(path: Path) -> bool:
    """Whether ``path`` is an archive, but none of sagectl's packages."""
    try:
        with tarfile.open(path, "r:*") as tar:
            first = tar.next()
            return first is not None and first.name != MANIFEST
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False


def described_neo(path: Path) -> dict[str, Any]:
    """Everything that an archive of Neo tells about itself, in the words of our own packages.

    Raises InputError for an unsafe or damaged archive, and for one of another runtime.
    """
    archive = _read(path)
    layout = _layout(archive, path)
    meta = _document(archive, ".meta")
    weights = _weights(archive)
    graph = _document(archive, ".json")
    return {
        "Package": str(path),
        "Digest": f"sha256:{digest(path)}",
        "SizeBytes": path.stat().st_size,
        "Layout": layout,
        "Files": archive.files,
        "Requirements": meta.get("Requirements"),
        "Compilation": meta.get("Compilation"),
        "Model": _model(meta, graph, weights),
        "Weights": len(weights),
        "Library": _library(archive.library or Elf()),
        "GpuCode": [],
    }


def _read(path: Path) -> _Archive:
    archive = _Archive()
    try:
        with tarfile.open(path, "r:*") as tar, TemporaryDirectory() as folder:
            while member := tar.next():
                if not member.isdir():
                    _read_member(tar, member, archive, Path(folder))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{path} is a damaged archive ({reason})", hint="Download it again."
        ) from error
    return archive


def _read_member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, archive: _Archive, folder: Path
) -> None:
    name = member.name.removeprefix("./")
    if name.startswith("/") or ".." in name.split("/") or not member.isreg():
        raise InputError(f"Member {member.name!r} of the archive is unsafe", hint="Leave it.")
    content = tar.extractfile(member)
    if content is None or name in archive.files or member.size > _LARGEST_LIBRARY:
        raise InputError(f"Member {member.name!r} of the archive is unsafe", hint="Leave it.")
    is_library = name.endswith(".so") and not name.endswith(_RUNTIME)
    is_document = name.endswith((".json", ".meta", ".params", "manifest"))
    hasher, kept = hashlib.sha256(), bytearray()
    with (folder / "library").open("wb") as file:
        while chunk := content.read(_CHUNK):
            hasher.update(chunk)
            if is_library:
                file.write(chunk)
            if is_document and len(kept) < _LARGEST_DOCUMENT:
                kept += chunk
    archive.files[name] = {"Size": member.size, "Sha256": hasher.hexdigest()}
    if is_document:
        archive.documents[name] = bytes(kept)
    if is_library:
        try:
            archive.library = read_elf(folder / "library")
        except ValueError as error:
            raise InputError(f"{name} is no library of Linux or Android: {error}") from error


def _layout(archive: _Archive, path: Path) -> str:
    for ending, reason in _FOREIGN.items():
        if archive.ending(ending):
            raise InputError(
                f"{path} is no archive for the DLR: {archive.ending(ending)[0]} is in it "
                f"({reason})",
                hint="compile inspect reads sagectl's packages and Neo's archives for the DLR.",
            )
    if archive.library is None:
        raise InputError(
            f"{path} is neither a package of sagectl nor an archive of SageMaker Neo: it "
            f"holds {', '.join(list(archive.files)[:5]) or 'nothing'}",
            hint="Compiled models have a library, compiled.so.",
        )
    if archive.ending(".params"):
        return "DLR, TVM's graph executor"
    return "DLR, Relay virtual machine" if archive.ending(".ro") else "DLR, Treelite"


def _document(archive: _Archive, ending: str) -> Mapping[str, Any]:
    names = [name for name in archive.ending(ending) if Path(name).name not in _CARRIED]
    if not names or names[0] not in archive.documents:
        return {}
    try:
        found = json.loads(archive.documents[names[0]])
    except (ValueError, RecursionError) as error:
        raise InputError(f"{names[0]} is not JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _weights(archive: _Archive) -> frozenset[str]:
    """The names at the head of a file of weights."""
    for name in archive.ending(".params"):
        content = archive.documents[name]
        try:
            magic, _, count = struct.unpack_from("<QQQ", content)
            if magic != _WEIGHTS_MAGIC or count > _SHOWN_NAMES:
                raise struct.error("it does not begin as one")
            names, at = [], 24
            for _ in range(count):
                (size,) = struct.unpack_from("<Q", content, at)
                names.append(content[at + 8 : at + 8 + size].decode("utf-8", "replace"))
                at += 8 + size
        except struct.error as error:
            raise InputError(f"{name} is no file of TVM's weights ({error})") from error
        return frozenset(names)
    return frozenset()


def _model(
    meta: Mapping[str, Any], graph: Mapping[str, Any], weights: frozenset[str]
) -> Mapping[str, Any]:
    """Inputs and outputs: as the meta tells them, else as the graph implies them."""
    told = meta.get("Model")
    if isinstance(told, dict) and isinstance(told.get("Inputs"), list):
        return {"Inputs": _ports(told["Inputs"]), "Outputs": _ports(told.get("Outputs"))}
    try:
        nodes, pointers = graph["nodes"], graph["node_row_ptr"]
        shapes = graph["attrs"]["shape"][1]
        dtypes = graph["attrs"]["dltype"][1]
        inputs = [each for each in graph["arg_nodes"] if nodes[each]["name"] not in weights]
        entries = [(nodes[each]["name"], pointers[each]) for each in inputs]
        results = [
            (nodes[head[0]]["name"], pointers[head[0]] + head[1]) for head in graph["heads"]
        ]

        def rows(found: list[tuple[str, int]]) -> list[dict[str, Any]]:
            return [
                {"name": name, "dtype": dtypes[at], "shape": shapes[at]} for name, at in found
            ]

        return {"Inputs": rows(entries), "Outputs": rows(results)}
    except (KeyError, IndexError, TypeError):
        return {"Inputs": [], "Outputs": []}


def _ports(rows: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": str(row.get("name")),
            "dtype": str(row.get("dtype")),
            "shape": row["shape"] if isinstance(row.get("shape"), list) else [],
        }
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]


def _library(elf: Elf) -> dict[str, Any]:
    return {
        "Sections": elf.sections,
        "Imports": list(elf.imports),
        "Needed": list(elf.needed),
        "MinimumGlibc": elf.minimum_glibc,
        "Functions": dict(sorted(elf.functions.items(), key=lambda row: (-row[1], row[0]))),
    }
