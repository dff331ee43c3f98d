"""The compilation of a model, one line per stage."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sagectl.compiler.archive import packed
from sagectl.compiler.bucketing import bucketed
from sagectl.compiler.bundling import bundle_runtime, require_runtime
from sagectl.compiler.codegen import generated
from sagectl.compiler.dump import Dump
from sagectl.compiler.failures import TVM_STAGES, condensed, stored
from sagectl.compiler.frontends import frontend
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.importing import import_tvm
from sagectl.compiler.kernels import require_tools
from sagectl.compiler.linkers import chosen_linker
from sagectl.compiler.observer import SILENT
from sagectl.compiler.operators import work
from sagectl.compiler.packaging import (
    Package,
    described_model,
    require_folder,
    write_folder,
)
from sagectl.compiler.parameters import detached, is_beside
from sagectl.compiler.passes.nests.elementary import faithful
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import resolve
from sagectl.compiler.tuning import read_database
from sagectl.compiler.verify import verified
from sagectl.compiler.workplace import workplace
from sagectl.runtime.package import LIBRARY, PARAMETERS, digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.observer import Observer
    from sagectl.compiler.request import CompileRequest


def compile_model(request: CompileRequest, observer: Observer = SILENT) -> Package:
    """The package of a model for a target, proven equal to its reference where that runs here.

    The same request gives the same bytes. Raises RequestError for what cannot be asked, and
    CompileError, with stage and reason, for what cannot be done.
    """
    if request.buckets:
        return bucketed(request, partial(compile_model, observer=observer))
    import_tvm()
    reader = frontend(request.framework)
    target = resolve(request.platform, request.device, request.options)
    if request.bundle_runtime:
        require_runtime(target)
    linker = chosen_linker(target)
    require_tools(target)
    require_folder(request.output)
    dump = Dump(request.dump)
    tuned = read_database(request.database, target) if request.database else None
    seconds: dict[str, float] = {}
    with _workplace(request) as (model, objects, folder):
        request = replace(request, model=model)
        with _stage("import", observer, seconds), faithful(target.is_exact):
            imported = reader.load(request)
            dump.module("imported", imported.module)
        for warning in (*target.warnings, *imported.warnings):
            observer.warn(warning)
        with _stage("optimize", observer, seconds):
            module = optimized(imported.module, target, seen=dump.module)
            facts = work(module)
        with _stage("schedule", observer, seconds):
            module = scheduled(module, target, first=tuned, note=dump.decided)
            dump.module("scheduled", module)
            dump.rules()
        with _stage("generate", observer, seconds):
            if is_beside(request, target):
                module = detached(module, folder / PARAMETERS)
            files = generated(module, target, objects, seen=dump.sources)
        with _stage("link", observer, seconds):
            linker.link(files, library := objects / LIBRARY, target)
            library.rename(folder / LIBRARY)
            if request.bundle_runtime:
                bundle_runtime(target, folder)
        with _stage("verify", observer, seconds):
            meta = described_model(imported, request, target, folder, facts)
            meta, comparison = verified(folder, meta, imported, request, target)
        for remark in comparison.remarks if comparison else ():
            observer.warn(remark)
        with _stage("package", observer, seconds):
            write_folder(folder, meta)
            path = packed(folder, request.output, f"{request.stem}-{target.suffix}.tar.gz")
    return Package(path, f"sha256:{digest(path)}", meta, comparison, seconds)


@contextmanager
def _workplace(request: CompileRequest) -> Iterator[tuple[Path, Path, Path]]:
    """The model's file, a folder for objects, and a folder that becomes the package."""
    with ExitStack() as stack:
        model = stack.enter_context(model_file(request.model, request.framework))
        place = stack.enter_context(workplace("compile"))
        for name in ("objects", "package"):
            (place / name).mkdir()
        yield model, place / "objects", place / "package"


@contextmanager
def _stage(name: str, observer: Observer, seconds: dict[str, float]) -> Iterator[None]:
    began = time.perf_counter()
    within = condensed(name) if name in TVM_STAGES else nullcontext()
    with observer.stage(name), stored(name), within:
        yield
    seconds[name] = time.perf_counter() - began
