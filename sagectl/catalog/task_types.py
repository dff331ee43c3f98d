"""Ground Truth's built-in task types, and the functions and interfaces each uses by region.

Source: the API reference of HumanTaskConfig, AnnotationConsolidationConfig, UiConfig and
LabelingJobAlgorithmsConfig. Its 2020 edition lists the pre-annotation functions of point cloud
tracking adjustment under bounding box verification; the function of the task's own name, which
later editions give, stands here. Interfaces lack the ``3D`` that point cloud functions carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import partition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Region -> the account that owns the built-in functions there.
FUNCTION_ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {
        "us-east-1": "432418664414",
        "us-east-2": "266458841044",
        "us-west-2": "081040173940",
        "ca-central-1": "918755190332",
        "eu-west-1": "568282634449",
        "eu-west-2": "487402164563",
        "eu-central-1": "203001061592",
        "ap-northeast-1": "477331159723",
        "ap-northeast-2": "845288260483",
        "ap-south-1": "565803892007",
        "ap-southeast-1": "377565633583",
        "ap-southeast-2": "454466003867",
    }
)
INTERFACE_ACCOUNT = "394669845002"
ALGORITHM_ACCOUNT = "027400017018"

HOUR = 60 * 60
HOURS_8 = 8 * HOUR
DAYS_30 = 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class TaskType:
    """One built-in task: its functions, its interface and its limits.

    ``interface`` is the name in a HumanTaskUiArn; tasks without one need a worker template.
    ``algorithm`` is the name of the auto-labeling algorithm, where there is one.
    ``needs_ref_attribute``: the label attribute name must end in ``-ref`` (else it must not).
    ``max_task_seconds`` bounds TaskTimeLimitInSeconds, ``max_objects`` the input manifest.
    ``label_limit`` bounds the label category file.
    """

    name: str
    summary: str
    data: str  # image, text, video, point cloud
    interface: str | None = None
    algorithm: str | None = None
    needs_ref_attribute: bool = False
    workers: int = 3
    max_task_seconds: int = HOURS_8
    max_objects: int = 100_000
    label_limit: int | None = None

    @property
    def default_seconds(self) -> int:
        """TaskTimeLimitInSeconds where nobody says otherwise: an hour, a day's work if long."""
        return HOURS_8 if self.max_task_seconds > HOURS_8 else HOUR

    def pre_function_arn(self, region: str) -> str:
        """The PreHumanTaskLambdaArn in ``region``; KeyError where the task is not offered."""
        return _function(f"PRE-{self.name}", region)

    def consolidation_arn(self, region: str) -> str:
        """The AnnotationConsolidationLambdaArn in ``region``; KeyError where not offered."""
        return _function(f"ACS-{self.name}", region)

    def interface_arn(self, region: str) -> str | None:
        """The HumanTaskUiArn in ``region``, for the tasks that have an interface."""
        if self.interface is None:
            return None
        resource = f"human-task-ui/{self.interface}"
        return f"arn:{partition(region)}:sagemaker:{region}:{INTERFACE_ACCOUNT}:{resource}"

    @property
    def template(self) -> Path | None:
        """The worker template for jobs that bring none, if the task has one here."""
        from pathlib import Path

        path = Path(__file__).with_name("templates") / f"{self.name}.liquid"
        return path if path.is_file() else None

    def algorithm_arn(self, region: str) -> str | None:
        """The LabelingJobAlgorithmSpecificationArn in ``region``, if there is one."""
        if self.algorithm is None:
            return None
        resource = f"labeling-job-algorithm-specification/{self.algorithm}"
        return f"arn:{partition(region)}:sagemaker:{region}:{ALGORITHM_ACCOUNT}:{resource}"


def _function(name: str, region: str) -> str:
    account = FUNCTION_ACCOUNTS[region]
    return f"arn:{partition(region)}:lambda:{region}:{account}:function:{name}"


