"""LightGBM's text form: a head of ``name=value`` lines, then a block of them for each tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path


_SAVE = "Save it with: booster.save_model('model.txt')"


@dataclass(frozen=True, slots=True)
class Document:
    """The head and the trees, as written; ``averages`` is a random forest's mark."""

    head: dict[str, str]
    trees: tuple[dict[str, str], ...]
    averages: bool


def read_model(path: Path) -> Document:
    """The model in a file; raises RequestError (reason "format")."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refused(f"{path.name} is no text, as LightGBM's models are") from error
    lines = text.splitlines()
    if text.lstrip().startswith("{"):
        raise refused(f"{path.name} is a dump in JSON, which LightGBM itself cannot read back")
    if not lines or lines[0].strip() != "tree":
        raise refused(f"{path.name} is no LightGBM model: it does not begin with 'tree'")
    if "end of trees" not in (line.strip() for line in lines):
        raise refused(f"{path.name} is cut off: its trees have no end")
    blocks: list[dict[str, str]] = [{}]
    averages = False
    for line in map(str.strip, lines[1:]):
        if line == "end of trees":
            break
        name, is_pair, value = line.partition("=")
        if name == "Tree":
            blocks.append({})
        averages = averages or line == "average_output"
        if is_pair:
            blocks[-1][name] = value
    return Document(blocks[0], tuple(blocks[1:]), averages)


def refused(message: str, hint: str = _SAVE) -> RequestError:
    return RequestError(message, stage="import", reason="format", hint=hint)
