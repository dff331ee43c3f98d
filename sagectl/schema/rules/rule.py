"""A rule, and what it says when a request breaks it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


# Named tuples, which take an eighth of a data class's time to define: this module is imported
# by every command that makes or changes something.
class Breach(NamedTuple):
    """One place where a request breaks a rule."""

    path: str
    summary: str
    hint: str | None = None
    severity: Severity | None = None  # where it differs from the rule's own


class Rule(NamedTuple):
    """``id`` is stable; ``sentence`` states the rule; ``source`` says who says so.

    ``is_lenient`` rules rest on lists that the service may have lengthened since: against it
    they warn.
    """

    id: str
    sentence: str
    source: str
    check: Callable[[Mapping[str, Any]], Iterable[Breach]]
    severity: Severity = Severity.ERROR
    is_lenient: bool = False


def given(params: Any, path: str) -> Any:
    """What stands at ``A.B.C`` below ``params``, or None."""
    try:
        for name in _steps(path):
            params = params[name]
    except (KeyError, TypeError):  # absent, or something else where a mapping should be
        return None
    return params


@cache  # rules ask for the same few dozen paths of every request
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def text(params: Any, path: str) -> str | None:
    """The text at ``path``; None for what is absent, INVALID, or a form resolved later."""
    found = given(params, path)
    return found if isinstance(found, str) else None


def number(params: Any, path: str) -> int | None:
    found = given(params, path)
    return found if isinstance(found, int) else None


def listed(params: Any, path: str) -> list[Any]:
    """The list at ``path``, empty if there is none."""
    found = given(params, path)
    return found if isinstance(found, list) else []
