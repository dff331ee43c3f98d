"""Findings about input, carried as values so that all of them can be reported at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How much a finding weighs: an error stops, a warning is said."""

    ERROR = "error"
    WARNING = "warning"


class SourceSpan(NamedTuple):
    """A place in a file as its author named it; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, and what to do.

    ``path`` is the field in the service's spelling (``spec.OutputConfig.TargetPlatform.Os``),
    ``rule`` the stable identifier of the check that found it (``compile.nvidia-options``).
    """

    summary: str
    path: str = ""
    span: SourceSpan | None = None
    hint: str | None = None
    rule: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        where = "  ".join(part for part in (str(self.span or ""), self.path) if part)
        return f"{where}: {self.summary}" if where else self.summary
