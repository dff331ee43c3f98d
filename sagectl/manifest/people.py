"""The people of a workforce, from CSV or YAML, each knowing where they are written."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from sagectl.diagnostics import Diagnostic, SourceSpan
from sagectl.manifest.sources import Source, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER = ("email", "name", "groups")
SEPARATOR = ";"
MAX_GROUP_LENGTH = 128  # API reference of Amazon Cognito, CreateGroup
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
_PERSON = "[{email: ann@example.com, name: Ann, groups: [doctors]}]"
_PEOPLE, _WORKERS = f"Such as: people: {_PERSON}", f"Such as: workers: {_PERSON}"
_MAX_EMAIL, _MAX_LOCAL = 254, 64  # RFC 5321, section 4.5.3.1, as corrected


class Worker(NamedTuple):
    """Somebody who labels; ``email`` is lower-cased and the key, ``groups`` are sorted."""

    email: str
    name: str
    groups: tuple[str, ...]
    span: SourceSpan | None = None

    def as_dict(self) -> dict[str, Any]:
        """The person as a file would have them."""
        known = {"email": self.email, "name": self.name, "groups": list(self.groups)}
        return {key: value for key, value in known.items() if value}


def email_problem(email: str) -> str | None:
    """What keeps ``email`` from being an e-mail address, if anything does."""
    if not _EMAIL.fullmatch(email) or len(email) > _MAX_EMAIL:
        return "is not an e-mail address"
    return "has too long a name before the @" if email.index("@") > _MAX_LOCAL else None


def group_problem(group: str) -> str | None:
    """What keeps ``group`` from being the name of a group, if anything does."""
    if not group or len(group.split()) != 1 or not group.isprintable():
        return "is not the name of a group, which has no spaces"
    return "is longer than 128 characters" if len(group) > MAX_GROUP_LENGTH else None


def read_people(
    file: str, *, stdin: IO[str] | IO[bytes] | None = None
) -> tuple[tuple[Worker, ...], tuple[Diagnostic, ...]]:
    """Everybody in ``file`` ('-' is stdin), and all that is wrong with it.

    What starts with ``people:`` or ``{`` is YAML, all else CSV with a header.
    """
    found = source(file, stdin=stdin)
    if not isinstance(found, Source):
        return (), (found,)
    is_yaml = file.endswith((".yaml", ".yml")) or re.match(
        r"(?:\s|#.*\n|---)*(?:people\s*:|\{)", found.text
    )
    return _sorted_out(_of_yaml(found) if is_yaml else _of_csv(found))


def workers_of(file: str, node: Any) -> tuple[tuple[Worker, ...], tuple[Diagnostic, ...]]:
    """The ``workers`` of a work team's document, and all that is wrong with them.

    Each is an e-mail address, or a mapping as in a file of people.
    """
    if node.id != "sequence":
        said = "is not a list of people"
        return (), (_finding(file, node, said, "people.shape", _WORKERS),)
    items: list[Worker | Diagnostic] = []
    for item in node.value:
        if item.id == "scalar":
            items.append(_worker(item.value, "", (), _span(file, item)))
        else:
            items += _of_node(file, item, _WORKERS)
    return _sorted_out(items)


def _sorted_out(
    items: Iterable[Worker | Diagnostic],
) -> tuple[tuple[Worker, ...], tuple[Diagnostic, ...]]:
    """Everybody once, checked, and the findings."""
    found: dict[str, Worker] = {}
    findings: list[Diagnostic] = []
    for item in items:
        if isinstance(item, Diagnostic):
            findings.append(item)
            continue
        worker, problems = _checked(item)
        findings += problems
        if first := found.get(worker.email):
            said = f"the same person as in line {first.span.line if first.span else '?'}"
            findings.append(Diagnostic(said, "email", worker.span, rule="people.twice"))
        found.setdefault(worker.email, worker)
    return tuple(found.values()), tuple(findings)


def _checked(worker: Worker) -> tuple[Worker, list[Diagnostic]]:
    findings = []
    if problem := email_problem(worker.email):
        said = f"{worker.email!r} {problem}"
        findings.append(Diagnostic(said, "email", worker.span, rule="people.email"))
    for group in worker.groups:
        if problem := group_problem(group):
            said = f"{group!r} {problem}"
            findings.append(Diagnostic(said, "groups", worker.span, rule="people.group"))
    return _worker(worker.email, worker.name, worker.groups, worker.span), findings


def _worker(email: str, name: str, groups: Iterable[str], span: SourceSpan | None) -> Worker:
    unique = sorted({group.strip() for group in groups} - {""})
    return Worker(email.strip().lower(), name.strip(), tuple(unique), span)


def _of_csv(source: Source) -> Iterator[Worker | Diagnostic]:
    import csv

    reader = csv.reader(source.text.splitlines(keepends=True), strict=True)
    line = 1
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if sorted(header) != sorted(HEADER):
            yield _header_finding(source, header)
            return
        at = [header.index(name) for name in HEADER]
        while True:
            line = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                return
            if any(cell.strip() for cell in row):
                yield _row(row, at, SourceSpan(source.name, line, 1))
    except csv.Error as error:
        span = SourceSpan(source.name, line, 1)
        yield Diagnostic(f"is not CSV: {error}", "", span, rule="people.csv")


def _row(row: list[str], at: list[int], span: SourceSpan) -> Worker | Diagnostic:
    if len(row) != len(HEADER):
        said = f"has {len(row)} cells, and the header has {len(HEADER)}"
        hint = f"Quote a cell with a comma in it; groups are split by '{SEPARATOR}'."
        return Diagnostic(said, "", span, hint, "people.csv")
    email, name, groups = (row[index] for index in at)
    return _worker(email, name, groups.split(SEPARATOR), span)


def _header_finding(source: Source, header: list[str]) -> Diagnostic:
    wrong = [name for name in header if name not in HEADER]
    lacking = [name for name in HEADER if name not in header]
    parts = [f"no column is called {', '.join(map(repr, wrong))}"] if wrong else []
    if lacking:
        them = "the column {} is" if len(lacking) == 1 else "the columns {} are"
        parts.append(f"{them.format(', '.join(lacking))} missing")
    return Diagnostic(
        "; ".join(parts) or "a column is there twice",
        "",
        SourceSpan(source.name, 1, 1),
        f"The first line is {','.join(HEADER)}.",
        "people.header",
    )


def _of_yaml(source: Source) -> Iterator[Worker | Diagnostic]:
    from sagectl.manifest.composing import composed

    roots = list(composed(source))
    if not roots:
        start = SourceSpan(source.name, 1, 1)
        yield Diagnostic("is empty", "", start, _PEOPLE, "people.shape")
    for root in roots:
        if isinstance(root, Diagnostic):
            yield root
            continue
        members = [(key.value, value) for key, value in _pairs(root)]
        if [(name, value.id) for name, value in members] != [("people", "sequence")]:
            said = "is not a mapping of people to one list, and of nothing else"
            yield _finding(source.name, root, said, "people.shape")
            continue
        for node in members[0][1].value:
            yield from _of_node(source.name, node)


def _of_node(file: str, node: Any, hint: str = _PEOPLE) -> Iterator[Worker | Diagnostic]:
    """A person, or everything that keeps the node from being one."""
    if node.id != "mapping":
        said = "is not a mapping of email, name, groups"
        yield _finding(file, node, said, "people.shape", hint)
        return
    findings: list[Diagnostic] = []
    values: dict[str, Any] = {}
    for key, value in _pairs(node):
        if key.value not in HEADER or key.value in values:
            said = "is there twice" if key.value in values else "is not known"
            findings.append(_finding(file, key, f"{key.value} {said}", "people.field", hint))
        elif value.id != ("sequence" if key.value == "groups" else "scalar"):
            what = "a list of groups" if key.value == "groups" else "a text"
            findings.append(_finding(file, value, f"is not {what}", "people.shape", hint))
        else:
            values[key.value] = value
    groups = values["groups"].value if "groups" in values else []
    findings += [
        _finding(file, group, "is not a text", "people.shape", hint)
        for group in groups
        if group.id != "scalar"
    ]
    if "email" not in values and not findings:
        findings.append(_finding(file, node, "email is missing", "people.field", hint))
    if findings:
        yield from findings
        return
    name = values["name"].value if "name" in values else ""
    names = [group.value for group in groups]
    yield _worker(values["email"].value, name, names, _span(file, node))


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    if node.id != "mapping":
        return []
    return [(key, value) for key, value in node.value if key.id == "scalar"]


def _finding(file: str, node: Any, said: str, rule: str, hint: str = _PEOPLE) -> Diagnostic:
    return Diagnostic(said, "", _span(file, node), hint, rule)


def _span(file: str, node: Any) -> SourceSpan:
    mark = node.start_mark
    return SourceSpan(file, mark.line + 1, mark.column + 1)
