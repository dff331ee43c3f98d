"""What is asked of the compiler, as one frozen value."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sagectl.compiler.errors import RequestError

# Where the weights of a package may be.
PARAMS = ("inside", "beside")
# File systems take names of 255 bytes; a target's suffix comes behind the stem.
_LONGEST_STEM = 150
_OF_ROWS = frozenset(("XGBOOST", "SKLEARN"))
_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".onnx")


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform in the service's words: ``Platform("LINUX", "ARM64", "NVIDIA")``."""

    os: str
    arch: str
    accelerator: str | None = None

    def __str__(self) -> str:
        return "_".join(part for part in (self.os, self.arch, self.accelerator) if part)


@dataclass(frozen=True, slots=True)
class CompileRequest:
    """One compilation: what, for which machine, whereto.

    ``platform`` and ``device`` exclude each other; with neither, the target is this machine.
    ``inputs`` fixes shapes by the model's own input names. The package becomes
    ``<output>/<stem>-<target suffix>.tar.gz``. ``verify`` compares with the reference where
    the target runs here; without it, forms of operators that no test vouches for are compared
    all the same unless ``is_compared`` says that the caller does so. ``params`` puts the
    weights ``inside`` the library or ``beside`` it; ``trust`` lets a model run code of its own
    when it is read, as pickles do; ``bundle_runtime`` adds TVM's runtime for the target.
    ``dump`` is a folder for the module after each phase, ``database`` one of tuned schedules.
    """

    model: Path
    framework: str
    platform: Platform | None
    device: str | None
    output: Path
    stem: str
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    framework_version: str | None = None
    verify: bool = True
    is_compared: bool = False
    params: str = "inside"
    trust: bool = False
    bundle_runtime: bool = False
    dump: Path | None = None
    database: Path | None = None


def compile_request(
    model: Path,
    *,
    output: Path,
    framework: str = "ONNX",
    framework_version: str | None = None,
    platform: Platform | None = None,
    device: str | None = None,
    data_input_config: str | Mapping[str, Any] | Sequence[Any] | None = None,
    compiler_options: str | Mapping[str, Any] | None = None,
    mcpu: str | None = None,
    mattr: Sequence[str] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    stem: str | None = None,
    verify: bool = True,
    is_compared: bool = False,
    params: str = "inside",
    trust: bool = False,
    bundle_runtime: bool = False,
    precision: str | None = None,
    dump: Path | None = None,
    database: Path | None = None,
) -> CompileRequest:
    """A request from what the service, a manifest or flags say; flags beat the texts.

    ``data_input_config`` and ``compiler_options`` are JSON or a Python literal, as text or
    as the value itself. Raises RequestError.
    """
    if platform is not None and device is not None:
        raise _refused("Both a device and a platform are given", "Keep one of them.")
    if params not in PARAMS:
        raise _refused(f"params is {params!r}", f"It is one of {', '.join(PARAMS)}.")
    if stem and ("/" in stem or "\0" in stem or len(stem) > _LONGEST_STEM):
        raise _refused(f"The stem {_excerpt(stem)!r} is no file name", "Leave slashes out.")
    options = _options(compiler_options)
    if mcpu is not None:
        options["mcpu"] = mcpu
    if precision is not None:
        options["precision"] = precision
    if mattr is not None:
        options["mattr"] = list(mattr)
    # The service wants the text, and does not read it, where rows come in any number.
    shapes = _shapes(None if framework.upper() in _OF_ROWS else data_input_config)
    shapes.update({name: _shape(name, shape) for name, shape in (inputs or {}).items()})
    return CompileRequest(
        model=Path(model),
        framework=framework.upper(),
        framework_version=framework_version,
        platform=platform,
        device=device,
        options=options,
        inputs=shapes,
        output=Path(output),
        stem=stem or stem_of(Path(model)),
        verify=verify,
        is_compared=is_compared,
        params=params,
        trust=trust,
        bundle_runtime=bundle_runtime,
        dump=dump,
        database=database,
    )


def stem_of(model: Path) -> str:
    """The name a package inherits from its model: ``net.tar.gz`` and ``net.onnx`` give net."""
    for suffix in _SUFFIXES:
        if model.name.lower().endswith(suffix) and len(model.name) > len(suffix):
            return model.name[: -len(suffix)]
    return model.stem or "model"


def _options(given: str | Mapping[str, Any] | None) -> dict[str, Any]:
    value = _literal("CompilerOptions", given) if isinstance(given, str) else given
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _refused(
            f"CompilerOptions is a {type(value).__name__}, not a mapping",
            """Write it as {"mcpu": "skylake-avx512"}.""",
        )
    return {str(name): item for name, item in value.items()}


def _shapes(
    given: str | Mapping[str, Any] | Sequence[Any] | None,
) -> dict[str, tuple[int, ...]]:
    value = _literal("DataInputConfig", given) if isinstance(given, str) else given
    if value is None:
        return {}
    if isinstance(value, Mapping):
        # The Core ML spelling wraps the shape: {"input": {"shape": [1, 3, 224, 224]}}.
        bare = {
            name: item.get("shape", item) if isinstance(item, Mapping) else item
            for name, item in value.items()
        }
        return {str(name): _shape(str(name), shape) for name, shape in bare.items()}
    if isinstance(value, Sequence):
        # PyTorch has no names for inputs; Neo calls them input0, input1, ...
        return {
            f"input{index}": _shape(f"input{index}", shape) for index, shape in enumerate(value)
        }
    raise _refused(
        f"DataInputConfig is a {type(value).__name__}, neither a mapping nor a list of shapes",
        """Write it as {"input": [1, 3, 224, 224]}.""",
    )


def _literal(member: str, text: str) -> Any:
    """JSON, or the Python literal that the service's own examples are written in."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        pass  # then it may be a Python literal
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise _refused(
            f"{member} is neither JSON nor a Python literal: {_excerpt(text)}",
            "Quote names and strings, and close every bracket.",
        ) from error


def _shape(name: str, given: Any) -> tuple[int, ...]:
    is_shape = (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and all(isinstance(size, int) and not isinstance(size, bool) for size in given)
    )
    if isinstance(given, Sequence) and any(".." in str(size) for size in given):
        raise _refused(
            f"Input {name!r} has a range of sizes, and a package is compiled for one shape: "
            f"{_excerpt(repr(given))}",
            "Compile a package for each size.",
        )
    if not is_shape or any(size < 1 for size in given):
        raise _refused(
            f"The shape of input {name!r} is {_excerpt(repr(given))}, "
            "not a list of positive integers",
            "Write it as [1, 3, 224, 224].",
        )
    return tuple(given)


def _excerpt(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason="input", hint=hint)
