"""TVM's runtime library: found without importing TVM, loaded once, told its threads."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from struct import error as struct_error
from struct import unpack_from
from typing import Any

from sagectl.runtime import package
from sagectl.runtime.errors import LibraryError, PackageError
from sagectl.runtime.ffi import import_ffi

VARIABLE = "SAGECTL_TVM_RUNTIME"
NAME = package.RUNTIME
_BIG_CORES = 1
_ELF_HEAD = 64
# How often an idle thread of a pool yields before it sleeps. TVM's own 300,000 keep every
# processor busy for a while after each run, and whoever waits for the process to end with it.
# Measured turn by turn with two threads on two busy processors, 180 operators of 16x256 and
# seven convolutions, back to back and 10 ms apart: the median run takes 0.92 to 1.24 times as
# long with 300,000, which is noise there, and 5 to 30 % more of the processors' time.
_YIELDS = 10_000

_configured = threading.local()
# A process has one runtime, whatever lies beside the packages it loads later.
_loaded: list[Path] = []


def load_library(path: Path) -> Any:
    """The module in a compiled library, through TVM's runtime, which may lie beside it."""
    _require_whole(path)
    load_runtime(path.parent)
    import tvm_ffi

    try:
        return tvm_ffi.load_module(str(path))
    except (RuntimeError, OSError, ValueError) as error:
        lines = str(error).strip().splitlines()
        raise LibraryError(
            f"{path.name} cannot be loaded: {lines[-1] if lines else error}",
            hint="A temporary folder mounted noexec can be replaced with TMPDIR.",
        ) from error


def _require_whole(path: Path) -> None:
    """Refuse a library that was cut short: the system ends a process that reads past its end.

    Raises PackageError.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_ELF_HEAD)
            (start,), (size, count) = unpack_from("<Q", head, 32), unpack_from("<HH", head, 54)
            file.seek(start)
            table = file.read(size * count)
        ends = [sum(unpack_from("<Q16xQ", table, size * row + 8)) for row in range(count)]
    except (struct_error, OSError) as error:
        raise PackageError(f"{path.name} is no library", hint=package.REMAKE) from error
    if head[:4] != b"\x7fELF" or max(ends, default=0) > path.stat().st_size:
        raise PackageError(
            f"{path.name} is no library, or one that was cut short", hint=package.REMAKE
        )


def load_parameters(path: Path) -> list[Any]:
    """The tensors of a file of weights, in the order of their names.

    Raises PackageError for a file that is none.
    """
    import tvm_ffi

    try:
        found = tvm_ffi.get_global_func("runtime.LoadParamsFromFile")(str(path))
    except (RuntimeError, OSError, ValueError, MemoryError) as error:
        raise PackageError(f"{path.name} is no file of weights", hint=package.REMAKE) from error
    named = {str(name): tensor for name, tensor in found.items()}
    return [named[name] for name in sorted(named)]


def load_runtime(beside: Path) -> None:
    """Make TVM's runtime part of this process: an installed one, else one in ``beside``.

    Raises LibraryError where there is none.
    """
    if not _loaded:
        _load_runtime(beside)
        _loaded.append(beside)


def _load_runtime(beside: Path) -> None:
    # Read by the library when a thread first runs something. Pinned pools of two processes
    # would fight over the same processors; half of all processors is TVM's own default.
    os.environ.setdefault("TVM_BIND_THREADS", "0")
    os.environ.setdefault("TVM_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    os.environ.setdefault("TVM_THREAD_POOL_SPIN_COUNT", str(_YIELDS))
    os.register_at_fork(after_in_child=_orphan_pool)
    if "tvm" in sys.modules:
        return  # a second copy beside the one TVM has loaded would register everything twice
    import_ffi()  # the runtime takes its symbols from tvm_ffi's library

    path = _runtime_path(beside)
    more = path.with_name(package.RUNTIME_MORE)
    try:
        for library in (path, *([more] if more.is_file() else [])):
            ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be loaded: {error}",
            hint="It must belong to the installed apache-tvm-ffi and to this machine.",
        ) from error


def use_threads(count: int) -> None:
    """Let what the calling thread runs use ``count`` threads; each thread has its own pool.

    A thread that was forked after it had run something has none to share the work with.
    """
    if getattr(_configured, "is_orphaned", False):
        count = 1
    if getattr(_configured, "count", None) != count:
        import tvm_ffi

        tvm_ffi.get_global_func("runtime.config_threadpool")(_BIG_CORES, count)
        _configured.count = count


def _orphan_pool() -> None:
    """In a forked process: the pool of its thread has lost its threads, and would wait."""
    if getattr(_configured, "count", None) is not None:
        _configured.is_orphaned = True
        _configured.count = None


def _runtime_path(beside: Path) -> Path:
    if given := os.environ.get(VARIABLE):
        if Path(given).is_file():
            return Path(given)
        raise LibraryError(f"{VARIABLE} names {given}, which is no file", hint="Correct it.")
    spec = find_spec("tvm")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        if (path := Path(folder, "lib", NAME)).is_file():
            return path
    if (path := beside / NAME).is_file():
        return path
    raise LibraryError(
        f"{NAME} is not installed, and the package holds none",
        hint=f"Run: pip install apache-tvm, or name the file in {VARIABLE}, or compile with "
        "--bundle-runtime.",
    )
