"""From scheduled loop nests to object files of the target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.targets import tvm_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tvm.ir import IRModule

    from sagectl.compiler.targets import Target


def generated(module: IRModule, target: Target, folder: Path) -> tuple[Path, ...]:
    """Write the objects of ``module`` into ``folder``: its code, then bytecode and constants.

    What Relax operators are left become calls into TVM's virtual machine; memory is planned.
    """
    from tvm import relax

    described = tvm_target(target)
    with described:
        executable = relax.build(module, target=described)
    return _objects(executable, folder)


def _objects(executable: Any, folder: Path) -> tuple[Path, ...]:
    written: list[Path] = []

    def keep(_name: str, files: Sequence[str], **_options: object) -> None:
        written.extend(Path(file) for file in files)

    keep.object_format = "o"  # type: ignore[attr-defined]  # TVM reads it off the function
    executable.export_library("unused.so", fcompile=keep, workspace_dir=str(folder))
    return tuple(written)
