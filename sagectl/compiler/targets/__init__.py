"""The machines that code can be generated for."""

from __future__ import annotations

from sagectl.compiler.targets.resolve import host_platform, resolve
from sagectl.compiler.targets.rows import rows
from sagectl.compiler.targets.target import Target
from sagectl.compiler.targets.tvm_target import tvm_target

__all__ = ["Target", "host_platform", "resolve", "rows", "tvm_target"]
