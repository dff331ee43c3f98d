"""Compiler options: their names, their values, and what each may be for a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.targets import llvm

# Spellings met in the wild -> the documented one.
SPELLINGS = {"gpu_code": "gpu-code", "trt_ver": "trt-ver", "cuda_ver": "cuda-ver"}
KNOWN = (
    *("mcpu", "mattr", "precision", "dtype"),
    *("gpu-code", "trt-ver", "cuda-ver", "ANDROID_PLATFORM"),
)
ANDROID_LEVELS = range(21, 30)
_EXAMPLE = """["+avx2"]"""
PRECISIONS = ("fast", "exact")
_STEERING = ("mcpu", "mattr", "precision")
_DTYPES = ("float", "float32", "int64", "long")


@dataclass(frozen=True, slots=True)
class Options:
    """Options read and named as documented; ``settings`` are those of no field here."""

    mcpu: str | None = None
    mattr: tuple[str, ...] = ()
    precision: str = PRECISIONS[0]
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def spelt(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options by their documented names; raises RequestError where two contradict."""
    named: dict[str, Any] = {}
    for written, value in given.items():
        name = SPELLINGS.get(written, written)
        if named.setdefault(name, value) != value:
            raise refused(
                f"{name} is given in two spellings, as {named[name]!r} and {value!r}",
                hint=f"Keep one {name}.",
            )
    return named


def parsed(named: Mapping[str, Any], *, os: str) -> Options:
    """Options by documented names; unknown ones pass with a warning, as the service lets them.

    Raises RequestError for a value that an option cannot have.
    """
    unknown = [name for name in named if name not in KNOWN]
    mcpu = named.get("mcpu")
    if mcpu is not None and (not isinstance(mcpu, str) or not mcpu):
        raise refused(f"mcpu is {mcpu!r}, not a processor's name")
    settings = {name: value for name, value in named.items() if name not in _STEERING}
    precision = named.get("precision", PRECISIONS[0])
    if precision not in PRECISIONS:
        raise refused(
            f"precision is {precision!r}", hint=f"It is one of {', '.join(PRECISIONS)}."
        )
    if "ANDROID_PLATFORM" in settings:
        settings["ANDROID_PLATFORM"] = _android_level(settings["ANDROID_PLATFORM"], os)
    if "dtype" in settings and settings["dtype"] not in _DTYPES:
        raise refused(
            f"dtype is {settings['dtype']!r}", hint=f"It is one of {', '.join(_DTYPES)}."
        )
    return Options(
        mcpu=mcpu,
        mattr=_mattr(named.get("mattr")),
        precision=precision,
        settings=settings,
        warnings=tuple(_unknown(name) for name in unknown),
    )


def checked_processor(triple: str, mcpu: str) -> None:
    """Raise RequestError, with the likeliest meant, for a processor unknown to LLVM."""
    known = llvm.processors(triple)
    if mcpu in known:
        return
    raise refused(
        f"mcpu {mcpu!r} is no processor that LLVM knows for {triple}",
        hint=_meant(mcpu, known) or f"Known are {', '.join(known)}.",
    )


def checked_features(triple: str, mattr: Sequence[str]) -> None:
    """Raise RequestError, with the likeliest meant, for a feature unknown to LLVM."""
    known = llvm.known_features(triple)
    for item in mattr:
        name = item.lstrip("+-")
        sign = item.removesuffix(name)
        if sign in ("+", "-") and name in known:
            continue
        if name in known:
            raise refused(
                f"mattr {item!r} neither adds nor removes a feature",
                hint=f"Write +{name} or -{name}.",
            )
        meant = _meant(name, known, sign=sign if sign == "-" else "+")
        raise refused(
            f"mattr {item!r} is no feature that LLVM knows for {triple}",
            hint=meant or "Write each feature with its sign, as +aes or -aes.",
        )


def refused(message: str, *, hint: str | None = None) -> RequestError:
    return RequestError(message, stage="target", reason="target", hint=hint)


def _mattr(given: Any) -> tuple[str, ...]:
    items = given.split(",") if isinstance(given, str) else given
    if items is None:
        return ()
    if not isinstance(items, Sequence) or not all(isinstance(item, str) for item in items):
        raise refused(
            f"mattr is {given!r}, not a list of features", hint=f"Write it as {_EXAMPLE}."
        )
    return tuple(item.strip() for item in items if item.strip())


def _android_level(value: Any, os: str) -> int:
    if os != "ANDROID":
        raise refused("ANDROID_PLATFORM is given, but the target's system is not ANDROID")
    level = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(level, int) or isinstance(level, bool) or level not in ANDROID_LEVELS:
        raise refused(
            f"ANDROID_PLATFORM is {value!r}",
            hint=f"It is from {ANDROID_LEVELS[0]} to {ANDROID_LEVELS[-1]}.",
        )
    return level


def _unknown(name: str) -> str:
    hint = _meant(name, KNOWN)
    return f"Compiler option {name!r} is not known and changes nothing. {hint or ''}".strip()


def _meant(name: str, known: Any, *, sign: str = "") -> str | None:
    near = get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"Did you mean {sign}{near[0]}?" if near else None
