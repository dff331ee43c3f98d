"""One pass over one value: where its findings and their places are gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sagectl.diagnostics import Diagnostic, Severity
from sagectl.manifest.wording import shown

if TYPE_CHECKING:
    from sagectl.manifest.nodes import Mark
    from sagectl.manifest.spans import Spans
    from sagectl.schema.forms import Forms


class Invalid:
    """Stands where a value of the wrong type was, so that its field still counts as given."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = Invalid()

# What an installed model may be too old to judge; botocore leaves these to the service.
LENIENT = frozenset(("schema.max", "schema.pattern", "schema.enum"))


class Walk:
    """Findings as they are met; ``spans`` is None for values that come from no file."""

    __slots__ = ("findings", "forms", "is_lenient", "keys_at", "spans", "values_at")

    def __init__(
        self, forms: Forms, spans: Spans | None = None, *, is_lenient: bool = False
    ) -> None:
        self.findings: list[Diagnostic] = []
        self.forms = forms
        self.spans = spans
        self.is_lenient = is_lenient
        self.keys_at: dict[str, Mark] = {} if spans is None else spans.keys_at
        self.values_at: dict[str, Mark] = {} if spans is None else spans.values_at

    def add(
        self,
        rule: str,
        path: str,
        summary: str,
        mark: Mark | None = None,
        hint: str | None = None,
    ) -> None:
        is_warning = self.is_lenient and rule in LENIENT
        severity = Severity.WARNING if is_warning else Severity.ERROR
        span = self.spans.at(mark) if self.spans is not None and mark is not None else None
        self.findings.append(Diagnostic(summary, path, span, hint, rule, severity))

    def add_missing(self, path: str, parent: str, hint: str | None = None) -> None:
        """``path`` is required and absent: said at the key of the mapping that lacks it."""
        mark = self.keys_at.get(parent, self.spans.start) if self.spans is not None else None
        self.add("schema.required", path, "is required, and missing", mark, hint)

    def mistyped(
        self,
        path: str,
        expected: str,
        found: Any,
        mark: Mark | None = None,
        hint: str | None = None,
    ) -> Invalid:
        """``found`` (None for a null) is of the wrong type; gives what takes its place."""
        if found is None:
            empty = "Give it a value, or leave the field out."
            self.add("schema.null", path, "has no value", mark, hint or empty)
        else:
            said = f"must be {expected}, not {shown(found)}"
            self.add("schema.type", path, said, mark, hint)
        return INVALID
