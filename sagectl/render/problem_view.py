"""A failure in three parts: what is wrong, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.errors import CompileError, FindingsError, SagectlError, ServiceError
from sagectl.render.columns import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sagectl.diagnostics import Diagnostic, SourceSpan
    from sagectl.render.console import Console

# Characters of a source line that an excerpt shows, and how many of them before the column.
_EXCERPT, _BEFORE = 88, 40
_HINT = "  hint: "
# What may stand between a secret field and its value.
_MARKS = " :'\"[]{},"


def problem(error: SagectlError, console: Console) -> str:
    """The text of ``error`` for stderr; JSON when the chosen output is JSON."""
    if console.settings.output in ("json", "jsonl"):
        import json

        indent = 2 if console.settings.output == "json" else None
        return json.dumps({"error": as_dict(error)}, indent=indent, ensure_ascii=False)
    if isinstance(error, FindingsError):
        return findings_text(error.diagnostics, console)
    lines = [f"{console.style_error('error:', 'error')} {_tame(str(error))}"]
    if where := _where(error):
        lines.append(f"  {_tame(where)}")
    if error.hint:
        lines.append(_hint(error.hint, console))
    return "\n".join(lines)


def findings_text(findings: Iterable[Diagnostic], console: Console) -> str:
    """Every finding with its excerpt, in the order of the files, and how many there are."""
    ordered = in_file_order(findings)
    blocks = [finding_text(finding, console) for finding in ordered]
    if len(ordered) > 1:
        blocks.append(f"{tally(ordered)}.")
    return "\n".join(blocks)


def finding_text(finding: Diagnostic, console: Console) -> str:
    """One finding with its excerpt."""
    word = finding.severity.value
    # Summaries go on from their field ("is required"): it is named, unless they name it.
    field = finding.path.rpartition(".")[2]
    subject = f"{field}: " if field and f"'{field}'" not in finding.summary else ""
    lines = [f"{console.style_error(f'{word}:', word)} {_tame(subject + finding.summary)}"]
    where = "  ".join(part for part in (str(finding.span or ""), finding.path) if part)
    if where:
        lines.append(f"  {_tame(where)}")
    if finding.span:
        lines += _excerpt(finding.span, console)
    if finding.hint:
        lines.append(_hint(finding.hint, console))
    if finding.rule and console.settings.verbose:
        lines.append(f"  rule {finding.rule}")
    return "\n".join(lines)


def in_file_order(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Errors before warnings, each as they come in the files."""

    def place(finding: Diagnostic) -> tuple[bool, str, int, int]:
        span = finding.span
        at = (span.file, span.line, span.column) if span else ("", 0, 0)
        return (not finding.is_error, *at)

    return sorted(findings, key=place)


def tally(findings: Sequence[Diagnostic]) -> str:
    """``2 errors and 1 warning``."""
    errors = sum(finding.is_error for finding in findings)
    counts = ((errors, "error"), (len(findings) - errors, "warning"))
    return " and ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n)


def as_dict(error: SagectlError) -> dict[str, Any]:
    """What a program needs to know about ``error``."""
    known: dict[str, Any] = {
        "type": _public_type(error),
        "message": error.message,
        "exit_code": error.exit_code,
        "hint": error.hint,
    }
    if isinstance(error, ServiceError):
        known["code"] = error.code
        known["operation"] = error.operation
        known["request_id"] = error.request_id
    if isinstance(error, CompileError):
        known |= {"stage": error.stage, "reason": error.reason, "details": error.details}
    if isinstance(error, FindingsError):
        known["findings"] = [finding_dict(item) for item in in_file_order(error.diagnostics)]
    return {key: value for key, value in known.items() if value is not None}


def _public_type(error: SagectlError) -> str:
    """The name of its class, or of the nearest one that stands in ``sagectl.errors``."""
    kinds = type(error).__mro__
    return next(kind.__name__ for kind in kinds if kind.__module__ == SagectlError.__module__)


def finding_dict(finding: Diagnostic) -> dict[str, Any]:
    """One finding, with what is not known left out."""
    span = finding.span
    known = {
        "severity": finding.severity.value,
        "summary": finding.summary,
        "file": span and span.file,
        "line": span and span.line,
        "column": span and span.column,
        "path": finding.path,
        "hint": finding.hint,
        "rule": finding.rule,
    }
    return {key: value for key, value in known.items() if value}


def _where(error: SagectlError) -> str:
    if isinstance(error, ServiceError):
        request = error.request_id and f"request {error.request_id}"
        return ", ".join(part for part in (error.operation, request) if part)
    if isinstance(error, CompileError):
        return f"stage {error.stage}"
    return ""


def _hint(hint: str, console: Console) -> str:
    """The line of a hint; on a terminal one that is too long is folded at words."""
    said = _tame(hint)
    is_long = len(said) + len(_HINT) > console.width and "\n" not in said
    if console.is_error_terminal and is_long:
        from textwrap import fill

        said = fill(
            said,
            console.width,
            initial_indent=_HINT,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        ).removeprefix(_HINT)
    return f"  {console.style_error('hint:', 'hint')} {said}"


def _tame(said: str) -> str:
    """``said`` with whatever could steer a terminal spelled out; its lines stay lines."""
    return "\n".join(map(text, said.split("\n")))


def _excerpt(span: SourceSpan, console: Console) -> Iterator[str]:
    """The line that ``span`` points at with a caret below; nothing if it cannot be read."""
    line = _line(span)
    if line is None:
        return
    line = _discreet(line)
    start = max(0, span.column - 1 - _BEFORE)
    letters = line[start : start + _EXCERPT]
    # One for one, so that the caret stays below its letter.
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in letters
    )
    number = str(span.line)
    caret = " " * (span.column - 1 - start) + "^"
    yield f"  {console.style_error(f'{number} |', 'dim')} {shown}"
    bar = f"{' ' * len(number)} |"
    yield f"  {console.style_error(bar, 'dim')} {console.style_error(caret, 'error')}"


def _discreet(line: str) -> str:
    """``line`` without what it says after the name of a field that holds a secret."""
    for kind in KINDS.values():
        for path in kind.secrets:
            field = path.rpartition(".")[2]
            before, name, after = line.partition(field)
            if _is_elsewhere(after):
                continue
            line = (
                before + name + "".join(letter if letter in _MARKS else "*" for letter in after)
            )
    return line


def _is_elsewhere(said: str) -> bool:
    """Whether what follows a field's name only tells where its secret is kept."""
    import re

    return bool(re.fullmatch(r"""["']?: *\{(?:env: *\w+|file: *[\w./-]+)\} *""", said))


def _line(span: SourceSpan) -> str | None:
    from itertools import islice
    from pathlib import Path

    path = Path(span.file)
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            found = next(islice(lines, span.line - 1, None), None)
    except OSError:
        # The finding stands without its excerpt.
        return None
    return None if found is None else found.rstrip("\n").replace("\t", " ")