# Tasks over frames and point clouds last longer and take fewer labels.
_LONG: Mapping[str, Any] = {"max_task_seconds": DAYS_30, "label_limit": 30}

_ROWS = (
    TaskType(
        "BoundingBox", "Draw boxes around objects.", "image",
        algorithm="object-detection", workers=5, label_limit=50,
    ),
    TaskType(
        "ImageMultiClass", "Choose one label for an image.", "image",
        algorithm="image-classification",
    ),
    TaskType(
        "ImageMultiClassMultiLabel", "Choose the labels that apply to an image.", "image",
        label_limit=50,
    ),
    TaskType(
        "SemanticSegmentation", "Paint every pixel with its label.", "image",
        algorithm="semantic-segmentation", needs_ref_attribute=True, max_objects=20_000,
    ),
    TaskType(
        "TextMultiClass", "Choose one label for a text.", "text",
        algorithm="text-classification",
    ),
    TaskType(
        "TextMultiClassMultiLabel", "Choose the labels that apply to a text.", "text",
        label_limit=50,
    ),
    TaskType(
        "NamedEntityRecognition", "Mark the names in a text.", "text",
        interface="NamedEntityRecognition",
    ),
    TaskType("VideoMultiClass", "Choose one label for a video clip.", "video"),
    TaskType(
        "VideoObjectDetection", "Draw boxes around objects, frame by frame.", "video",
        interface="VideoObjectDetection", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "VideoObjectTracking", "Follow objects with boxes through the frames.", "video",
        interface="VideoObjectTracking", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "3DPointCloudObjectDetection", "Draw cuboids in a point cloud.", "point cloud",
        interface="PointCloudObjectDetection", **_LONG,
    ),
    TaskType(
        "3DPointCloudObjectTracking", "Follow objects with cuboids.", "point cloud",
        interface="PointCloudObjectTracking", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "3DPointCloudSemanticSegmentation", "Paint the points of a point cloud.", "point cloud",
        interface="PointCloudSemanticSegmentation", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "AdjustmentBoundingBox", "Correct boxes that were drawn before.", "image",
        workers=5, label_limit=50,
    ),
    TaskType(
        "AdjustmentSemanticSegmentation", "Correct a painting made before.", "image",
        needs_ref_attribute=True, max_objects=20_000,
    ),
    TaskType(
        "AdjustmentVideoObjectDetection", "Correct boxes in frames.", "video",
        interface="VideoObjectDetection", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "AdjustmentVideoObjectTracking", "Correct boxes followed through frames.", "video",
        interface="VideoObjectTracking", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "Adjustment3DPointCloudObjectDetection", "Correct cuboids in a point cloud.",
        "point cloud",
        interface="PointCloudObjectDetection", **_LONG,
    ),
    TaskType(
        "Adjustment3DPointCloudObjectTracking", "Correct cuboids followed in point clouds.",
        "point cloud",
        interface="PointCloudObjectTracking", needs_ref_attribute=True, **_LONG,
    ),
    TaskType(
        "Adjustment3DPointCloudSemanticSegmentation", "Correct painted point clouds.",
        "point cloud",
        interface="PointCloudSemanticSegmentation", needs_ref_attribute=True, **_LONG,
    ),
    TaskType("VerificationBoundingBox", "Judge boxes that were drawn before.", "image"),
    TaskType(
        "VerificationSemanticSegmentation", "Judge a painting made before.", "image",
        max_objects=20_000,
    ),
)  # fmt: skip

TASK_TYPES: Mapping[str, TaskType] = MappingProxyType({row.name: row for row in _ROWS})


def task_type_of(function_arn: str) -> TaskType | None:
    """The built-in task whose PRE- or ACS- function ``function_arn`` names, if it is one."""
    parts = function_arn.split(":")
    if len(parts) < 7 or parts[4] not in FUNCTION_ACCOUNTS.values():
        return None
    prefix, _, name = parts[6].partition("-")
    return TASK_TYPES.get(name) if prefix in ("PRE", "ACS") else None
