"""Labeling jobs from the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

FLAGS = (
    *("--label-attribute", "box", "--manifest", "s3://scans/in.manifest"),
    *("--output-to", "s3://scans/out", "--role-arn", "arn:aws:iam::123456789012:role/labeler"),
    *("--workteam", "radiology", "--template", "s3://scans/box.liquid"),
    *("--title", "Draw boxes", "--instructions", "Draw a box around each nodule."),
)


def test_task_types_lists_every_task_with_its_arns(local: Run) -> None:
    found = local("labeling", "task-types", "--region", "eu-west-1", "-o", "json")
    rows = json.loads(found.out)["TaskTypes"]
    assert len(rows) == 22
    assert rows[0]["PreHumanTaskLambdaArn"].startswith("arn:aws:lambda:eu-west-1:568282634449:")


def test_task_types_names_the_regions_where_there_are_any(local: Run) -> None:
    found = local("labeling", "task-types", "--region", "eu-north-1")
    assert found.code == 2
    assert "there are no built-in tasks in eu-north-1" in found.err


def test_a_task_type_flag_sets_what_other_flags_do_not(local: Run) -> None:
    found = local(
        *("labeling", "create", "boxes", *FLAGS, "--task-type", "BoundingBox"),
        *("--workers-per-object", "2", "--dry-run", "-o", "json"),
    )
    task = json.loads(found.out)["spec"]["HumanTaskConfig"]
    assert task["NumberOfHumanWorkersPerDataObject"] == 2
    assert task["TaskTimeLimitInSeconds"] == 3600
    assert task["PreHumanTaskLambdaArn"].endswith(":PRE-BoundingBox")


def test_a_wrong_task_type_flag_is_refused(local: Run) -> None:
    found = local("labeling", "create", "boxes", *FLAGS, "--task-type", "BoundigBox", "--yes")
    assert found.code == 2
    assert "Did you mean 'BoundingBox'?" in found.err


def test_apply_and_diff_take_the_shorthand(local: Run, tmp_path: Path) -> None:
    from tests.support.manifests import TEAM, WORKFORCE, manifest

    job = """\
kind: LabelingJob
name: boxes
spec:
  LabelAttributeName: box
  InputConfig: {DataSource: {S3DataSource: {ManifestS3Uri: s3://scans/in.manifest}}}
  OutputConfig: {S3OutputPath: s3://scans/out}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  HumanTaskConfig:
    TaskType: BoundingBox
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: s3://scans/box.liquid}
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule.
"""
    path = manifest(tmp_path, WORKFORCE, TEAM, job)
    assert local("apply", "-f", path, "--yes").code == 0
    assert local("diff", "-f", path).code == 0
