"""What is known of NVIDIA's processors: which code each takes, and which CUDA knows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.compiler.targets.options import refused

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = ("gpu-code", "trt-ver", "cuda-ver")
# gpu-code -> the first CUDA that knows it (the release notes of CUDA). All are made by the
# NVRTC of CUDA 12.9; 13 has dropped what is older than sm_75.
FIRST_CUDA = {
    "sm_50": (6, 0),
    "sm_52": (6, 5),
    "sm_53": (7, 0),
    "sm_60": (8, 0),
    "sm_61": (8, 0),
    "sm_62": (8, 0),
    "sm_70": (9, 0),
    "sm_72": (9, 2),
    "sm_75": (10, 0),
    "sm_80": (11, 0),
    "sm_86": (11, 1),
    "sm_87": (11, 4),
    "sm_89": (11, 8),
    "sm_90": (11, 8),
    "sm_100": (12, 8),
    "sm_101": (12, 8),
    "sm_103": (12, 9),
    "sm_120": (12, 8),
    "sm_121": (12, 9),
}
MADE_BY = (12, 9)
_VERSIONS = {
    "trt-ver": (re.compile(r"\d+\.\d+(\.\d+)*"), "7.1.3"),
    "cuda-ver": (re.compile(r"\d+\.\d+"), "10.2"),
}


def checked_code(settings: Mapping[str, Any]) -> str:
    """The ``gpu-code`` asked for, held against what exists and against ``cuda-ver``.

    Raises RequestError where it is missing, unknown, or newer than the CUDA that is named.
    """
    code = settings.get("gpu-code")
    if code is None:
        raise refused(
            "NVIDIA accelerators need the compiler option gpu-code",
            hint="""Give --compiler-options '{"gpu-code": "sm_72"}'; a Xavier is sm_72, """
            "a T4 sm_75.",
        )
    if code not in FIRST_CUDA:
        near = _nearest(str(code))
        raise refused(
            f"gpu-code is {code!r}, for which no code can be made",
            hint=(f"Did you mean {near}? " if near else "")
            + f"Known are {', '.join(FIRST_CUDA)}.",
        )
    for name, (form, example) in _VERSIONS.items():
        if name in settings and not form.fullmatch(str(settings[name])):
            raise refused(
                f"{name} is {settings[name]!r}, no version", hint=f"Write it as {example}."
            )
    if (named := _cuda(settings)) and named < FIRST_CUDA[code]:
        raise refused(
            f"cuda-ver is {_text(named)}, but {code} needs CUDA {_text(FIRST_CUDA[code])}",
            hint="Name the CUDA that the device has.",
        )
    return str(code)


def _nearest(code: str) -> str | None:
    """What may have been meant: older code runs on a newer processor of its generation."""
    found = re.search(r"\d{2,3}", code)
    if found is None:
        return None
    asked = int(found[0])
    known = [int(name.removeprefix("sm_")) for name in FIRST_CUDA]
    older = [each for each in known if each <= asked and each // 10 == asked // 10]
    return f"sm_{max(older)}" if older else None


def remarks(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What whoever asked should know of the code that comes of these options."""
    found = []
    if "trt-ver" in settings:
        found.append("trt-ver is recorded; TensorRT takes no part in the code.")
    if (named := _cuda(settings)) and named[0] < MADE_BY[0]:
        found.append(
            f"The GPU code is made by CUDA {_text(MADE_BY)}: the device's driver must be of "
            f"CUDA {MADE_BY[0]}, cuda-ver says {_text(named)}."
        )
    return tuple(found)


def _cuda(settings: Mapping[str, Any]) -> tuple[int, ...] | None:
    given = settings.get("cuda-ver")
    return tuple(map(int, str(given).split("."))) if given is not None else None


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
