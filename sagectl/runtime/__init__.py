"""The deployer's loader of compiled packages: numpy and apache-tvm-ffi alone.

    from sagectl.runtime import load

    model = load("net-LINUX_X86_64.tar.gz")
    outputs = model.run({"input": array})

Besides them it needs ``libtvm_runtime.so``: the file that ``SAGECTL_TVM_RUNTIME`` names, that
of an installed apache-tvm (which is not imported), or the one that the package brings
(``compile build --bundle-runtime``). Models that sort also need ``libtvm_runtime_extra.so``
beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.runtime.errors import LibraryError, PackageError, RunnerError, TensorError

if TYPE_CHECKING:
    from os import PathLike

    from sagectl.runtime.runner import Runner

__all__ = ["LibraryError", "PackageError", "RunnerError", "TensorError", "load"]


def load(path: str | PathLike[str], threads: int | None = None) -> Runner:
    """A runner of the package at ``path``: the archive, or the folder it was unpacked into.

    ``threads`` is how many threads a run may use; without it TVM_NUM_THREADS, or as many as
    this process may have processors. A package is code: load those you trust. Raises
    PackageError for what is no sound package or not for this machine, LibraryError where
    TVM's runtime is missing, RunnerError for a number of threads that cannot be.
    """
    from sagectl.runtime.runner import loaded

    return loaded(path, threads)
