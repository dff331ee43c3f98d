"""``sagectl local serve``: the server as its users start, ask and stop it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Run

ROOT = Path(__file__).parents[2]
WORKFORCE: dict[str, Any] = {
    "WorkforceName": "crowd",
    "CognitoConfig": {"UserPool": "us-east-1_Pool1", "ClientId": "client1"},
}


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sagectl", "local", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def client(url: str, key: str = "111122223333", secret: str = "s", **config: Any) -> Any:
    return boto3.client(
        "sagemaker",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
    )


def test_the_endpoint_is_printed_and_sigterm_ends_it_well(home: Path) -> None:
    with serving() as (url, process):
        arn = client(url).create_workforce(**WORKFORCE)["WorkforceArn"]
        assert arn == "arn:aws:sagemaker:eu-west-1:111122223333:workforce/crowd"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr
        assert "AWS_ENDPOINT_URL_SAGEMAKER" in process.stderr.read()


def test_json_output_has_the_endpoint_as_an_object(home: Path) -> None:
    with serving("-o", "json") as (line, _):
        assert json.loads(line)["Endpoint"].startswith("http://127.0.0.1:")


def test_quotas_delays_and_the_log_are_as_asked(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ("--quota", "Workteam=1", "--workforce-delay", "30", "--log", str(log))
    with serving(*options, "--sync", "full") as (url, process):
        sagemaker = client(url)
        sagemaker.create_workforce(**WORKFORCE)
        found = sagemaker.describe_workforce(WorkforceName="crowd")["Workforce"]
        assert found["Status"] == "Initializing"
        member = {**WORKFORCE["CognitoConfig"], "UserGroup": "g"}
        team = {"Description": "d", "MemberDefinitions": [{"CognitoMemberDefinition": member}]}
        other = boto3.client(
            "sagemaker",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="s",
        )
        other.create_workteam(WorkteamName="one", **team)
        with pytest.raises(ClientError) as caught:
            other.create_workteam(WorkteamName="two", **team)
        assert caught.value.response["Error"]["Code"] == "ResourceLimitExceeded"
        process.terminate()
        process.wait(10)
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["Operation"], row["Status"], row["Code"]) for row in rows] == [
        ("CreateWorkforce", 200, ""),
        ("DescribeWorkforce", 200, ""),
        ("CreateWorkteam", 200, ""),
        ("CreateWorkteam", 400, "ResourceLimitExceeded"),
    ]
    assert rows[0]["Account"] == "111122223333"


def test_clients_outlast_throttling_that_was_asked_for(home: Path) -> None:
    with serving("--chaos", "seed=1,throttle=0.3,errors=0.1") as (url, _):
        patient = client(url, retries={"total_max_attempts": 12, "mode": "standard"})
        patient.create_workforce(**WORKFORCE)
        attempts = 0
        for _ in range(6):
            answer = patient.describe_workforce(WorkforceName="crowd")
            attempts += answer["ResponseMetadata"]["RetryAttempts"]
        assert attempts > 0


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    place = tmp_path / "keys"
    place.write_text("[a]\naws_access_key_id = 111122223333\naws_secret_access_key = right\n")
    place.chmod(0o600)
    return place


def test_only_signed_requests_are_served_when_asked_to(home: Path, keys: Path) -> None:
    with serving("--host", "0.0.0.0", "--require-signature", str(keys)) as (url, _):
        url = url.replace("0.0.0.0", "127.0.0.1")
        assert client(url, secret="right").list_workforces()["Workforces"] == []
        for _ in range(2):  # a client does not sign two requests alike
            client(url, secret="right").list_workteams()
        client(url, secret="right").create_workforce(**WORKFORCE)
        for key, secret, code in (
            ("111122223333", "wrong", "InvalidSignatureException"),
            ("stranger", "right", "UnrecognizedClientException"),
        ):
            with pytest.raises(ClientError) as caught:
                client(url, key, secret).list_workforces()
            assert caught.value.response["Error"]["Code"] == code


REFUSED = {
    "an open address": (("--host", "0.0.0.0"), "not a loopback address"),
    "trouble unknown": (("--chaos", "storm=1"), "no trouble that is known"),
    "trouble of no size": (("--chaos", "seed=1,lag"), "'lag' has no value"),
    "no trouble at all": (("--chaos", ""), "no trouble that is known"),
    "a quota of nothing": (("--quota", "Moon=1"), "not understood"),
    "a quota without number": (("--quota", "Tag=many"), "not understood"),
    "keys that are not there": (("--require-signature", "nowhere"), "nowhere"),
    "a port out of range": (("--port", "70000"), "70000"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_server_that_cannot_be_is_said_at_once(run: Run, kind: str) -> None:
    options, text = REFUSED[kind]
    refused = run("local", "serve", *options)
    assert refused.code == 2
    assert text in refused.err
    assert refused.out == ""


def test_a_port_that_is_taken_is_said(run: Run) -> None:
    with serving() as (url, _):
        port = url.rpartition(":")[2]
        refused = run("local", "serve", "--port", port)
        assert refused.code == 2
        assert port in refused.err


def test_the_environment_of_these_tests_has_no_credentials() -> None:
    assert not [name for name in os.environ if name.startswith("AWS_ACCESS")]
