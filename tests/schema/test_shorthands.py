"""One word for a built-in task, in manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.schema.data.template import check_template

if TYPE_CHECKING:
    from tests.schema.conftest import OnlyFinding, ReadText

JOB = """\
kind: LabelingJob
name: boxes
{region}spec:
  LabelAttributeName: box{ref}
  InputConfig:
    DataSource:
      S3DataSource: {{ManifestS3Uri: s3://scans/in.manifest}}
  OutputConfig: {{S3OutputPath: s3://scans/out/}}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  HumanTaskConfig:
    TaskType: {task}
    WorkteamArn: {{ref: Workteam/radiology}}
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule.
    {more}
"""
TEMPLATE = "UiConfig: {UiTemplateS3Uri: s3://scans/box.liquid}"


def job(task: str = "BoundingBox", more: str = TEMPLATE, region: str = "") -> str:
    row = TASK_TYPES.get(task)
    ref = "-ref" if row and row.needs_ref_attribute else ""
    place = f"region: {region}\n" if region else ""
    return JOB.format(task=task, more=more, region=place, ref=ref)


def test_a_task_type_stands_for_its_functions_and_defaults(read: ReadText) -> None:
    [document] = read(job()).documents
    task = document.spec["HumanTaskConfig"]
    assert "TaskType" not in task
    account = "arn:aws:lambda:us-east-1:432418664414:function"
    assert task["PreHumanTaskLambdaArn"] == f"{account}:PRE-BoundingBox"
    assert task["AnnotationConsolidationConfig"] == {
        "AnnotationConsolidationLambdaArn": f"{account}:ACS-BoundingBox"
    }
    assert task["NumberOfHumanWorkersPerDataObject"] == 5
    assert task["TaskTimeLimitInSeconds"] == 3600
    assert task["UiConfig"] == {"UiTemplateS3Uri": "s3://scans/box.liquid"}


def test_the_region_of_the_document_decides(read: ReadText) -> None:
    [document] = read(job(region="eu-west-2")).documents
    function = document.spec["HumanTaskConfig"]["PreHumanTaskLambdaArn"]
    assert function == "arn:aws:lambda:eu-west-2:487402164563:function:PRE-BoundingBox"


@pytest.mark.parametrize("name", [name for name, task in TASK_TYPES.items() if task.interface])
def test_a_task_with_an_interface_brings_it(read: ReadText, name: str) -> None:
    found = read(job(name, more=""))
    assert found.findings == ()
    interface = found.documents[0].spec["HumanTaskConfig"]["UiConfig"]["HumanTaskUiArn"]
    assert interface.endswith(f":human-task-ui/{TASK_TYPES[name].interface}")


@pytest.mark.parametrize("name", [name for name, task in TASK_TYPES.items() if task.template])
def test_a_task_of_images_or_texts_brings_a_template(read: ReadText, name: str) -> None:
    found = read(job(name, more=""))
    assert found.findings == ()
    upload = found.documents[0].spec["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"]
    assert upload.path == TASK_TYPES[name].template
    assert check_template(upload.path, name, TASK_TYPES[name]) == ()


def test_what_the_author_says_beside_it_stays(read: ReadText) -> None:
    more = (
        f"{TEMPLATE}\n    NumberOfHumanWorkersPerDataObject: 1\n    TaskTimeLimitInSeconds: 60"
    )
    task = read(job(more=more)).documents[0].spec["HumanTaskConfig"]
    assert (task["NumberOfHumanWorkersPerDataObject"], task["TaskTimeLimitInSeconds"]) == (
        1,
        60,
    )


@pytest.mark.parametrize(
    ("task", "region", "said", "hint"),
    [
        pytest.param(
            "BoundigBox",
            "",
            "'BoundigBox' is not a built-in task type",
            "Did you mean 'BoundingBox'?",
            id="misspelt",
        ),
        pytest.param("[a]", "", "a list is not a built-in task type", "", id="list"),
        pytest.param(
            "BoundingBox",
            "eu-north-1",
            "BoundingBox has no functions in eu-north-1",
            "It is offered in us-east-1",
            id="region-without-it",
        ),
    ],
)
def test_a_wrong_task_type_is_the_only_finding(
    only: OnlyFinding, task: str, region: str, said: str, hint: str
) -> None:
    finding = only(job(task, region=region))
    assert finding.summary == said
    assert (finding.hint or "").startswith(hint)
    assert finding.path == "spec.HumanTaskConfig.TaskType"
    assert finding.span is not None


def test_functions_given_by_hand_beside_it_must_fit(only: OnlyFinding) -> None:
    arn = TASK_TYPES["ImageMultiClass"].pre_function_arn("us-east-1")
    finding = only(job(more=f"{TEMPLATE}\n    PreHumanTaskLambdaArn: {arn}"))
    assert finding.rule == "labeling.consolidation"
