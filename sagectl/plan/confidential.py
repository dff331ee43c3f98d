"""What a plan makes of fields that cannot be read back: secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.diagnostics import Diagnostic, Severity
from sagectl.manifest.document import Secret
from sagectl.plan.change import FieldChange
from sagectl.plan.order import at
from sagectl.plan.secrets import UnreadableSecretError
from sagectl.plan.targets import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Kind
    from sagectl.manifest.document import Document, Reference
    from sagectl.plan.change import Change
    from sagectl.plan.secrets import Secrets


class Verdict(NamedTuple):
    """Secrets that are to change, those left alone, and what stands in the way."""

    fields: tuple[FieldChange, ...]
    left_alone: tuple[str, ...]
    findings: tuple[Diagnostic, ...]


def judged(
    made: Change, fields: Sequence[FieldChange], secrets: Secrets, *, is_forced: bool
) -> Verdict:
    """The secrets of ``made``, given the differences in its other ``fields``.

    A value unlike the one last applied from here is a change, an equal one is none. One of
    which nothing is known is left alone unless ``is_forced``. A value that cannot be had is an
    error where it would be sent, a warning otherwise.
    """
    changed: list[FieldChange] = []
    left_alone: list[str] = []
    findings: list[Diagnostic] = []
    arn = str(made.live[made.kind.arn_field]) if made.live else ""
    for path, held in set_fields(made.document, made.kind.secrets):
        top = path.partition(".")[0]
        is_sent = made.live is None or any(item.path.startswith(top) for item in fields)
        try:
            value = secrets.value(held, made.region)
        except UnreadableSecretError as error:
            findings.append(_unreadable(made.document, path, held, error, is_error=is_sent))
            continue
        if made.live is None:
            continue
        if is_forced or (secrets.is_known(arn, path) and not secrets.is_same(arn, path, value)):
            changed.append(FieldChange(path, "(before)", "(after)", is_secret=True))
        elif not secrets.is_known(arn, path):
            left_alone.append(path)
    return Verdict(tuple(changed), tuple(left_alone), tuple(findings))


def set_fields(document: Document, paths: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The secret fields that ``document`` sets: dotted path, and a Secret or plain text."""
    for path in paths:
        held = at(document.spec, path)
        if held is not None:
            yield path, held


def with_values(params: Mapping[str, Any], region: str, secrets: Secrets) -> dict[str, Any]:
    """``params`` with the values of secrets in their places, just before a call."""

    def value(_: str, leaf: Reference | Secret) -> Any:
        return secrets.value(leaf, region) if isinstance(leaf, Secret) else leaf

    return replaced(params, value)


def remember(
    params: Mapping[str, Any], kind: Kind, arn: str, region: str, secrets: Secrets
) -> None:
    """Note the secrets that a call with ``params`` has sent, to tell them from later ones."""
    for path in kind.secrets:
        held = at(params, path)
        if held is not None:
            secrets.remember(arn, path, secrets.value(held, region))


def _unreadable(
    document: Document, path: str, held: Any, error: UnreadableSecretError, *, is_error: bool
) -> Diagnostic:
    return Diagnostic(
        f"{document.label}: {error}",
        f"spec.{path}",
        getattr(held, "span", None),
        error.hint,
        "set.secret",
        Severity.ERROR if is_error else Severity.WARNING,
    )
