"""The AWS CLI against the server."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.conftest import fetched, serving
from tests.clients.scenarios import JOB, OIDC, TEAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.clients


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "111122223333",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


def cli(endpoint: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    program = fetched("aws/bin/aws")

    def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "sagemaker", *args],
            env={
                **os.environ,
                **CREDENTIALS,
                "AWS_ENDPOINT_URL_SAGEMAKER": endpoint,
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def aws(endpoint: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    return cli(endpoint)


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def job(name: str) -> tuple[str, ...]:
    text = json.dumps({"CompilationJobName": name, **JOB})
    return "create-compilation-job", "--cli-input-json", text


def test_a_workforce_and_its_team(aws: Any) -> None:
    made = answer(
        aws("create-workforce", "--workforce-name", "crowd", "--oidc-config", json.dumps(OIDC))
    )
    assert made["WorkforceArn"].startswith("arn:aws:sagemaker:eu-west-1:111122223333:")
    answer(
        aws("create-workteam", "--cli-input-json", json.dumps({"WorkteamName": "t", **TEAM}))
    )
    teams = answer(aws("list-workteams", "--query", "Workteams[].WorkteamName"))
    assert teams == ["t"]
    refused = aws("delete-workforce", "--workforce-name", "crowd")
    assert refused.returncode != 0
    assert "(ResourceInUse)" in refused.stderr
    assert answer(aws("delete-workteam", "--workteam-name", "t")) == {"Success": True}
    assert answer(aws("delete-workforce", "--workforce-name", "crowd")) is None


def test_jobs_are_paged_and_told_apart(aws: Any) -> None:
    for name in ("a", "b", "c"):
        answer(aws(*job(name)))
    listed = answer(
        aws(
            "list-compilation-jobs", "--page-size", "1", "--max-items", "2", "--sort-by", "Name"
        )
    )
    assert [row["CompilationJobName"] for row in listed["CompilationJobSummaries"]] == [
        "a",
        "b",
    ]
    assert listed["NextToken"]
    rest = answer(
        aws(
            "list-compilation-jobs",
            "--page-size",
            "1",
            "--sort-by",
            "Name",
            "--starting-token",
            listed["NextToken"],
        )
    )
    assert [row["CompilationJobName"] for row in rest["CompilationJobSummaries"]] == ["c"]
    missing = aws("describe-compilation-job", "--compilation-job-name", "z")
    assert "(ResourceNotFound)" in missing.stderr
    found = answer(aws("describe-compilation-job", "--compilation-job-name", "a"))
    assert found["FailureReason"] == ""
    assert found["CreationTime"]


def test_search_finds_loaded_records(aws: Any) -> None:
    found = aws(
        "search",
        "--resource",
        "TrainingJob",
        "--search-expression",
        json.dumps({"Filters": [{"Name": "HyperParameters.Depth", "Value": "1"}]}),
        AWS_ACCESS_KEY_ID="123456789012",
        AWS_DEFAULT_REGION="us-east-1",
    )
    (row,) = answer(found)["Results"]
    assert row["TrainingJob"]["TrainingJobName"] == "train-1"


def test_throttling_is_outlasted(home: Path) -> None:
    with serving("--chaos", "seed=5,throttle=0.4") as url:
        for _ in range(3):
            answer(
                cli(url)("list-workforces", AWS_RETRY_MODE="standard", AWS_MAX_ATTEMPTS="12")
            )


def test_signatures_are_those_of_the_cli(home: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("[a]\naws_access_key_id=111122223333\naws_secret_access_key=any\n")
    keys.chmod(0o600)
    with serving("--require-signature", str(keys)) as url:
        answer(cli(url)("list-workforces"))
        wrong = cli(url)("list-workforces", AWS_SECRET_ACCESS_KEY="wrong")
        assert "(InvalidSignatureException)" in wrong.stderr
