"""What people do with SageMaker, told once for every door and client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[..., dict[str, Any]]

OIDC = {
    "ClientId": "portal",
    "ClientSecret": "secret",
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/userinfo",
    "LogoutEndpoint": "https://id.example.com/logout",
    "JwksUri": "https://id.example.com/jwks",
}
TEAM = {
    "Description": "Reads scans.",
    "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["doctors"]}}],
}
JOB = {
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "InputConfig": {
        "S3Uri": "s3://models/m.tar.gz",
        "DataInputConfig": '{"x": [1, 4]}',
        "Framework": "ONNX",
    },
    "OutputConfig": {"S3OutputLocation": "s3://compiled/", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


class RefusedError(Exception):
    """What a door answered instead of a result."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def refused(call: Call, operation: str, **params: Any) -> tuple[str, str]:
    try:
        call(operation, **params)
    except RefusedError as error:
        return error.code, error.message
    raise AssertionError(f"{operation} was not refused")


def workforces(call: Call) -> Any:
    """A workforce from its creation to its end."""
    yield call("CreateWorkforce", WorkforceName="crowd", OidcConfig=OIDC)
    yield refused(call, "CreateWorkforce", WorkforceName="other", OidcConfig=OIDC)
    yield call("DescribeWorkforce", WorkforceName="crowd")
    cidrs = {"Cidrs": ["203.0.113.0/24", "2001:db8::/32"]}
    yield call("UpdateWorkforce", WorkforceName="crowd", SourceIpConfig=cidrs)
    yield call("ListWorkforces", SortBy="Name", SortOrder="Descending", NameContains="row")
    yield refused(call, "DescribeWorkforce", WorkforceName="missing")
    yield refused(call, "DescribeWorkforce", WorkforceName="no name")
    yield call("DeleteWorkforce", WorkforceName="crowd")
    yield call("ListWorkforces")


def teams(call: Call) -> Any:
    """Work teams, their tags and their pages."""
    yield call("CreateWorkforce", WorkforceName="crowd", OidcConfig=OIDC)
    tags = [{"Key": "cost", "Value": "42"}]
    made = call("CreateWorkteam", WorkteamName="a", Tags=tags, **TEAM)
    yield made
    for name in "bc":
        yield call("CreateWorkteam", WorkteamName=name, WorkforceName="crowd", **TEAM)
    yield call("UpdateWorkteam", WorkteamName="a", Description="New words.")
    yield call("ListTags", ResourceArn=made["WorkteamArn"])
    more = [{"Key": "team", "Value": "é 雪"}]
    yield call("AddTags", ResourceArn=made["WorkteamArn"], Tags=more)
    yield call("DeleteTags", ResourceArn=made["WorkteamArn"], TagKeys=["cost"])
    first = call("ListWorkteams", SortBy="Name", MaxResults=2)
    token = first.pop("NextToken")
    yield first
    yield call("ListWorkteams", SortBy="Name", MaxResults=2, NextToken=token)
    yield refused(call, "ListWorkteams", NextToken=token)
    yield refused(call, "DeleteWorkforce", WorkforceName="crowd")
    yield call("DeleteWorkteam", WorkteamName="a")
    yield refused(call, "DescribeWorkteam", WorkteamName="a")


def compilations(call: Call) -> Any:
    """Compilation jobs that stay queued."""
    yield call("CreateCompilationJob", CompilationJobName="one", **JOB)
    yield refused(call, "CreateCompilationJob", CompilationJobName="one", **JOB)
    yield call("DescribeCompilationJob", CompilationJobName="one")
    yield call("ListCompilationJobs", StatusEquals="STARTING", SortBy="CreationTime")
    yield refused(call, "DeleteCompilationJob", CompilationJobName="one")
    yield call("StopCompilationJob", CompilationJobName="one")
    yield call("DescribeCompilationJob", CompilationJobName="one")
    yield refused(call, "StopCompilationJob", CompilationJobName="one")
    yield call("DeleteCompilationJob", CompilationJobName="one")
    yield refused(call, "DescribeCompilationJob", CompilationJobName="one")


def searches(call: Call) -> Any:
    """Search over records that a test loaded."""
    nested = {
        "NestedPropertyName": "InputDataConfig",
        "Filters": [
            {
                "Name": "InputDataConfig.DataSource.S3DataSource.S3Uri",
                "Operator": "Contains",
                "Value": "scans",
            }
        ],
    }
    yield call("Search", Resource="TrainingJob")
    yield call("Search", Resource="TrainingJob", SearchExpression={"NestedFilters": [nested]})
    after = {"Name": "CreationTime", "Operator": "GreaterThan", "Value": "2020-07-24T12:00:30"}
    yield call("Search", Resource="TrainingJob", SearchExpression={"Filters": [after]})
    yield call("GetSearchSuggestions", Resource="TrainingJob")
    yield refused(call, "Search", Resource="Workteam")
    two = [{"Name": "TrainingJobName", "Operator": "Contains", "Value": "x"}] * 2
    yield refused(call, "Search", Resource="TrainingJob", SearchExpression={"Filters": two})


SCENARIOS = {
    "workforces": workforces,
    "teams": teams,
    "compilations": compilations,
    "searches": searches,
}
RECORDS = [
    {
        "TrainingJob": {
            "TrainingJobName": f"train-{number}",
            "CreationTime": f"2020-07-24T12:0{number}:00Z",
            "LastModifiedTime": f"2020-07-24T12:0{number}:30Z",
            "HyperParameters": {"lr": "0.1", "Depth": str(number)},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/"}
                    },
                }
            ],
        }
    }
    for number, bucket in enumerate(("scans", "texts", "scans"))
]
