"""Rules of labeling jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.manifest.document import Reference
from sagectl.schema.request import findings

if TYPE_CHECKING:
    from sagectl.schema.model import ServiceModel
    from tests.schema.rules.conftest import Broken

PRIVATE = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/radiology"
VENDOR = "arn:aws:sagemaker:us-east-1:123456789012:workteam/vendor-crowd/acme"
PUBLIC = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
FREE = "FreeOfPersonallyIdentifiableInformation"
TASK = "HumanTaskConfig"
ACS = f"{TASK}.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn"
ALGORITHM = "LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn"
CLASSIFIERS = "InputConfig.DataAttributes.ContentClassifiers"
INTERFACE = "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui"


def price(dollars: int, cents: int, tenths: int) -> dict[str, Any]:
    amount = {"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths}
    return {"PublicWorkforceTaskPrice": {"AmountInUsd": amount}}


def job(
    task: str | None = "BoundingBox",
    *,
    name: str = "boxes",
    classifiers: tuple[str, ...] = (),
    ui: dict[str, str] | None = None,
    **human: Any,
) -> dict[str, Any]:
    """A request for a built-in task, or (None) for one of its author's own."""
    config: dict[str, Any] = {
        "WorkteamArn": PRIVATE,
        "UiConfig": {"UiTemplateS3Uri": "s3://data/template.html"},
        "TaskTitle": "Draw boxes",
        "TaskDescription": "Draw a box around every car.",
        "NumberOfHumanWorkersPerDataObject": 3,
        "TaskTimeLimitInSeconds": 600,
    }
    if task:
        row = TASK_TYPES[task]
        config["PreHumanTaskLambdaArn"] = row.pre_function_arn("us-east-1")
        config["AnnotationConsolidationConfig"] = {
            "AnnotationConsolidationLambdaArn": row.consolidation_arn("us-east-1")
        }
        if row.interface:
            config["UiConfig"] = {"HumanTaskUiArn": row.interface_arn("us-east-1")}
    if ui is not None:
        config["UiConfig"] = ui
    source = {"S3DataSource": {"ManifestS3Uri": "s3://data/in.manifest"}}
    return {
        "LabelingJobName": "cars",
        "LabelAttributeName": name,
        "RoleArn": "arn:aws:iam::123456789012:role/label",
        "InputConfig": {
            "DataSource": source,
            "DataAttributes": {"ContentClassifiers": list(classifiers)},
        },
        "OutputConfig": {"S3OutputPath": "s3://data/out"},
        "HumanTaskConfig": config | human,
    }


