"""Local labeling jobs with data, for tests to work on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.app.consolidation import Consolidation
from sagectl.catalog.task_types import TASK_TYPES
from sagectl.controlplane.labelwork import LabelingWork
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.resources import Place
from tests.support.planes import labeling, with_team

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.controlplane.plane import ControlPlane

PLACE = Place("123456789012", "us-east-1")
REGION = "us-east-1"


def put(plane: ControlPlane, uri: str, content: str | bytes, folder: Path) -> None:
    source = folder / "upload"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    ObjectStore(plane.state).put(uri, source)


def with_job(
    plane: ControlPlane,
    folder: Path,
    objects: Sequence[dict[str, Any]],
    *,
    task: str = "TextMultiClass",
    labels: Sequence[str] = ("cat", "dog"),
    name: str = "pets",
    team: str | None = None,
    workers: int = 2,
    template: str | None = None,
    **changes: Any,
) -> LabelingWork:
    """A job in progress on ``objects``; its team is ``radiologists``."""
    put(
        plane,
        "s3://pets/in.manifest",
        "".join(json.dumps(row) + "\n" for row in objects),
        folder,
    )
    rows = {"document-version": "2018-11-28", "labels": [{"label": one} for one in labels]}
    put(plane, "s3://pets/labels.json", json.dumps(rows), folder)
    row = TASK_TYPES[task]
    request = labeling(name, team or with_team(plane), LabelAttributeName="pet")
    request["InputConfig"] = {
        "DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://pets/in.manifest"}}
    }
    request["OutputConfig"] = {"S3OutputPath": "s3://pets/out/"}
    request["LabelCategoryConfigS3Uri"] = "s3://pets/labels.json"
    human = request["HumanTaskConfig"]
    human["NumberOfHumanWorkersPerDataObject"] = workers
    human["PreHumanTaskLambdaArn"] = row.pre_function_arn(REGION)
    human["AnnotationConsolidationConfig"] = {
        "AnnotationConsolidationLambdaArn": row.consolidation_arn(REGION)
    }
    human["UiConfig"] = {"UiTemplateS3Uri": "s3://pets/template.liquid"}
    if template is not None:
        put(plane, "s3://pets/template.liquid", template, folder)
    elif row.interface:
        human["UiConfig"] = {"HumanTaskUiArn": row.interface_arn(REGION)}
    human.update(changes)
    plane.handle("CreateLabelingJob", request)
    return LabelingWork(plane, PLACE, Consolidation())
