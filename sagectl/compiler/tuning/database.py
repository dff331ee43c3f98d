"""What tuning found, one small file per operator: folders of them merge by being copied.

``DIR/<target>/<operator>-<key>.json``. The key is that of the loop nest before any schedule,
so it stands for operator, shapes and types together; the folder stands for the target.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.schedules.reasons import declined
from sagectl.compiler.tuning.candidates import applied, choice_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tvm.s_tir import Schedule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.schedules import Rule
    from sagectl.compiler.targets import Target

_NAME_LENGTH = 60


def key_of(func: PrimFunc) -> str:
    """What a loop nest is known by, whatever it and its variables are called."""
    import tvm_ffi

    bare = func.without_attr("global_symbol")
    return f"{tvm_ffi.structural_hash(bare) & 0xFFFFFFFFFFFFFFFF:016x}"


def folder_of(target: Target) -> str:
    """The name of a target's folder: processor and features, readable and unambiguous."""
    exact = [target.triple, target.mcpu, *sorted(target.mattr), str(target.vector_bytes)]
    digest = hashlib.sha256("\n".join(exact).encode()).hexdigest()[:8]
    return f"{target.arch.lower()}-{target.mcpu}-{digest}"


def read_database(path: Path, target: Target) -> Rule:
    """A rule that gives what ``path`` has for the target, and declines for all else.

    Raises RequestError for what is no folder, and for a record that is damaged.
    """
    if not path.is_dir():
        raise _refused(f"{path} is no folder", "sagectl compile tune makes one.")
    found = {record["Key"]: record for record in _records(path / folder_of(target))}

    def tuned(func: PrimFunc, target: Target) -> Schedule | None:
        record = found.get(key_of(func))
        if record is None:
            return declined("the database has no record of it")
        return applied(choice_of(record["Choice"]), func, target) or declined(
            "the rule of its record does not serve it any more"
        )

    return tuned


def write_record(path: Path, target: Target, record: Mapping[str, Any]) -> Path:
    """Add or replace one record, whole or not at all."""
    folder = path / folder_of(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{record['Operator'][:_NAME_LENGTH]}-{record['Key']}.json"
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, prefix=".", suffix=".part", delete=False
        ) as file:
            file.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        written = Path(file.name)
        written.chmod(0o644)
        written.replace(place)
    except OSError as error:
        raise _refused(
            f"{path} cannot be written to: {error.strerror or error}",
            "Name a folder that can be; it is made if it is missing.",
        ) from error
    return place


def _records(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("[!.]*.json")) if folder.is_dir() else ():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            choice_of(record["Choice"])
            str(record["Key"])
        except (ValueError, KeyError, TypeError) as error:
            hint = "Delete it, or tune again."
            raise _refused(f"{path} is no record of tuning", hint) from error
        except OSError as error:
            raise _refused(f"{path} cannot be read: {error.strerror}", "Mend that.") from error
        found.append(record)
    return found


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(message, stage="schedule", reason="input", hint=hint)
