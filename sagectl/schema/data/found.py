"""Findings about one file, with a limit on how many of a kind are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.diagnostics import Diagnostic, Severity, SourceSpan

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLD = 10


class Found:
    """Gathers findings about the file called ``name``; beyond TOLD of a rule it counts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._told: list[Diagnostic] = []
        self._counts: dict[str, int] = {}

    def add(
        self,
        rule: str,
        summary: str,
        line: int = 1,
        column: int = 1,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        count = self._counts[rule] = self._counts.get(rule, 0) + 1
        if count <= TOLD:
            span = SourceSpan(self.name, line, column)
            self._told.append(Diagnostic(summary, "", span, hint, rule, severity))

    def warn(self, rule: str, summary: str, line: int = 1, column: int = 1) -> None:
        self.add(rule, summary, line, column, severity=Severity.WARNING)

    def all(self) -> tuple[Diagnostic, ...]:
        """What was found, in the order of lines, and what was left out of it."""
        return (*self._told, *self._rest())

    def _rest(self) -> Iterator[Diagnostic]:
        last = {finding.rule: finding for finding in self._told}
        for rule, count in self._counts.items():
            if count > TOLD:
                said = f"and {count - TOLD} more lines like the {TOLD} above ({rule})"
                yield Diagnostic(said, "", last[rule].span, None, rule, last[rule].severity)
