"""The GPU code inside a serialised executable: its source found, replaced by machine code.

TVM writes an executable as its import tree, then per module a kind with the bytes of it; a
GPU module's bytes are a format, a table of functions and the code (``tvm_ffi``:
``library_module.cc``). Without a driver its code is source, to be compiled on the device at
every start; NVRTC needs no driver, and machine code takes the source's place.
"""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagectl.compiler import nvrtc, opencl
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.compiler.targets import Target

# Where tvm_ffi looks for bytecode, constants and GPU code in a library it loads.
LIBRARY_SYMBOL = "__tvm_ffi__library_bin"
_OWN_LIBRARY = "_lib"  # stands for the code of the host, which has no bytes here
# TVM then writes the same module whether or not a driver is installed.
_WITHOUT_DRIVER = "TVM_COMPILE_FORCE_FALLBACK"
_GPU_KINDS = ("cuda", "opencl")
# Since this version of its ABI a cubin has its architecture one byte further on.
_NEW_CUBIN_ABI = 8


@dataclass(frozen=True, slots=True)
class GpuCode:
    """The code of one GPU module, its ``form`` (``cubin``, ``cl``) and its functions."""

    kind: str
    form: str
    code: bytes
    functions: tuple[str, ...] = ()

    @property
    def architecture(self) -> str | None:
        """What machine code is for (``sm_72``), read from it; ``None`` for source."""
        if not self.code.startswith(b"\x7fELF"):
            return None
        (flags,) = struct.unpack_from("<I", self.code, 0x30)
        is_new = self.code[8] >= _NEW_CUBIN_ABI
        return f"sm_{flags >> 8 & 0xFF if is_new else flags & 0xFF}"


def require_tools(target: Target) -> None:
    """Raise RequestError, before any work is done, where a target's compiler is missing."""
    if target.gpu and target.gpu.code:
        nvrtc.require()


@contextmanager
def as_source() -> Iterator[None]:
    """While this lasts, TVM leaves GPU code as source, on every machine alike."""
    before = os.environ.get(_WITHOUT_DRIVER)
    os.environ[_WITHOUT_DRIVER] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WITHOUT_DRIVER]
        else:
            os.environ[_WITHOUT_DRIVER] = before


def finished(serialised: memoryview, target: Target) -> memoryview:
    """A serialised executable with its GPU code as the target takes it.

    Machine code for CUDA; OpenCL stays source, checked where clang is installed. Raises
    CompileError where a compiler refuses it.
    """
    if target.gpu is None:
        return serialised
    head, modules = _modules(serialised)
    made = [
        (kind, _finished(content, target) if kind == target.gpu.kind else content)
        for kind, content in modules
    ]
    if all(kind != target.gpu.kind for kind, _ in made):
        raise CompileError(
            "No part of the model runs on the GPU",
            stage="generate",
            reason="target",
            hint="Compile it for the processor alone.",
        )
    tail = b"".join(
        _text(kind.encode()) + (_text(content) if content is not None else b"")
        for kind, content in made
    )
    return memoryview(struct.pack("<Q", len(head) + len(tail)) + head + tail)


def gpu_code(serialised: bytes) -> tuple[GpuCode, ...]:
    """The GPU code in a serialised executable; raises ValueError for what is none."""
    try:
        _, modules = _modules(memoryview(serialised))
        return tuple(
            _described(kind, content)
            for kind, content in modules
            if kind in _GPU_KINDS and content is not None
        )
    except struct.error as error:
        raise ValueError(f"no executable of TVM ({error})") from error


def _finished(content: bytes | None, target: Target) -> bytes:
    content = content or b""
    found = _described(target.gpu.kind if target.gpu else "", content)
    source = found.code.decode()
    if target.gpu is None or target.gpu.code is None:
        opencl.check(source)
        return content
    # The format comes first and the code last; the table of functions between them stays.
    table = content[8 + len(found.form) : -8 - len(found.code)]
    made = nvrtc.cubin(source, target.gpu.code)
    if GpuCode("cuda", "cubin", made).architecture != target.gpu.code:
        raise CompileError(
            f"NVRTC made no machine code for {target.gpu.code}",
            stage="generate",
            reason="internal",
        )
    return _text(b"cubin") + table + _text(made)


def _described(kind: str, content: bytes) -> GpuCode:
    reader = _Reader(memoryview(content))
    form = reader.text().decode()
    functions = []
    for _ in range(reader.number()):
        functions.append(reader.text().decode())
        reader.text()
        reader.skip(4 * reader.number())  # types of arguments
        for _ in range(reader.number()):
            reader.text()  # which indices of threads and blocks it takes
        reader.skip(4 * reader.number())  # further tags of arguments
    return GpuCode(kind, form, reader.text(), tuple(functions))


def _modules(serialised: memoryview) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """The import tree as it is, and each module's kind and bytes."""
    reader = _Reader(serialised)
    reader.number()
    start = reader.at
    count = reader.number() - 1
    reader.skip(8 * (count + 1))
    reader.skip(8 * reader.number())
    head = bytes(serialised[start : reader.at])
    modules: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        kind = reader.text().decode()
        modules.append((kind, None if kind == _OWN_LIBRARY else reader.text()))
    return head, modules


class _Reader:
    """Numbers and texts of a stream, one after the other."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self.at = 0

    def number(self) -> int:
        (value,) = struct.unpack_from("<Q", self._content, self.at)
        self.at += 8
        return int(value)

    def text(self) -> bytes:
        size = self.number()
        self.at += size
        if self.at > len(self._content):
            raise struct.error("it ends too early")
        return bytes(self._content[self.at - size : self.at])

    def skip(self, size: int) -> None:
        self.at += size


def _text(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content