@pytest.mark.parametrize("task", sorted(TASK_TYPES))
def test_every_built_in_task_can_be_asked_for(task: str, broken: Broken) -> None:
    suffix = "-ref" * TASK_TYPES[task].needs_ref_attribute
    assert broken("CreateLabelingJob", job(task, name=f"labels{suffix}")) == []
    other = "" if suffix else "-ref"
    expected = ["labeling.attribute-ref at LabelAttributeName"]
    assert broken("CreateLabelingJob", job(task, name=f"labels{other}")) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param(job(name="x-metadata"),
                     ["labeling.attribute-metadata at LabelAttributeName"], id="metadata"),
        pytest.param(job(None, name="x-ref"), [], id="own-task-may-write-files"),
        pytest.param(job(None, name="source-ref"),
                     ["labeling.attribute-input at LabelAttributeName"], id="names-the-object"),
        pytest.param(
            job(PreHumanTaskLambdaArn=TASK_TYPES["BoundingBox"].consolidation_arn("us-east-1")),
            [f"labeling.function-name at {TASK}.PreHumanTaskLambdaArn"], id="other-function"),
        pytest.param(
            job(None, PreHumanTaskLambdaArn=
                "arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBix"),
            [f"labeling.function-name at {TASK}.PreHumanTaskLambdaArn"], id="no-function"),
        pytest.param(
            job(None, PreHumanTaskLambdaArn=
                "arn:aws:lambda:us-east-1:432418664414:function:PRE-PassThrough"),
            [], id="pass-through"),
        pytest.param(
            job() | {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn":
                TASK_TYPES["TextMultiClass"].algorithm_arn("us-east-1")}},
            [f"labeling.algorithm at {ALGORITHM}"], id="algorithm-of-another-task"),
        pytest.param(
            job() | {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn":
                TASK_TYPES["BoundingBox"].algorithm_arn("us-east-1")}},
            [], id="algorithm"),
        pytest.param(job(WorkteamArn=PRIVATE.replace("private-crowd/", "")),
                     [f"labeling.crowd at {TASK}.WorkteamArn"], id="no-crowd"),
        pytest.param(job(WorkteamArn=PRIVATE.replace("arn:aws:", "arn:aws-cn:")),
                     [f"labeling.one-partition at {TASK}.WorkteamArn"], id="partition"),
        pytest.param(job() | {"RoleArn": "arn:aws-cn:iam::123456789012:role/label"},
                     ["labeling.one-partition at RoleArn"], id="role-of-a-partition"),
        pytest.param(job(ui={"UiTemplateS3Uri": "s3://data/"}),
                     [f"labeling.objects at {TASK}.UiConfig.UiTemplateS3Uri"], id="bucket"),
        pytest.param(
            job(WorkteamArn=PUBLIC, PublicWorkforceTaskPrice={}, classifiers=(FREE,)),
            [f"labeling.public-workforce at {TASK}.PublicWorkforceTaskPrice"], id="no-amount"),
        pytest.param(job() | {"InputConfig": {"DataSource": {}}},
                     ["labeling.data-source at InputConfig.DataSource.S3DataSource"],
                     id="no-data"),
        pytest.param(job(ui={}), [f"labeling.one-interface at {TASK}.UiConfig.UiTemplateS3Uri"],
                     id="no-interface"),
        pytest.param(
            job("VideoObjectTracking", name="x-ref",
                ui={"UiTemplateS3Uri": "s3://data/t.html",
                    "HumanTaskUiArn": f"{INTERFACE}/VideoObjectTracking"}),
            [f"labeling.one-interface at {TASK}.UiConfig.HumanTaskUiArn"], id="two-interfaces"),
        pytest.param(
            job("3DPointCloudObjectTracking", name="x-ref",
                ui={"HumanTaskUiArn": f"{INTERFACE}/3DPointCloudObjectTracking"}),
            [f"labeling.interface at {TASK}.UiConfig.HumanTaskUiArn"], id="interface-with-3d"),
        pytest.param(
            job(AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn":
                TASK_TYPES["ImageMultiClass"].consolidation_arn("us-east-1")}),
            [f"labeling.consolidation at {ACS}"], id="functions-of-two-tasks"),
        pytest.param(job(WorkteamArn=PUBLIC, **price(0, 3, 6), classifiers=(FREE,)), [],
                     id="public"),
        pytest.param(job(WorkteamArn=PUBLIC),
                     [f"labeling.public-workforce at {CLASSIFIERS}",
                      f"labeling.public-workforce at {TASK}.PublicWorkforceTaskPrice"],
                     id="public-without-its-needs"),
        pytest.param(job(**price(0, 3, 6)),
                     [f"labeling.public-workforce at {TASK}.PublicWorkforceTaskPrice"],
                     id="private-with-price"),
        pytest.param(job(WorkteamArn=VENDOR), [], id="vendor"),
        pytest.param(job(WorkteamArn=PUBLIC, **price(0, 1, 2), classifiers=(FREE,)),
                     [f"labeling.price at {TASK}.PublicWorkforceTaskPrice.AmountInUsd"],
                     id="price-too-low-for-boxes"),
        pytest.param(job("ImageMultiClass", WorkteamArn=PUBLIC, **price(0, 1, 2),
                         classifiers=(FREE,)), [], id="price-of-classification"),
        pytest.param(job(None, WorkteamArn=PUBLIC, **price(0, 1, 3), classifiers=(FREE,)),
                     [f"labeling.price at {TASK}.PublicWorkforceTaskPrice.AmountInUsd"],
                     id="price-that-is-not-listed"),
        pytest.param(job(TaskTimeLimitInSeconds=28_801),
                     [f"labeling.times at {TASK}.TaskTimeLimitInSeconds"], id="task-too-long"),
        pytest.param(job("VideoObjectTracking", name="x-ref", TaskTimeLimitInSeconds=28_801),
                     [], id="video-may-take-days"),
        pytest.param(job(WorkteamArn=PUBLIC, **price(0, 3, 6), classifiers=(FREE,),
                         TaskAvailabilityLifetimeInSeconds=43_201),
                     [f"labeling.times at {TASK}.TaskAvailabilityLifetimeInSeconds"],
                     id="public-for-too-long"),
        pytest.param(job(TaskAvailabilityLifetimeInSeconds=864_000), [], id="private-for-days"),
        pytest.param(job(WorkteamArn="radiology"), [f"schema.pattern at {TASK}.WorkteamArn"],
                     id="name-for-arn"),
    ],
)  # fmt: skip
def test_labeling(params: dict[str, Any], expected: list[str], broken: Broken) -> None:
    assert broken("CreateLabelingJob", params) == expected


def test_a_reference_to_a_team_is_to_a_private_one(model: ServiceModel) -> None:
    team = Reference("Workteam", "radiology")
    assert findings("CreateLabelingJob", job(WorkteamArn=team), model) == ()
    [finding] = findings("CreateLabelingJob", job(WorkteamArn=team, **price(0, 3, 6)), model)
    assert finding.rule == "labeling.public-workforce"


def test_a_function_of_another_region_is_found(broken: Broken) -> None:
    params = job()
    params[TASK]["PreHumanTaskLambdaArn"] = TASK_TYPES["BoundingBox"].pre_function_arn(
        "eu-west-1"
    )
    assert broken("CreateLabelingJob", params) == [
        f"labeling.one-region at {TASK}.PreHumanTaskLambdaArn"
    ]


def test_a_function_of_another_regions_account_is_found(broken: Broken) -> None:
    params = job()
    function = "arn:aws:lambda:us-east-1:568282634449:function:PRE-BoundingBox"
    params[TASK]["PreHumanTaskLambdaArn"] = function
    assert broken("CreateLabelingJob", params) == [
        f"labeling.function-account at {TASK}.PreHumanTaskLambdaArn"
    ]
