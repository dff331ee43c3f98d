"""One model compiled for many targets: side by side, and nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import model_digest
from sagectl.compiler.request import CompileRequest, Platform
from sagectl.errors import InputError, SagectlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# What a compilation takes beside its model, and how often it holds the model.
_BASE_BYTES = 500 << 20
_MODEL_COPIES = 8
# Where no GPU is named, one that many have: the T4 of ml_g4dn, the Jetson AGX Xavier.
_GPUS = {"X86_64": "sm_75", "ARM64": "sm_72"}
_LEGEND = (
    "Name platforms as LINUX_ARM64, devices as ml_c5, with compiler options behind: "
    """LINUX_ARM64_NVIDIA {"gpu-code": "sm_87"}; or all, cpus, devices."""
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One target of a matrix."""

    name: str
    platform: Platform | None
    device: str | None
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target; ``seconds`` is what compiling it took."""

    name: str
    status: str
    package: str | None = None
    digest: str | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    proof: str | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "Target": self.name,
            "Status": self.status,
            "Package": self.package,
            "Digest": self.digest,
            "SizeBytes": self.size_bytes,
            "Seconds": self.seconds,
            "Proof": self.proof,
            "Reason": self.reason,
        }


def cells(asked: Sequence[str]) -> tuple[Cell, ...]:
    """The targets that words or the lines of a file name, each once.

    Raises InputError for what is no target.
    """
    lines = [line for word in asked for line in _lines(word)]
    found = {cell.name: cell for line in lines for cell in _cells(line)}
    if not found:
        raise InputError("no targets are named", hint=_LEGEND)
    return tuple(found.values())


def compile_matrix(
    request: CompileRequest,
    targets: Sequence[Cell],
    *,
    cache: Path,
    workers: int | None = None,
    report: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Compile ``request``'s model for each of ``targets``, as many at a time as memory allows.

    What was compiled before, of the same bytes by the same compiler, is taken from ``cache``;
    so a run that was cut short goes on where it was. A target that fails stops no other.
    """
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    outcomes: dict[str, Outcome] = {}

    def settle(outcome: Outcome) -> None:
        outcomes[outcome.name] = outcome
        report(outcome)

    model = _model_digest(request.model)
    waiting = {}
    for cell in targets:
        asked = replace(
            request, platform=cell.platform, device=cell.device, options=cell.options
        )
        place = cache / "packages" / _key(model, asked)
        if (kept := _kept(cell, asked, place)) is not None:
            settle(kept)
        else:
            waiting[cell.name] = (asked, place)
    if waiting:
        count = min(workers or affordable(request.model), len(waiting))
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
            running = {
                pool.submit(_built, name, asked, place): name
                for name, (asked, place) in waiting.items()
            }
            for future in as_completed(running):
                try:
                    settle(future.result())
                except BrokenProcessPool:
                    reason = "its process, or one beside it, was ended; run this again"
                    settle(Outcome(running[future], "failed", reason=reason))
    return [outcomes[cell.name] for cell in targets]


