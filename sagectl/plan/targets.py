"""What a reference stands for: the name or the ARN of another resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic
from sagectl.manifest.document import Reference, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.manifest.document import Document
    from sagectl.plan.order import Key


def resolved(
    params: Mapping[str, Any],
    document: Document,
    region: str,
    live: Mapping[Key, Mapping[str, Any] | None],
    needs: Mapping[Key, frozenset[Key]],
) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """``params`` with names and live ARNs for references, and those that lead nowhere.

    The ARN of what is still to be made stays a Reference.
    """
    kind = KINDS[document.kind]
    if not kind.references and not kind.secrets:
        return dict(params), ()
    findings: list[Diagnostic] = []

    def value(field: str, leaf: Reference | Secret) -> Any:
        if isinstance(leaf, Secret):
            return leaf  # its value is nobody's but the call's
        target = (leaf.kind, leaf.name, region)
        there = live.get(target)
        if there is None and target not in needs:
            findings.append(_nowhere(field, leaf, document))
            return leaf
        if not field.endswith("Arn"):
            return leaf.name
        return leaf if there is None else there[KINDS[leaf.kind].arn_field]

    return replaced(params, value), tuple(findings)


def replaced(
    params: Mapping[str, Any], value: Callable[[str, Reference | Secret], Any]
) -> dict[str, Any]:
    """``params`` with ``value(field, leaf)`` in place of every reference and secret."""

    def inner(field: str, item: Any) -> Any:
        if isinstance(item, dict):
            return {name: inner(name, part) for name, part in item.items()}
        if isinstance(item, list):
            return [inner(field, part) for part in item]
        return value(field, item) if isinstance(item, Reference | Secret) else item

    return {name: inner(name, item) for name, item in params.items()}


def _nowhere(field: str, leaf: Reference, document: Document) -> Diagnostic:
    label = f"{leaf.kind.lower()}/{leaf.name}"
    return Diagnostic(
        f"{document.label} refers to {label}, which neither exists nor is in this set",
        f"spec...{field}",
        leaf.span or document.span,
        hint="Add its document, or correct the name.",
        rule="set.reference",
    )
