"""CompilerOptions: what the text holds, and the rules of it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sagectl.diagnostics import Severity
from sagectl.manifest.wording import did_you_mean, shown
from sagectl.schema.rules.rule import Breach, Rule, given, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATH = "OutputConfig.CompilerOptions"
# Documented, or seen in use with the real service.
KNOWN = (
    *("mcpu", "mattr", "gpu-code", "gpu_code", "trt-ver", "cuda-ver", "ANDROID_PLATFORM"),
    *("dtype", "DTYPE", "class_labels", "signature_def_key", "output_names"),
    *("max-workspace-size", "precision-mode", "jetson-platform"),
)
ANDROID_LEVELS = range(21, 30)
_DTYPES = ("float", "float32", "int64", "long")
# Option -> its form, and an example of it.
_VERSIONS = {
    "gpu-code": (r"sm_[0-9]{2,3}[a-z]?", "sm_72"),
    "trt-ver": (r"[0-9]+\.[0-9]+(\.[0-9]+)+", "6.0.1"),
    "cuda-ver": (r"[0-9]+\.[0-9]+", "10.1"),
}


@lru_cache(256)
def parsed(written: str) -> Any:
    """What ``written`` holds as JSON or, as the service's own examples have it, as a Python
    literal; None for neither."""
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        from ast import literal_eval
    try:
        return literal_eval(written.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def options(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a request, empty where there are none that can be read."""
    written = text(params, PATH)
    found = parsed(written) if written else None
    return found if isinstance(found, dict) else {}


def _syntax(params: Mapping[str, Any]) -> Iterator[Breach]:
    written = text(params, PATH)
    if not written or isinstance(found := parsed(written), dict):
        return
    if isinstance(found, str) and _is_inferentia(params):
        return
    hint = """Such as {"mcpu": "skylake-avx512"}."""
    yield Breach(PATH, f"must be a JSON object, not {shown(written)}", hint)


def _is_inferentia(params: Mapping[str, Any]) -> bool:
    device = text(params, "OutputConfig.TargetDevice") or ""
    return device.startswith(("ml_inf", "ml_trn"))


def _unknown(params: Mapping[str, Any]) -> Iterator[Breach]:
    for name in options(params):
        if name not in KNOWN:
            said = f"{name!r} is not an option that is documented"
            yield Breach(PATH, said, did_you_mean(str(name), KNOWN))


def _types(params: Mapping[str, Any]) -> Iterator[Breach]:
    found = options(params)
    if "mcpu" in found and not isinstance(found["mcpu"], str):
        yield Breach(PATH, f"mcpu must be text, not {shown(found['mcpu'])}")
    if "mattr" in found:
        flags = found["mattr"]
        if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
            yield Breach(PATH, "mattr must be a list of texts", 'Such as ["+neon", "+vfpv4"].')
        elif bare := [flag for flag in flags if not flag.startswith(("+", "-"))]:
            said = (
                f"mattr has {shown(bare[0])}, which neither adds (+) nor removes (-) a feature"
            )
            yield Breach(PATH, said, f"Write +{bare[0]}.", Severity.WARNING)
    for name in ("dtype", "DTYPE"):
        if name in found and found[name] not in _DTYPES:
            said = f"{name} must be one of {', '.join(_DTYPES)}, not {shown(found[name])}"
            yield Breach(PATH, said)


def _nvidia(params: Mapping[str, Any]) -> Iterator[Breach]:
    if text(params, "OutputConfig.TargetPlatform.Accelerator") != "NVIDIA":
        return
    written = given(params, PATH)
    if written is not None and not isinstance(parsed(str(written)), dict):
        return  # another rule has said so
    found = options(params)
    names = {name.replace("_", "-") for name in found}
    missing = [name for name in _VERSIONS if name not in names]
    if missing:
        example = ", ".join(f'"{name}": "{_VERSIONS[name][1]}"' for name in missing)
        said = f"lacks {', '.join(missing)}, which NVIDIA accelerators need"
        yield Breach(PATH, said, f"Such as {{{example}}}.")


def _versions(params: Mapping[str, Any]) -> Iterator[Breach]:
    for name, value in options(params).items():
        pattern, example = _VERSIONS.get(str(name).replace("_", "-"), (None, ""))
        if pattern is None:
            continue
        if not isinstance(value, str):
            said = f"{name} must be text, not {shown(value)}"
            yield Breach(PATH, said, f'Quote it: "{name}": "{example}".')
        elif not re.fullmatch(pattern, value):
            said = f"{name} is {shown(value)}, and should look like {example}"
            yield Breach(PATH, said, None, Severity.WARNING)


def _android(params: Mapping[str, Any]) -> Iterator[Breach]:
    level = options(params).get("ANDROID_PLATFORM")
    if level is None:
        return
    first, last = ANDROID_LEVELS[0], ANDROID_LEVELS[-1]
    if not isinstance(level, int) or isinstance(level, bool):
        said = f"ANDROID_PLATFORM must be an integer, not {shown(level)}"
        yield Breach(PATH, said, f"API levels go from {first} to {last}.")
    elif level not in ANDROID_LEVELS:
        yield Breach(PATH, f"ANDROID_PLATFORM must be {first} to {last}, not {level}")
    os = text(params, "OutputConfig.TargetPlatform.Os")
    if os is not None and os != "ANDROID":
        said = f"ANDROID_PLATFORM has no meaning on {os}"
        yield Breach(PATH, said, None, Severity.WARNING)


_SOURCE = "API reference, OutputConfig"
OPTION_RULES = (
    Rule(
        "compile.options-syntax",
        "CompilerOptions is a JSON object, or a Python dictionary literal.",
        f"{_SOURCE}; its examples use single quotes",
        _syntax,
    ),
    Rule(
        "compile.option-unknown",
        "CompilerOptions holds documented options.",
        _SOURCE,
        _unknown,
        Severity.WARNING,
    ),
    Rule(
        "compile.option-types",
        "mcpu is text, mattr a list of texts, dtype one of four.",
        _SOURCE,
        _types,
    ),
    Rule(
        "compile.nvidia-options",
        "NVIDIA accelerators need gpu-code, trt-ver and cuda-ver.",
        "API reference, TargetPlatform",
        _nvidia,
    ),
    Rule(
        "compile.nvidia-versions",
        "gpu-code is sm_NN, trt-ver x.y.z, cuda-ver x.y, each as text.",
        _SOURCE,
        _versions,
        is_lenient=True,
    ),
    Rule(
        "compile.android-platform",
        "ANDROID_PLATFORM is an API level from 21 to 29.",
        _SOURCE,
        _android,
        is_lenient=True,
    ),
)
