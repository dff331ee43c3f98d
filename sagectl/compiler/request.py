"""What is asked of the compiler, as one frozen value."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sagectl.compiler.shapes import excerpt, refused, shape_sets

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
    ``inputs`` fixes shapes by the model's own input names; where the package is to run several
    sets of shapes, ``buckets`` has them all and ``inputs`` the largest. The package becomes
    ``<output>/<stem>-<target suffix>.tar.gz``. ``verify`` compares with the reference where
    the target runs here; without it, forms of operators that no test vouches for are compared
    all the same unless ``is_compared`` says that the caller does so. ``params`` puts the
    weights ``inside`` the library or ``beside`` it, where they are on processors unless asked;
    ``trust`` lets a model run code of its own when it is read, as pickles do;
    ``bundle_runtime`` adds TVM's runtime for the target. ``dump`` is a folder for the module
    after each phase, ``database`` one of tuned schedules.
    """

    model: Path
    framework: str
    platform: Platform | None
    device: str | None
    output: Path
    stem: str
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    buckets: tuple[Mapping[str, tuple[int, ...]], ...] = ()
    framework_version: str | None = None
    verify: bool = True
    is_compared: bool = False
    params: str | None = None
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
    inputs: Mapping[str, Any] | None = None,
    stem: str | None = None,
    verify: bool = True,
    is_compared: bool = False,
    params: str | None = None,
    trust: bool = False,
    bundle_runtime: bool = False,
    precision: str | None = None,
    dump: Path | None = None,
    database: Path | None = None,
) -> CompileRequest:
    """A request from what the service, a manifest or flags say; flags beat the texts.

    ``data_input_config`` and ``compiler_options`` are JSON or a Python literal, as text or
    as the value itself; ``inputs`` has shapes as ``shape_sets`` takes them. Raises
    RequestError.
    """
    if platform is not None and device is not None:
        raise refused("Both a device and a platform are given", "Keep one of them.")
    if params not in (None, *PARAMS):
        raise refused(f"params is {params!r}", f"It is one of {', '.join(PARAMS)}.")
    if stem and ("/" in stem or "\0" in stem or len(stem) > _LONGEST_STEM):
        raise refused(f"The stem {excerpt(stem)!r} is no file name", "Leave slashes out.")
    options = _options(compiler_options)
    if mcpu is not None:
        options["mcpu"] = mcpu
    if precision is not None:
        options["precision"] = precision
    if mattr is not None:
        options["mattr"] = list(mattr)
    # The service wants the text, and does not read it, where rows come in any number.
    shapes = _shapes(None if framework.upper() in _OF_ROWS else data_input_config)
    sets = shape_sets({**shapes, **(inputs or {})})
    return CompileRequest(
        model=Path(model),
        framework=framework.upper(),
        framework_version=framework_version,
        platform=platform,
        device=device,
        options=options,
        inputs=sets[-1],
        buckets=sets if len(sets) > 1 else (),
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
        raise refused(
            f"CompilerOptions is a {type(value).__name__}, not a mapping",
            """Write it as {"mcpu": "skylake-avx512"}.""",
        )
    return {str(name): _recordable(str(name), item) for name, item in value.items()}


def _recordable(name: str, value: Any) -> Any:
    """An option's value, which the package's meta is to hold as JSON; raises RequestError."""
    try:
        json.dumps({name: value}, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise refused(
            f"Compiler option {excerpt(name)!r} has a value that JSON cannot hold",
            "Write a string, a finite number, true, false, null, or lists or mappings of them.",
        ) from error
    return value


def _shapes(given: str | Mapping[str, Any] | Sequence[Any] | None) -> dict[str, Any]:
    """What is said of the shape of each input, as ``shape_sets`` takes it."""
    value = _literal("DataInputConfig", given) if isinstance(given, str) else given
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(name): shape for name, shape in value.items()}
    if isinstance(value, Sequence):
        # PyTorch has no names for inputs; Neo calls them input0, input1, ...
        return {f"input{index}": shape for index, shape in enumerate(value)}
    raise refused(
        f"DataInputConfig is a {type(value).__name__}, neither a mapping nor a list of shapes",
        """Write it as {"input": [1, 3, 224, 224]}.""",
    )


def _literal(member: str, text: str) -> Any:
    """JSON, or the Python literal that the service's own examples are written in."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # then it may be a Python literal
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise refused(
            f"{member} is neither JSON nor a Python literal: {excerpt(text)}",
            "Quote names and strings, and close every bracket.",
        ) from error
