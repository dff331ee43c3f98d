"""What a labeling job is about: its objects, its labels and its template, from local S3."""

from __future__ import annotations

import json
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.task_types import task_type_of
from sagectl.errors import InputError, NotFoundError
from sagectl.schema.data.categories import labels as labels_in
from sagectl.schema.data.categories import short_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.resources import Resource


class JobData(NamedTuple):
    """A job's objects (the lines of its manifest), the labels to choose from, and its task.

    ``short_names`` has the ``shortDisplayName`` of the labels that have one.
    ``task`` is the built-in task's name, empty for a custom one; ``template`` is the worker
    template's text, None where the job has a built-in interface.
    """

    objects: tuple[Mapping[str, Any], ...]
    labels: tuple[str, ...]
    task: str
    template: str | None
    short_names: Mapping[str, str] = MappingProxyType({})

    def source(self, number: int) -> str:
        """What is to be labeled: text, or the URI of a file."""
        line = self.objects[number]
        return str(line.get("source-ref", line.get("source", "")))


def job_data(job: Resource, objects: ObjectStore) -> JobData:
    """What ``job`` is about. Raises NotFoundError or InputError where a file is no good."""
    body, human = job.body, job.body["HumanTaskConfig"]
    source = body["InputConfig"]["DataSource"].get("S3DataSource")
    if source is None:
        raise NotFoundError("NoManifest", f"{job.name} has no input manifest to work through")
    categories = body.get("LabelCategoryConfigS3Uri")
    template = human["UiConfig"].get("UiTemplateS3Uri")
    lines = objects.path(source["ManifestS3Uri"])
    try:
        return JobData(
            _lines(lines, lines.stat().st_mtime_ns),
            labels_in(objects.path(categories)) if categories else (),
            task_name(human),
            _text(template, objects),
            short_names(objects.path(categories)) if categories else {},
        )
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"the input manifest or the label categories of {job.name} are damaged: {error}",
            hint="sagectl validate on the job's document says where.",
        ) from error


def task_name(human: Mapping[str, Any]) -> str:
    """The built-in task that a HumanTaskConfig asks for, or nothing."""
    consolidation = human.get("AnnotationConsolidationConfig", {})
    function = human.get("PreHumanTaskLambdaArn") or consolidation.get(
        "AnnotationConsolidationLambdaArn", ""
    )
    task = task_type_of(function)
    return task.name if task else ""


def _text(uri: str | None, objects: ObjectStore) -> str | None:
    if uri is None or not objects.exists(uri):
        return None
    return objects.path(uri).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def _lines(path: Path, _modified: int) -> tuple[Mapping[str, Any], ...]:
    with path.open(encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines if line.strip())
