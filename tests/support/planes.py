"""Requests that the control plane accepts, for tests to vary, and a clock that they turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane.faults import Fault

if TYPE_CHECKING:
    from sagectl.controlplane.plane import ControlPlane

ROLE = "arn:aws:iam::123456789012:role/labeler"
OIDC = {
    "ClientId": "crowd",
    "ClientSecret": "not-to-be-seen",
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/userinfo",
    "LogoutEndpoint": "https://id.example.com/logout",
    "JwksUri": "https://id.example.com/jwks",
}
COGNITO = {"UserPool": "us-east-1_Pool1", "ClientId": "client1"}


class TestClock:
    """Time that passes only when told to."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2020, 7, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def groups(*names: str) -> list[dict[str, Any]]:
    return [{"OidcMemberDefinition": {"Groups": list(names)}}]


def cognito(group: str, **changes: str) -> dict[str, Any]:
    return {"CognitoMemberDefinition": {**COGNITO, "UserGroup": group, **changes}}


def team(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "WorkteamName": name,
        "Description": "Reads scans.",
        "MemberDefinitions": groups("radiologists"),
        **changes,
    }


def compilation(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "CompilationJobName": name,
        "RoleArn": ROLE,
        "InputConfig": {
            "S3Uri": "s3://models/digits.tar.gz",
            "DataInputConfig": '{"image": [1, 1, 8, 8]}',
            "Framework": "ONNX",
        },
        "OutputConfig": {
            "S3OutputLocation": "s3://models/compiled/",
            "TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"},
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
        **changes,
    }


def labeling(name: str, team_arn: str, **changes: Any) -> dict[str, Any]:
    function = "arn:aws:lambda:us-east-1:432418664414:function"
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "box",
        "InputConfig": {
            "DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://scans/in.manifest"}}
        },
        "OutputConfig": {"S3OutputPath": "s3://scans/out/"},
        "RoleArn": ROLE,
        "LabelCategoryConfigS3Uri": "s3://scans/labels.json",
        "HumanTaskConfig": {
            "WorkteamArn": team_arn,
            "UiConfig": {"UiTemplateS3Uri": "s3://scans/box.liquid"},
            "PreHumanTaskLambdaArn": f"{function}:PRE-BoundingBox",
            "TaskTitle": "Draw boxes",
            "TaskDescription": "Draw a box around each nodule.",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 600,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": f"{function}:ACS-BoundingBox"
            },
        },
        **changes,
    }


def with_workforce(plane: ControlPlane, **changes: Any) -> str:
    """Make the OIDC workforce ``crowd``; gives its ARN."""
    params = {"WorkforceName": "crowd", "OidcConfig": OIDC, **changes}
    arn: str = plane.handle("CreateWorkforce", params)["WorkforceArn"]
    return arn


def with_team(plane: ControlPlane, name: str = "radiology") -> str:
    """Make a workforce with one team; gives the team's ARN."""
    with_workforce(plane)
    arn: str = plane.handle("CreateWorkteam", team(name))["WorkteamArn"]
    return arn


def refusal(plane: ControlPlane, operation: str, params: dict[str, Any], **place: str) -> Fault:
    """The fault that a request meets."""
    with pytest.raises(Fault) as caught:
        plane.handle(operation, params, **place)
    return caught.value
