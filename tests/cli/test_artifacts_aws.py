"""What jobs on AWS leave, through the commands: moto's S3 and CloudWatch, one described job."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.gateway.logs import GROUP
from sagectl.gateway.session import client
from tests.compiler.conftest import model, package
from tests.support.answering import Quiet, answering
from tests.support.moto import moto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.packaging import Package
    from tests.conftest import Run

__all__ = ["model", "package"]
URI = "s3://artifacts/out/small.tar.gz"


class SageMaker(Quiet):
    """Answers DescribeCompilationJob from ``jobs``; each later look finds the next row."""

    jobs: dict[str, list[dict[str, Any]]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = self.jobs[asked["CompilationJobName"]]
        self.answer(json.dumps(rows.pop(0) if len(rows) > 1 else rows[0]).encode())


def described(name: str, status: str, digest: str | None = None) -> dict[str, Any]:
    return {
        "CompilationJobName": name,
        "CompilationJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:compilation-job/{name}",
        "CompilationJobStatus": status,
        "CreationTime": 1.0,
        "ModelArtifacts": {"S3ModelArtifacts": URI if status == "COMPLETED" else ""},
        **({"ModelDigests": {"ArtifactDigest": digest}} if digest else {}),
    }


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, package: Package) -> Iterator[dict[str, Any]]:
    """The jobs of an account; the package of those that completed lies in its S3."""
    content = package.path.read_bytes()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    SageMaker.jobs = {
        "small": [described("small", "COMPLETED", digest)],
        "damaged": [described("damaged", "COMPLETED", f"sha256:{'0' * 64}")],
        "old": [described("old", "COMPLETED")],
        "running": [described("running", "INPROGRESS"), described("running", "COMPLETED")],
        "failed": [described("failed", "FAILED")],
    }
    with answering(SageMaker) as service, moto() as url:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", service)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", url)
        s3: Any = client("s3", "us-east-1")
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="out/small.tar.gz", Body=content)
        yield SageMaker.jobs


def test_a_package_is_brought_here_and_held_against_its_digest(
    run: Run, jobs: dict[str, Any], package: Package, tmp_path: Path
) -> None:
    done = run("compile", "download", "small", "-o", str(tmp_path / "out"))

    assert done.code == 0, done.err
    assert (tmp_path / "out/small.tar.gz").read_bytes() == package.path.read_bytes()


def test_a_package_of_another_digest_is_not_kept(
    run: Run, jobs: dict[str, Any], tmp_path: Path
) -> None:
    done = run("compile", "download", "damaged", "-o", str(tmp_path))

    assert done.code == 7
    assert "the job reports sha256:0000" in done.err
    assert not (tmp_path / "small.tar.gz").exists()


def test_a_job_without_a_digest_is_said_to_be_unverified(
    run: Run, jobs: dict[str, Any], tmp_path: Path
) -> None:
    done = run("compile", "download", "old", "-o", str(tmp_path))

    assert done.code == 0, done.err
    assert "Not verified: the job reports no SHA-256" in done.err


def test_a_job_that_failed_has_no_package(run: Run, jobs: dict[str, Any]) -> None:
    done = run("compile", "download", "failed")

    assert done.code == 2
    assert "failed is FAILED and has no package" in done.err


def test_a_folder_that_cannot_be_is_said(
    run: Run, jobs: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    done = run("compile", "download", "small", "-o", str(tmp_path / "file"))

    assert done.code == 2
    assert "cannot be used" in done.err


def test_a_job_is_compared_with_a_file(
    run: Run, jobs: dict[str, Any], package: Package
) -> None:
    done = run("compile", "compare", "small", str(package.path))

    assert done.code == 0, done.err
    assert run("compile", "compare", "small", "failed").code == 2


def test_the_log_of_a_job_is_followed_to_its_end(run: Run, jobs: dict[str, Any]) -> None:
    watch: Any = client("logs", "us-east-1")
    watch.create_log_group(logGroupName=GROUP)
    watch.create_log_stream(logGroupName=GROUP, logStreamName="small/1")
    event = {"timestamp": int(time.time() * 1000), "message": "compiled"}
    watch.put_log_events(logGroupName=GROUP, logStreamName="small/1", logEvents=[event])

    assert run("compile", "logs", "small").out == "compiled\n"
    assert run("compile", "logs", "small", "--follow").out == "compiled\n"
    assert run("compile", "logs", "failed").out == ""
