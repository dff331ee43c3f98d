"""NVRTC, NVIDIA's compiler as a library: CUDA C++ in, machine code of one GPU out.

It needs neither a GPU nor a driver. It and the headers come in wheels, the extra
``sagectl[cuda]``.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sagectl.compiler.errors import RequestError
from sagectl.errors import CompileError

REMEDY = "pip install 'sagectl[cuda]'"
_LIBRARY = "cuda_nvrtc/lib/libnvrtc.so.12"
_HEADERS = ("cuda_runtime/include", "cuda_cccl/include")
_SHOWN_LINES = 8


def available() -> bool:
    """Whether the library and its headers are installed."""
    return _place() is not None


def require() -> None:
    """Raise RequestError with the command that installs NVRTC, where it is not."""
    if not available():
        raise RequestError(
            "Code for NVIDIA GPUs needs NVRTC, which is not installed",
            stage="generate",
            reason="linker",
            hint=f"Run: {REMEDY}",
        )


def version() -> str:
    """NVRTC's version, as ``12.9``."""
    major, minor = ctypes.c_int(), ctypes.c_int()
    _checked(_library().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
    return f"{major.value}.{minor.value}"


def cubin(source: str, code: str) -> bytes:
    """The machine code (an ELF file) of CUDA C++ for ``code`` (``sm_72``).

    Raises CompileError with the compiler's own words.
    """
    library, program = _library(), ctypes.c_void_p()
    place = _place() or Path()
    options = [
        f"--gpu-architecture={code}",
        "--std=c++17",
        "--disable-warnings",
        *(f"-I{place / folder}" for folder in _HEADERS),
    ]
    encoded = (ctypes.c_char_p * len(options))(*map(str.encode, options))
    _checked(
        library.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
        )
    )
    try:
        if library.nvrtcCompileProgram(program, len(options), encoded):
            said = _output(program, "ProgramLog").decode("utf-8", "replace").strip("\0\n ")
            raise CompileError(
                f"NVRTC refuses the kernels for {code}:\n"
                + "\n".join(said.splitlines()[:_SHOWN_LINES]),
                stage="generate",
                reason="internal",
            )
        return _output(program, "CUBIN")
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def _output(program: ctypes.c_void_p, what: str) -> bytes:
    measures, copies = {
        "CUBIN": (_library().nvrtcGetCUBINSize, _library().nvrtcGetCUBIN),
        "ProgramLog": (_library().nvrtcGetProgramLogSize, _library().nvrtcGetProgramLog),
    }[what]
    size = ctypes.c_size_t()
    _checked(measures(program, ctypes.byref(size)))
    room = ctypes.create_string_buffer(size.value)
    _checked(copies(program, room))
    return room.raw


def _checked(status: int) -> None:
    if status:
        library = _library()
        library.nvrtcGetErrorString.restype = ctypes.c_char_p
        said = library.nvrtcGetErrorString(status).decode()
        raise CompileError(f"NVRTC failed: {said}", stage="generate", reason="internal")


@cache
def _library() -> ctypes.CDLL:
    require()
    return ctypes.CDLL(str((_place() or Path()) / _LIBRARY))


@cache
def _place() -> Path | None:
    """The folder of NVIDIA's wheels that hold the library and the headers."""
    spec = find_spec("nvidia")
    for folder in map(Path, spec.submodule_search_locations or ()) if spec else ():
        if all((folder / each).exists() for each in (_LIBRARY, *_HEADERS)):
            return folder
    return None
