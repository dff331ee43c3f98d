"""One model compiled for many targets: side by side, and nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import model_digest
from sagectl.compiler.packaging import require_folder
from sagectl.errors import InputError, SagectlError
from sagectl.runtime.package import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.compiler.cells import Cell
    from sagectl.compiler.request import CompileRequest

    # Target -> what to compile for it, and its place in the cache.
    Waiting = Mapping[str, tuple[CompileRequest, Path]]
    Spread = Callable[[Waiting, Callable[["Outcome"], None]], None]

# What a compilation takes beside its model, and how often it holds the model.
_BASE_BYTES = 500 << 20
_MODEL_COPIES = 8
# How long a compilation may outlive the process that wanted it.
_WATCH_SECONDS = 1.0


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


def compile_matrix(
    request: CompileRequest,
    targets: Sequence[Cell],
    *,
    cache: Path,
    workers: int | None = None,
    spread: Spread | None = None,
    report: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Compile ``request``'s model for each of ``targets``, as many at a time as memory allows.

    What was compiled before, of the same bytes by the same compiler, is taken from ``cache``;
    so a run that was cut short goes on where it was. A target that fails stops no other.
    ``spread`` compiles elsewhere (``sagectl.compiler.farm``) what is not in the cache.
    """
    require_folder(request.output)
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
    if waiting and spread:
        spread(waiting, settle)
    elif waiting:
        _pooled(waiting, settle, min(workers or affordable(request.model), len(waiting)))
    return [outcomes[cell.name] for cell in targets]


def _pooled(waiting: Waiting, settle: Callable[[Outcome], None], count: int) -> None:
    """Compile in ``count`` processes of this machine."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(
        count,
        mp_context=get_context("spawn"),
        initializer=end_with,
        initargs=(os.getpid(),),
    ) as pool:
        running = {
            pool.submit(built, name, asked, place): name
            for name, (asked, place) in waiting.items()
        }
        for future in as_completed(running):
            try:
                settle(future.result())
            except BrokenProcessPool:
                reason = "its process, or one beside it, was ended; run this again"
                settle(Outcome(running[future], "failed", reason=reason))


def end_with(parent: int) -> None:
    """Have this process end soon after ``parent``: a killed one cannot end its pool."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def affordable(model: Path) -> int:
    """How many compilations of a model this machine has processors and memory for."""
    needed = _BASE_BYTES + _MODEL_COPIES * (model.stat().st_size if model.is_file() else 0)
    return max(1, min(len(os.sched_getaffinity(0)), _available_bytes() // needed))


def _key(model: str, asked: CompileRequest) -> str:
    """What a package follows from, as one digest."""
    from importlib.metadata import version

    from sagectl import __version__

    facts = {
        "model": model,
        "framework": [asked.framework, asked.framework_version],
        "target": [str(asked.platform), asked.device, dict(asked.options)],
        "inputs": {name: list(shape) for name, shape in asked.inputs.items()},
        "buckets": [
            {name: list(shape) for name, shape in shapes.items()} for shapes in asked.buckets
        ],
        "name": asked.stem,
        "verify": asked.verify,
        "params": [asked.params, asked.bundle_runtime],
        "version": [__version__, version("apache-tvm"), compiler_digest()],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def compiler_digest() -> str:
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
    """The outcome of an earlier run, its package put where it is asked for.

    None where there is none, or its package is no longer what was kept.
    """
    try:
        row = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
        outcome = Outcome(
            cell.name,
            "cached",
            package=row["Package"],
            digest=row["Digest"],
            size_bytes=row["SizeBytes"],
            seconds=row["Seconds"],
            proof=row["Proof"],
        )
        if f"sha256:{digest(place / row['Package'])}" != outcome.digest:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _placed(outcome, place, asked.output)


def _placed(outcome: Outcome, place: Path, folder: Path) -> Outcome:
    """The outcome with its package put into ``folder``, or of a failure to put it there."""
    name = str(outcome.package)
    path, temporary = folder / name, folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place / name, temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        return _unwritten(outcome.name, path, error)
    return replace(outcome, package=str(path))


def _unwritten(name: str, path: Path, error: OSError) -> Outcome:
    reason = f"{path} cannot be written: {error.strerror or error}"
    return Outcome(name, "failed", reason=reason)


def built(name: str, asked: CompileRequest, place: Path) -> Outcome:
    """Compile in a process of the pool; the package goes into the cache, then where asked."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent) as folder:
            outcome = compiled(name, replace(asked, output=Path(folder)))
            return kept_now(outcome, Path(folder), place, asked.output)
    except OSError as error:
        return _unwritten(name, place, error)


def compiled(name: str, asked: CompileRequest) -> Outcome:
    """Compile for one target; the package lies in ``asked.output`` under the name told."""
    from sagectl.compiler.api import compile_model

    began = time.perf_counter()
    try:
        package = compile_model(asked)
    except RequestError as error:
        return Outcome(name, "refused", reason=_said(error))
    except SagectlError as error:
        return Outcome(name, "failed", reason=_said(error))
    return Outcome(
        name,
        "built",
        package=package.path.name,
        digest=package.digest,
        size_bytes=package.path.stat().st_size,
        seconds=round(time.perf_counter() - began, 2),
        proof=_proof(package.meta["Sagectl"]["Verification"]),
    )


def kept_now(outcome: Outcome, folder: Path, place: Path, output: Path) -> Outcome:
    """Move the package of an outcome from ``folder`` into the cache, then where it is asked."""
    if outcome.package is None:
        return outcome
    place.mkdir(exist_ok=True)
    (folder / outcome.package).replace(place / outcome.package)
    # Written last: a package without it is not taken for one that was finished.
    (place / "outcome.json").write_text(json.dumps(outcome.as_dict()), encoding="utf-8")
    return _placed(outcome, place, output)


def _proof(found: Mapping[str, Any]) -> str:
    if found["Result"] == "passed":
        return f"equal to {found['Reference']}"
    return str(found.get("Kernels") or f"not run: {found['Reason']}")


def _said(error: SagectlError) -> str:
    message = error.message.splitlines()[0]
    return f"{message.removesuffix('.')}. {error.hint}" if error.hint else message


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _BASE_BYTES
