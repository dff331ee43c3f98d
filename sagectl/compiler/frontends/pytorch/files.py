"""What a PyTorch file is and whether it is safe to read, told without torch.

torch.export.load unpickles parts of an archive without restraint and hands text of it to
sympy, which evaluates it; torch.load runs whatever a pickle says. So an archive is looked
through first, and only what exporters write goes on to torch.
"""

from __future__ import annotations

import json
import pickletools
import re
import zipfile
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPORTED = "exported program"
SCRIPT = "TorchScript"

_EXPORT = (
    "Export it where it was made: "
    "torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2')"
)
_MAX_TEXT = 512 << 20
_MAX_RATIO = 200
_WEIGHTS_ALONE = re.compile(r"collections OrderedDict|torch\.?\S* |numpy\S* |_codecs encode")
# Operators of aten, of Python, and the exporter's own; deserialisation walks any dotted name.
_TARGET = re.compile(
    r"torch\.ops\.(aten|prim|prims|higher_order|quantized|quantized_decomposed|torchvision)\."
    r"|_operator\.[a-z_]+$|math\.[a-z_]+$|torch\.sym_\w+$|torch\._sym_\w+$"
)
# What sympy prints for sizes: symbols, numbers, calls of functions; neither text nor members.
_EXPRESSION = re.compile(r"[\w\s+*/(),<>=!&|~.-]{0,4096}")
# The one text in them: a symbol's name, as sympy's srepr writes it.
_SYMBOL = re.compile(r"\bSymbol\('([A-Za-z]{1,8}\d+)'")
_MEMBER = re.compile(
    r"__|\.\s*[A-Za-z_]|\b(eval|exec|open|import|lambda|getattr|compile|input)\b"
)


def vetted(path: Path) -> str:
    """EXPORTED or SCRIPT; raises RequestError (reason "format") for any other file.

    The reason is said, and what to do instead of loading weights without a model, or a pickle.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            begins = file.read(4)
        if begins == b"PK\x03\x04":
            raise _refused(path, "is a damaged archive: its end is missing")
        if begins[:1] == b"\x80" and begins[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
            raise _pickled(path)
        raise _not_torch(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _kind(path, archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise RequestError(
            f"{path.name} is a damaged archive: {error}",
            stage="import",
            reason="format",
            hint=_EXPORT,
        ) from error


def _kind(path: Path, archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if any(name.endswith("data/aotinductor") or "/aotinductor/" in name for name in names):
        raise _refused(path, "holds compiled code of AOTInductor, not a model")
    graphs = [name for name in names if is_graph(name)]
    if graphs:
        _check_program(path, archive, graphs)
        return EXPORTED
    if any(name.endswith("/constants.pkl") for name in names):
        return SCRIPT
    pickles = [name for name in names if name.endswith("data.pkl")]
    if not pickles:
        raise _not_torch(path)
    if all(map(_WEIGHTS_ALONE.match, _imports(_read(path, archive, pickles[0])))):
        raise _refused(path, "holds weights alone (a state_dict), without the model's code")
    raise _pickled(path)


def is_graph(name: str) -> bool:
    inside = name.partition("/models/")[2]
    return inside.endswith(".json") or name.endswith("serialized_exported_program.json")


def _check_program(path: Path, archive: zipfile.ZipFile, graphs: list[str]) -> None:
    for name in graphs:
        for key, value in _leaves(_document(path, archive, name)):
            if key == "target" and not _TARGET.match(value):
                raise _refused(path, f"calls {value[:80]!r}, which no exporter writes")
            if key == "expr_str" and not _is_size(value):
                raise _refused(path, f"has {value[:80]!r} for a size, which no exporter writes")
    for name in archive.namelist():
        if name.endswith("constants_config.json"):
            for key, value in _leaves(_document(path, archive, name)):
                if key == "path_name" and not value.startswith("tensor_"):
                    raise _refused(path, "has a pickled object for a constant")


def _is_size(expression: str) -> bool:
    """Whether sympy finds nothing in an expression but symbols, numbers and functions."""
    plain = _SYMBOL.sub(r"Symbol(\1", expression)
    return bool(_EXPRESSION.fullmatch(plain)) and not _MEMBER.search(plain)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a document, each with the name of the field that it is in."""
    stack = [(key, value)]
    while stack:
        name, item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.items())
        elif isinstance(item, list):
            stack.extend((name, each) for each in item)
        elif isinstance(item, str):
            yield name, item


def _document(path: Path, archive: zipfile.ZipFile, name: str) -> Any:
    try:
        return json.loads(_read(path, archive, name))
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"holds {name}, which is not JSON") from error


def _read(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > min(_MAX_TEXT, max(1 << 20, info.compress_size * _MAX_RATIO)):
        raise _refused(path, f"holds {name}, which unpacks to far more than its size")
    return archive.read(info)


def _imports(pickled: bytes) -> Iterator[str]:
    """What a pickle would import, as "module name", found by reading and not by running it."""
    recent: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name == "GLOBAL":
                yield str(argument)
            elif opcode.name == "STACK_GLOBAL":
                yield " ".join(recent[-2:])
            elif isinstance(argument, str):
                recent.append(argument)
    except ValueError:
        yield "damaged pickle"


def _pickled(path: Path) -> RequestError:
    return _refused(
        path, "is a pickle: loading one runs whatever code it names, so it is not loaded"
    )


def _not_torch(path: Path) -> RequestError:
    from sagectl.compiler.frontends.detection import looks_like

    return _refused(path, f"is not a PyTorch model{looks_like(path, 'PYTORCH')}")


def _refused(path: Path, why: str) -> RequestError:
    return RequestError(f"{path.name} {why}", stage="import", reason="format", hint=_EXPORT)
