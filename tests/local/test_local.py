"""boto3 on the local control plane, in process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from sagectl import local

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
JOB: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "InputConfig": {
        "S3Uri": "s3://models/m.tar.gz",
        "DataInputConfig": '{"x": [1, 4]}',
        "Framework": "ONNX",
    },
    "OutputConfig": {"S3OutputLocation": "s3://compiled/", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One home for the tests that only read, or name what they make."""
    made = local.client(tmp_path_factory.mktemp("home"), workers=0)
    made.create_workforce(WorkforceName="crowd", OidcConfig=OIDC)
    return made


def test_a_workforce_is_what_boto3_gets_from_aws(client: Any) -> None:
    answer = client.describe_workforce(WorkforceName="crowd")
    workforce = answer["Workforce"]
    assert workforce["WorkforceArn"].endswith(":123456789012:workforce/crowd")
    assert datetime.now(UTC) - workforce["CreateDate"] < timedelta(minutes=5)
    assert "ClientSecret" not in workforce["OidcConfig"]
    metadata = answer["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, 0)
    assert metadata["RequestId"]


def test_a_modelled_error_is_its_typed_exception(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFound) as caught:
        client.describe_compilation_job(CompilationJobName="nothing")
    assert "nothing" in caught.value.response["Error"]["Message"]


def test_what_only_the_service_checks_is_a_validation_exception(client: Any) -> None:
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.describe_workforce(WorkforceName="not a name")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_paginators_walk_all_pages(client: Any) -> None:
    for name in ("a", "b", "c"):
        client.create_compilation_job(CompilationJobName=name, **JOB)
    pages = client.get_paginator("list_compilation_jobs").paginate(
        SortBy="Name", PaginationConfig={"PageSize": 2}
    )
    found = [
        [job["CompilationJobName"] for job in page["CompilationJobSummaries"]] for page in pages
    ]
    assert found == [["a", "b"], ["c"]]


def test_regions_and_accounts_are_apart(tmp_path: Path) -> None:
    session = local.session(tmp_path, workers=0)
    here = session.client("sagemaker")
    here.create_compilation_job(CompilationJobName="a", **JOB)
    there = session.client("sagemaker", region_name="cn-north-1")
    assert there.list_compilation_jobs()["CompilationJobSummaries"] == []
    arn = there.create_compilation_job(CompilationJobName="a", **JOB)["CompilationJobArn"]
    assert arn == "arn:aws-cn:sagemaker:cn-north-1:123456789012:compilation-job/a"
    other = local.client(tmp_path, account="210987654321", workers=0)
    assert other.list_compilation_jobs()["CompilationJobSummaries"] == []


def test_the_users_aws_configuration_and_the_network_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    client = local.client(tmp_path, region="eu-west-1", workers=0)
    assert client.list_workteams()["Workteams"] == []


def _refuse(*_: object) -> None:
    raise AssertionError("a socket was opened")


def test_a_broken_state_directory_is_an_internal_failure(tmp_path: Path) -> None:
    (tmp_path / "plane.db").write_text("this is no database")
    client = local.client(tmp_path, workers=0)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.list_workteams()
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert answer["Error"]["Code"] == "InternalFailure"
    assert "plane.db is damaged" in answer["Error"]["Message"]


def test_an_operation_the_local_service_lacks_is_said(client: Any) -> None:
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.list_endpoints()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


def test_objects_are_those_of_the_same_home(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("weights")
    local.objects(tmp_path).put("s3://models/m", tmp_path / "model")
    assert (tmp_path / "objects/models/m").read_text() == "weights"


def test_jobs_run_as_they_do_for_the_command_line(tmp_path: Path) -> None:
    with local.running(tmp_path):
        client = local.client(tmp_path)
        client.create_compilation_job(CompilationJobName="a", **JOB)
        deadline = time.monotonic() + 30
        while (job := client.describe_compilation_job(CompilationJobName="a"))[
            "CompilationJobStatus"
        ] in ("STARTING", "INPROGRESS"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"] == "ClientError: The bucket models does not exist."


def test_the_example_in_the_documentation_is_true() -> None:
    import doctest

    assert doctest.testmod(local).failed == 0


def test_the_fixture_gives_each_test_its_own_service(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('turn', [1, 2])\n"
        "def test_new(sagectl_client, sagectl_objects, sagectl_home, turn):\n"
        "    assert sagectl_client.list_workforces()['Workforces'] == []\n"
        "    sagectl_client.create_workforce(WorkforceName='crowd', CognitoConfig={\n"
        "        'UserPool': 'us-east-1_abc', 'ClientId': 'portal'})\n"
        "    assert sagectl_objects.buckets() == []\n"
    )
    installed = any(point.name == "sagectl" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "sagectl.pytest_plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "."],
        cwd=tmp_path,
        env=_with_sources(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def _with_sources() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(Path(local.__file__).parents[1])}


def test_a_less_willing_service_can_be_asked_for(tmp_path: Path) -> None:
    slow = local.client(tmp_path, workers=0, quotas={"Workteam": 0}, workforce_seconds=60)
    slow.create_workforce(WorkforceName="crowd", OidcConfig=OIDC)
    found = slow.describe_workforce(WorkforceName="crowd")["Workforce"]
    assert found["Status"] == "Initializing"
    with pytest.raises(slow.exceptions.ResourceLimitExceeded):
        slow.create_workteam(
            WorkteamName="t",
            Description="d",
            MemberDefinitions=[{"OidcMemberDefinition": {"Groups": ["g"]}}],
        )


def test_trouble_comes_by_seed(tmp_path: Path) -> None:
    def attempts(seed: int) -> list[int]:
        unruly = local.client(tmp_path, workers=0, chaos=f"seed={seed},errors=0.3")
        return [unruly.list_workteams()["ResponseMetadata"]["RetryAttempts"] for _ in range(5)]

    assert attempts(2) == attempts(2)
    assert sum(attempts(2)) > 0


def test_a_waiter_sees_a_workforce_become_active(tmp_path: Path) -> None:
    from botocore.waiter import WaiterModel, create_waiter_with_client

    client = local.client(tmp_path, workers=0, workforce_seconds=0.3)
    client.create_workforce(WorkforceName="crowd", OidcConfig=OIDC)
    status = {"matcher": "path", "argument": "Workforce.Status"}
    waiter = {
        "operation": "DescribeWorkforce",
        "delay": 0.1,
        "maxAttempts": 50,
        "acceptors": [
            {**status, "expected": "Active", "state": "success"},
            {**status, "expected": "Failed", "state": "failure"},
        ],
    }
    model = WaiterModel({"version": 2, "waiters": {"WorkforceActive": waiter}})
    create_waiter_with_client("WorkforceActive", model, client).wait(WorkforceName="crowd")
    found = client.describe_workforce(WorkforceName="crowd")["Workforce"]
    assert found["Status"] == "Active"