def affordable(model: Path) -> int:
    """How many compilations of a model this machine has processors and memory for."""
    needed = _BASE_BYTES + _MODEL_COPIES * (model.stat().st_size if model.is_file() else 0)
    return max(1, min(len(os.sched_getaffinity(0)), _available_bytes() // needed))


def _lines(word: str) -> Iterator[str]:
    path = Path(word)
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        yield from (line.partition("#")[0].strip() for line in text.splitlines())
    else:
        yield from ([word] if "{" in word else word.split(","))


def _cells(line: str) -> Iterator[Cell]:
    from sagectl.compiler.targets.rows import rows

    line = line.strip()
    if not line:
        return
    served = [row for row in rows() if row["Status"] == "served"]
    chosen = {
        "all": lambda row: row["Device"] is None,
        "cpus": lambda row: row["Device"] is None and row["Accelerator"] is None,
        "devices": lambda row: row["Device"] is not None,
    }.get(line)
    if chosen is None:
        name, _, options = line.partition(" ")
        yield _cell(name, _options(line, options))
        return
    for row in served:
        if chosen(row):
            parts = (row["Os"], row["Arch"], row["Accelerator"])
            yield _cell(row["Device"] or str(Platform(*parts)), {})


def _options(line: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise InputError(
            f"the options in {line!r} are not JSON: {error}", hint=_LEGEND
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"the options in {line!r} are not a mapping", hint=_LEGEND)
    return found


def _cell(name: str, options: dict[str, Any]) -> Cell:
    from sagectl.compiler.targets.table import ACCELERATORS, ARCHES, DEVICES, OSES

    if name in DEVICES:
        return Cell(name, None, name, options)
    for os_name in OSES:
        for arch in ARCHES:
            for accelerator in (None, *ACCELERATORS):
                platform = Platform(os_name, arch, accelerator)
                if str(platform) == name:
                    if accelerator == "NVIDIA" and arch in _GPUS:
                        options = {"gpu-code": _GPUS[arch], **options}
                    return Cell(name, platform, None, options)
    raise InputError(f"{name!r} is no target", hint=_LEGEND)


def _key(model: str, asked: CompileRequest) -> str:
    """What a package follows from, as one digest."""
    from importlib.metadata import version

    from sagectl import __version__

    facts = {
        "model": model,
        "framework": [asked.framework, asked.framework_version],
        "target": [str(asked.platform), asked.device, dict(asked.options)],
        "inputs": {name: list(shape) for name, shape in asked.inputs.items()},
        "name": asked.stem,
        "verify": asked.verify,
        "version": [__version__, version("apache-tvm"), _compiler_digest()],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _compiler_digest() -> str:
    """The compiler's own sources: another version of one may make other code."""
    folder = Path(__file__).parent
    hasher = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        hasher.update(path.read_bytes())
    return hasher.hexdigest()


def _model_digest(model: Path) -> str:
    try:
        return model_digest(model)
    except OSError as error:
        raise InputError(
            f"{model}: {error.strerror or error}", hint="Check the path."
        ) from error


def _kept(cell: Cell, asked: CompileRequest, place: Path) -> Outcome | None:
    """The outcome of an earlier run, its package put where it is asked for."""
    try:
        row = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
        path = _placed(place / row["Package"], asked.output)
    except (OSError, ValueError, KeyError):
        return None
    return Outcome(
        cell.name,
        "cached",
        package=str(path),
        digest=row["Digest"],
        size_bytes=row["SizeBytes"],
        seconds=row["Seconds"],
        proof=row["Proof"],
    )


def _placed(package: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{package.name}.{os.getpid()}"
    shutil.copyfile(package, temporary)
    return temporary.replace(folder / package.name)


def _built(name: str, asked: CompileRequest, place: Path) -> Outcome:
    """Compile in a process of the pool; the package goes into the cache, then where asked."""
    from sagectl.compiler.api import compile_model

    began = time.perf_counter()
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=place.parent) as folder:
            package = compile_model(replace(asked, output=Path(folder)))
            outcome = Outcome(
                name,
                "built",
                package=package.path.name,
                digest=package.digest,
                size_bytes=package.path.stat().st_size,
                seconds=round(time.perf_counter() - began, 2),
                proof=_proof(package.meta["Sagectl"]["Verification"]),
            )
            place.mkdir(exist_ok=True)
            package.path.replace(place / package.path.name)
    except RequestError as error:
        return Outcome(name, "refused", reason=_said(error))
    except SagectlError as error:
        return Outcome(name, "failed", reason=_said(error))
    # Written last: a package without it is not taken for one that was finished.
    (place / "outcome.json").write_text(json.dumps(outcome.as_dict()), encoding="utf-8")
    return replace(outcome, package=str(_placed(place / package.path.name, asked.output)))


def _proof(found: Mapping[str, Any]) -> str:
    if found["Result"] == "passed":
        return f"equal to {found['Reference']}"
    return str(found.get("Kernels") or f"not run: {found['Reason']}")


def _said(error: SagectlError) -> str:
    return " ".join(filter(None, (error.message.splitlines()[0], error.hint)))


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _BASE_BYTES
