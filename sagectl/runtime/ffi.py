"""The import of tvm_ffi, without what neither runtime nor compiler has a use for."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_UNUSED = "torch"


def import_ffi() -> None:
    """Import tvm_ffi; not torch with it, as it would where that is installed.

    It looks for torch to exchange tensors with. The runtime exchanges numpy's alone, and torch
    takes seconds and a quarter of a gigabyte. Where torch is there already, nothing changes.
    """
    with without_torch():
        import tvm_ffi  # noqa: F401


@contextmanager
def without_torch() -> Iterator[None]:
    """Hide torch from what this thread imports, unless it is there already."""
    if _UNUSED in sys.modules:
        yield
        return
    finder = _Hiding()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Hiding:
    """A finder that keeps one module from one thread."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == _UNUSED and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not wanted here", name=name)
        return None
