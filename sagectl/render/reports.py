"""What a run found and did, in the formats that CI systems read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.failure_hints import failure_hint
from sagectl.errors import FindingsError, JobFailedError, PartialApplyError
from sagectl.plan.change import Action
from sagectl.plan.events import Checked, Done, Failed, Planned, Skipped, StatusSeen
from sagectl.render.outcome_view import PAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.diagnostics import Diagnostic, SourceSpan
    from sagectl.errors import SagectlError
    from sagectl.plan.change import Change
    from sagectl.plan.events import Event

# Sums up failures that are told one by one.
_SUMS = (PartialApplyError, JobFailedError)


class Case(NamedTuple):
    """What became of one resource; ``failure`` and ``skipped`` say why, "" if neither."""

    label: str
    outcome: str
    span: SourceSpan | None = None
    failure: str = ""
    skipped: str = ""


class Record:
    """What is known of a run so far."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.cases: dict[str, Case] = {}
        self.findings: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    @property
    def all_findings(self) -> list[Diagnostic]:
        return list(dict.fromkeys([*self.findings, *self.warnings]))

    def hear(self, event: Event) -> None:
        match event:
            case Checked(documents=documents):
                for document in documents:
                    self._keep(Case(document.label, "valid", document.span))
            case Planned(plan=plan):
                for change in plan.changes:
                    self._keep(_planned(change))
            case Done(change=change):
                self._keep(_case(change)._replace(outcome=PAST[change.action]))
            case Failed(change=change, error=error):
                why = "\n".join(filter(None, (str(error), error.hint)))
                self._keep(_case(change)._replace(outcome="failed", failure=why))
            case Skipped(change=change, because=because):
                self._keep(_case(change)._replace(outcome="not tried", skipped=because))
            case StatusSeen(label=label, status=status, is_final=True):
                self._keep(self._ended(label, status, event.reason))

    def fail(self, error: SagectlError) -> None:
        """The run ended with ``error``."""
        if isinstance(error, FindingsError):
            self.findings += error.diagnostics
        elif not isinstance(error, _SUMS):
            why = "\n".join(filter(None, (str(error), error.hint)))
            self._keep(Case(f"sagectl {self.command}", "failed", None, why))

    def _ended(self, label: str, status: str, reason: str) -> Case:
        known = self.cases.get(label, Case(label, ""))
        if status.lower() not in ("failed", "stopped"):
            return known._replace(outcome=status)
        why = "\n".join(filter(None, (f"ended {status}", reason, failure_hint(reason))))
        return known._replace(outcome=status, failure=why)

    def _keep(self, case: Case) -> None:
        self.cases[case.label] = case


def _case(change: Change) -> Case:
    return Case(change.label, "", change.document.span)


def _planned(change: Change) -> Case:
    if change.action is Action.FAILED:
        return _case(change)._replace(outcome="failed before", failure=change.reason)
    outcome = (
        "unchanged" if change.action is Action.UNCHANGED else f"to {change.action.name.lower()}"
    )
    return _case(change)._replace(outcome=outcome)


def junit(record: Record) -> str:
    """JUnit XML: a case for every resource and for every finding."""
    from xml.etree import ElementTree

    name = f"sagectl {record.command}"
    suite = ElementTree.Element("testsuite", name=name)
    for case in record.cases.values():
        file = case.span.file if case.span else name
        node = ElementTree.SubElement(suite, "testcase", classname=file, name=case.label)
        if case.failure:
            _told(ElementTree.SubElement(node, "failure"), case.failure)
        elif case.skipped:
            ElementTree.SubElement(node, "skipped", message=case.skipped)
    for finding in record.all_findings:
        file = finding.span.file if finding.span else name
        title = f"{finding.rule} {finding.span or finding.path}"
        node = ElementTree.SubElement(suite, "testcase", classname=file, name=title)
        _told(
            ElementTree.SubElement(node, "failure" if finding.is_error else "system-out"),
            _text(finding),
        )
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        + ElementTree.tostring(root, "unicode")
        + "\n"
    )


def _told(node: Any, text: str) -> None:
    # XML has no place for control characters, which a service's message may hold.
    printable = "".join(letter if letter >= " " or letter in "\n\t" else "?" for letter in text)
    if node.tag == "failure":
        node.set("message", printable.split("\n")[0])
    node.text = printable


def sarif(record: Record) -> str:
    """SARIF 2.1.0: a result for every finding, and for every resource that failed."""
    from sagectl import __version__

    results = [
        _result(
            item.rule or "input",
            "error" if item.is_error else "warning",
            _text(item),
            item.span,
        )
        for item in record.all_findings
    ]
    results += [
        _result("failed", "error", f"{case.label}: {case.failure}", case.span)
        for case in record.cases.values()
        if case.failure
    ]
    rules = [{"id": name} for name in sorted({result["ruleId"] for result in results})]
    driver = {"name": "sagectl", "version": __version__, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, indent=2) + "\n"


def _result(rule: str, level: str, text: str, span: SourceSpan | None) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": text}}
    if span is not None:
        from urllib.parse import quote

        region = {"startLine": span.line, "startColumn": span.column}
        place = {"artifactLocation": {"uri": quote(span.file)}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    return result


def workflow_commands(record: Record) -> str:
    """GitHub's workflow commands, one a line."""
    return "".join(f"{line}\n" for line in _annotations(record))


def _annotations(record: Record) -> Iterator[str]:
    for finding in record.all_findings:
        yield _annotation(finding.severity.value, finding.rule, _text(finding), finding.span)
    for case in record.cases.values():
        if case.failure:
            yield _annotation("error", case.label, case.failure, case.span)


def _annotation(level: str, title: str, text: str, span: SourceSpan | None) -> str:
    known = {"title": title}
    if span is not None:
        known = {"file": span.file, "line": str(span.line), "col": str(span.column), **known}
    pairs = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in known.items())
    return f"::{level} {pairs}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for letter in "%\r\n" + also:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def markdown(record: Record) -> str:
    """A summary of the step: a row for every resource that is not as it was, then findings."""
    lines = [f"### sagectl {record.command}", ""]
    rows = [
        case for case in record.cases.values() if case.outcome not in ("unchanged", "valid")
    ]
    quiet = len(record.cases) - len(rows)
    if rows:
        lines += ["| resource | outcome | |", "| --- | --- | --- |"]
        for case in rows:
            why = (case.failure or case.skipped).replace("|", "\\|").replace("\n", "<br>")
            lines.append(f"| `{case.label}` | {case.outcome} | {why} |")
        lines.append("")
    if quiet:
        lines += [f"{quiet} valid or unchanged.", ""]
    for finding in record.all_findings:
        first, *_ = _text(finding).split("\n")
        lines.append(f"- **{finding.severity.value}** `{finding.span or finding.path}` {first}")
    return "\n".join(lines).rstrip() + "\n\n"


def _text(finding: Diagnostic) -> str:
    field = f"{finding.path}: " if finding.path else ""
    return "\n".join(filter(None, (f"{field}{finding.summary}", finding.hint)))
