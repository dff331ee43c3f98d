"""The compiler as the control plane's jobs know it."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sagectl.controlplane.lifecycle import CompilationResult, CompilationTask


class _Stages:
    """A compilation's observer that tells a job which stage it is at."""

    def __init__(self, on_stage: Callable[[str], None]) -> None:
        self._on_stage = on_stage

    def stage(self, name: str) -> AbstractContextManager[object]:
        self._on_stage(name)
        return nullcontext()

    def warn(self, message: str) -> None:
        sys.stderr.write(f"warning: {message}\n")  # a job's stderr is its log


def compile_task(task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """The compiler as the control plane's jobs know it. Raises CompileError."""
    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import Platform, compile_request
    from sagectl.controlplane.lifecycle import CompilationResult

    given = task.target_platform
    platform = given and Platform(given["Os"], given["Arch"], given.get("Accelerator"))
    request = compile_request(
        task.model,
        output=task.output,
        framework=task.framework,
        framework_version=task.framework_version,
        platform=platform or None,
        device=task.target_device,
        data_input_config=task.data_input_config,
        compiler_options=task.compiler_options,
        stem=task.stem,
    )
    package = compile_model(request, _Stages(on_stage))
    inputs = {row["name"]: row["shape"] for row in package.meta["Model"]["Inputs"]}
    return CompilationResult(
        package.path,
        package.digest,
        data_input_config=None if task.data_input_config else json.dumps(inputs),
    )
