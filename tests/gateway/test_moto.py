"""The gateway against moto: somebody else's idea of SageMaker and S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.errors import InputError, NotFoundError, ServiceError
from sagectl.gateway.client import AwsCaller, pages
from sagectl.gateway.objects import S3Objects
from sagectl.gateway.secrets import secret_text
from sagectl.gateway.session import client
from tests.support.moto import moto
from tests.support.planes import compilation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def url(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    return server


@pytest.fixture
def bucket(url: str) -> str:
    s3: Any = client("s3", "us-east-1")
    # moto's servers in one process share their buckets.
    s3.create_bucket(Bucket="gateway-models")
    return "gateway-models"


def test_a_compilation_job_comes_and_goes(url: str) -> None:
    caller = AwsCaller("us-east-1", endpoint_url=url)
    # moto's summaries fail (KeyError) for a platform without an accelerator.
    platform = {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"}
    output = {"S3OutputLocation": "s3://models/out/", "TargetPlatform": platform}
    digits = compilation("digits", OutputConfig=output)
    assert "CompilationJobArn" in caller.call("CreateCompilationJob", digits)
    rows = pages(caller, "ListCompilationJobs", {}, "CompilationJobSummaries")
    assert [row["CompilationJobName"] for row in rows] == ["digits"]
    with pytest.raises(ServiceError) as caught:
        caller.call("CreateCompilationJob", digits)
    assert caught.value.code == "ResourceInUse"
    caller.call("DeleteCompilationJob", {"CompilationJobName": "digits"})
    with pytest.raises(NotFoundError):
        caller.call("DescribeCompilationJob", {"CompilationJobName": "digits"})


def test_an_object_is_sent_found_and_fetched(bucket: str, tmp_path: Path) -> None:
    objects = S3Objects("us-east-1")
    (tmp_path / "net.onnx").write_bytes(b"weights")
    uri = f"s3://{bucket}/uploads/net.onnx"
    assert not objects.exists(uri)
    objects.put(uri, tmp_path / "net.onnx")
    assert objects.exists(uri)
    objects.fetch(uri, tmp_path / "back.onnx")
    assert (tmp_path / "back.onnx").read_bytes() == b"weights"


def test_a_bucket_that_is_not_there_is_said_by_name(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"weights")
    with pytest.raises(NotFoundError) as caught:
        S3Objects("us-east-1").put("s3://nowhere-at-all/net.onnx", tmp_path / "net.onnx")
    assert caught.value.code == "NoSuchBucket"


def test_an_object_that_is_not_there_cannot_be_fetched(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        S3Objects("us-east-1").fetch(f"s3://{bucket}/nothing", tmp_path / "x")


def test_a_secret_is_read_by_name_and_by_arn(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
    manager: Any = client("secretsmanager", "eu-west-1")
    made = manager.create_secret(Name="crowd", SecretString="a value")
    assert secret_text("crowd", "eu-west-1") == "a value"
    assert secret_text(made["ARN"], "us-east-1") == "a value"
    with pytest.raises(NotFoundError):
        secret_text("nothing", "eu-west-1")
    manager.create_secret(Name="bytes", SecretBinary=b"\0")
    with pytest.raises(InputError, match="binary"):
        secret_text("bytes", "eu-west-1")


@pytest.mark.parametrize("uri", ["http://models/a", "s3://models", "s3:///a", "models/a"])
def test_a_name_that_is_none_is_the_user_s_mistake(uri: str) -> None:
    with pytest.raises(InputError):
        S3Objects("us-east-1").exists(uri)


def test_the_app_fetches_an_object_once(bucket: str, tmp_path: Path) -> None:
    from sagectl.app import App
    from sagectl.settings import settings

    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights")
    S3Objects("us-east-1").put(f"s3://{bucket}/fetched.onnx", model)
    app = App(settings({"backend": "aws", "region": "us-east-1"}))

    found = app.backend.fetch(f"s3://{bucket}/fetched.onnx")

    assert found.read_bytes() == b"weights"
    assert app.backend.fetch(f"s3://{bucket}/fetched.onnx") == found
