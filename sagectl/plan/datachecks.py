"""The files of a labeling job, checked before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.diagnostics import Diagnostic, Severity
from sagectl.errors import NotFoundError, SagectlError
from sagectl.manifest.document import Upload
from sagectl.schema.rules.labeling_arns import PRE_FUNCTION, task_of
from sagectl.schema.rules.rule import given, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sagectl.catalog.task_types import TaskType
    from sagectl.manifest.document import Document

MANIFEST = "InputConfig.DataSource.S3DataSource.ManifestS3Uri"
CATEGORIES = "LabelCategoryConfigS3Uri"
TEMPLATE = "HumanTaskConfig.UiConfig.UiTemplateS3Uri"


class Looks(NamedTuple):
    """How far a check may look: ``fetch`` gives the file of a URI, ``exists`` tells of many.

    Without them only files on this machine are read.
    """

    fetch: Callable[[str], Path] | None = None
    exists: Callable[[list[str]], Iterable[bool]] | None = None


LOCAL = Looks()


def data_findings(document: Document, looks: Looks = LOCAL) -> tuple[Diagnostic, ...]:
    """What is wrong with the files that ``document`` names; nothing for other kinds."""
    if document.kind != "LabelingJob":
        return ()
    return tuple(_findings(document.spec, document, looks))


def _findings(
    spec: Mapping[str, Any], document: Document, looks: Looks
) -> Iterator[Diagnostic]:
    task = task_of(spec)
    keys: frozenset[str] | None = None
    for path, check in (
        (MANIFEST, _manifest),
        (CATEGORIES, _categories),
        (TEMPLATE, _template),
    ):
        source = given(spec, path)
        try:
            located = _located(source, looks)
        except SagectlError as error:
            found = _unread(document, path, f"{source} cannot be looked at: {error}")
            # Whoever asks for the objects asks for these too.
            is_wrong = looks.exists is not None and isinstance(error, NotFoundError)
            yield replace(found, severity=Severity.ERROR) if is_wrong else found
            continue
        if located is None:
            continue
        file, name = located
        try:
            findings, seen = check(file, name, task, spec, keys, looks)
        except OSError as error:
            yield _unread(document, path, f"{name}: {(error.strerror or str(error)).lower()}")
            continue
        keys = seen if seen is not None else keys
        yield from (replace(found, path=f"spec.{path}") for found in findings)


_Checked = tuple[tuple[Diagnostic, ...], frozenset[str] | None]


def _manifest(
    file: Path, name: str, task: TaskType | None, spec: Any, _: Any, looks: Looks
) -> _Checked:
    from sagectl.schema.data.input_manifest import check_manifest

    attribute = text(spec, "LabelAttributeName") or ""
    report = check_manifest(file, name, task, attribute=attribute, exists=looks.exists)
    return report.findings, report.keys


def _categories(
    file: Path, name: str, task: TaskType | None, _spec: Any, _keys: Any, _looks: Looks
) -> _Checked:
    from sagectl.schema.data.categories import check_categories

    return check_categories(file, name, task), None


def _template(
    file: Path, name: str, task: TaskType | None, spec: Any, keys: Any, _looks: Looks
) -> _Checked:
    from sagectl.schema.data.template import check_template

    has_function = given(spec, PRE_FUNCTION) is not None
    return check_template(file, name, task, keys=keys, has_function=has_function), None


def _located(source: Any, looks: Looks) -> tuple[Path, str] | None:
    """The file that a value names and what to call it; None where it is not to be read."""
    if isinstance(source, Upload):
        return source.path, _told(source.path)
    if isinstance(source, str) and looks.fetch is not None:
        return looks.fetch(source), source
    return None


def _told(path: Path) -> str:
    """``path`` as short as it can be from where the user stands."""
    from pathlib import Path

    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _unread(document: Document, path: str, said: str) -> Diagnostic:
    place = document.spans.get(f"spec.{path}") if document.spans else None
    return Diagnostic(said, f"spec.{path}", place, None, "labeling.data", Severity.WARNING)


def raise_errors(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings of ``findings``. Raises FindingsError with all if one is an error."""
    from sagectl.errors import FindingsError

    found = tuple(findings)
    if any(finding.is_error for finding in found):
        raise FindingsError(found)
    return found
