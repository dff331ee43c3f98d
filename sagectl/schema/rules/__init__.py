"""What the shapes cannot say: rules over whole requests, one module per kind."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.schema.rules.rule import Rule

# Operation -> the module whose RULES hold those of its requests.
RULES: Mapping[str, str] = MappingProxyType(
    {
        "CreateWorkforce": "workforce",
        "UpdateWorkforce": "workforce",
        "CreateWorkteam": "workteam",
        "UpdateWorkteam": "workteam",
        "CreateCompilationJob": "compilation",
        "CreateLabelingJob": "labeling",
        "AddTags": "tags",
    }
)


@cache
def rules_of(operation: str) -> tuple[Rule, ...]:
    """The rules that requests of ``operation`` must keep; their module is imported here."""
    if operation not in RULES:
        return ()
    module = import_module(f"{__name__}.{RULES[operation]}")
    rules: tuple[Rule, ...] = module.RULES[operation]
    return rules


def broken_rules(
    operation: str, params: Mapping[str, Any], *, lenient: bool = False
) -> Iterator[Diagnostic]:
    """A finding for every rule that ``params`` breaks, wherever it breaks it.

    ``params`` has been through the shapes: what is there has the right type or is INVALID.
    """
    for rule in rules_of(operation):
        weight = rule.severity
        if lenient and rule.is_lenient:
            weight = Severity.WARNING
        for breach in rule.check(params):
            yield Diagnostic(
                breach.summary,
                breach.path,
                None,
                breach.hint,
                rule.id,
                breach.severity or weight,
            )
