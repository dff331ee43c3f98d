"""From scheduled loop nests to object files of the target."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from sagectl.compiler import kernels
from sagectl.compiler.blob import write_blob
from sagectl.compiler.targets import tvm_target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tvm.ir import IRModule

    from sagectl.compiler.targets import Target

# Ample for the code of a model; its constants are not LLVM's to write.
_CODE_BYTES = 32 << 20


def generated(
    module: IRModule,
    target: Target,
    folder: Path,
    seen: Callable[[Any], None] | None = None,
) -> tuple[Path, ...]:
    """Write the objects of ``module`` into ``folder``: its code, then bytecode and constants.

    What Relax operators are left become calls into TVM's virtual machine; memory is planned.
    GPU code is part of the last. ``seen`` is shown TVM's executable.
    """
    from tvm import relax

    described = tvm_target(target)
    with described, kernels.as_source() if target.gpu else _left_to_llvm():
        executable = relax.build(module, target=described)
    if seen:
        seen(executable)
    return _objects(executable, target, folder)


def _left_to_llvm() -> Any:
    """No search for common subexpressions: LLVM makes one, in less time."""
    from tvm.ir.transform import PassContext

    return PassContext(config={"tirx.disable_cse_tir": True})


def _objects(executable: Any, target: Target, folder: Path) -> tuple[Path, ...]:
    """Have TVM write the objects of an executable, all but the large one of constants."""
    written: list[Path] = []

    def keep(_library: str, files: Sequence[str], **_options: object) -> None:
        written.extend(Path(file) for file in files)

    def pack(module: Any, _is_system_library: bool, prefix: str, place: str) -> str:
        path = Path(place, f"{prefix}constants.o")
        content = kernels.finished(_serialised(module), target)
        write_blob(path, f"{prefix}{kernels.LIBRARY_SYMBOL}", content, target.arch)
        return str(path)

    _reserve(folder)
    keep.object_format = "o"  # type: ignore[attr-defined]  # TVM reads it off the function
    executable.export_library(
        "unused.so", fcompile=keep, fpack_imports=pack, workspace_dir=str(folder)
    )
    return tuple(written)


def _serialised(module: Any) -> memoryview:
    import numpy as np
    import tvm_ffi

    packed = tvm_ffi.get_global_func("runtime.ModulePackImportsToTensor")(module)
    return np.from_dlpack(packed).data


def _reserve(folder: Path) -> None:
    """Raise OSError where code would not fit: LLVM ends the whole process when it does not."""
    with NamedTemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, _CODE_BYTES)
