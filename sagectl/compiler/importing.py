"""The import of TVM, which the compiler's own modules leave to the functions that need it."""

from __future__ import annotations

from sagectl.runtime.ffi import without_torch


def import_tvm() -> None:
    """Import tvm; not torch with it, which takes twice as long again where it is installed.

    PyTorch's models are exported by a process of its own, and compared in another.
    """
    with without_torch():
        import tvm  # noqa: F401
