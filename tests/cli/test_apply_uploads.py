"""Uploads of ``apply``: local files under names that say what they hold."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, manifest
from tests.support.served import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


def job_of(model: str) -> str:
    return JOB.replace("s3://models/digits.tar.gz", f"{{upload: {model}}}")


def archive(path: Path, *names: str) -> None:
    with tarfile.open(path, "w:gz") as file:
        for name in names:
            file.addfile(tarfile.TarInfo(name), io.BytesIO())


def source(local: Run) -> str:
    described = json.loads(local("compile", "describe", "digits", "-o", "json").out)
    uri: str = described["InputConfig"]["S3Uri"]
    return uri


def test_a_model_is_packed_and_named_after_its_content(
    local: Run, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "net.v2.onnx").write_bytes(b"a model")
    path = manifest(tmp_path, job_of("net.v2.onnx"))
    assert local("apply", "-f", path, "--yes").code == 0
    uri = source(local)
    assert uri.startswith("s3://sagectl-local/uploads/")
    assert uri.endswith("/net.v2.tar.gz")
    with tarfile.open(home / "objects" / uri.removeprefix("s3://")) as packed:
        assert packed.getnames() == ["net.v2.onnx"]
        member = packed.extractfile("net.v2.onnx")
        assert member
        assert member.read() == b"a model"


def test_the_same_content_is_no_change_wherever_it_was_put(local: Run, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"a model")
    path = manifest(tmp_path, job_of("net.onnx"))
    local("apply", "-f", path, "--yes", "--upload-to", "s3://elsewhere/models/")
    assert source(local).startswith("s3://elsewhere/models/")
    assert local("diff", "-f", path).code == 0


def test_other_content_is_a_change(local: Run, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"a model")
    path = manifest(tmp_path, job_of("net.onnx"))
    local("apply", "-f", path, "--yes")
    (tmp_path / "net.onnx").write_bytes(b"another model")
    refused = local("diff", "-f", path)
    assert refused.code == 2
    assert "S3Uri" in refused.err


def test_what_is_there_is_not_sent_again(local: Run, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"a model")
    first = job_of("net.onnx")
    second = first.replace("name: digits", "name: digits-2")
    done = local("apply", "-f", manifest(tmp_path, first, second), "--yes")
    assert done.err.count(" uploaded") == 1


def test_an_archive_goes_as_it_is(local: Run, tmp_path: Path, home: Path) -> None:
    archive(tmp_path / "net.tar.gz", "net.onnx")
    local("apply", "-f", manifest(tmp_path, job_of("net.tar.gz")), "--yes")
    stored = home / "objects" / source(local).removeprefix("s3://")
    assert stored.read_bytes() == (tmp_path / "net.tar.gz").read_bytes()
    assert stored.name == "net.tar.gz"


def test_a_folder_is_packed_with_all_its_files(local: Run, tmp_path: Path, home: Path) -> None:
    (tmp_path / "saved" / "variables").mkdir(parents=True)
    (tmp_path / "saved" / "graph.pb").write_bytes(b"graph")
    (tmp_path / "saved" / "variables" / "0").write_bytes(b"weights")
    local("apply", "-f", manifest(tmp_path, job_of("saved")), "--yes")
    uri = source(local)
    assert uri.endswith("/saved.tar.gz")
    with tarfile.open(home / "objects" / uri.removeprefix("s3://")) as packed:
        assert packed.getnames() == ["graph.pb", "variables/0"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("net.onnx", None, "there is no file", id="missing"),
        pytest.param("net.tar.gz", b"a model", "is not a tar.gz", id="no-gzip"),
        pytest.param("net.tar.gz", b"\x1f\x8bgarbage", "is not a tar.gz", id="broken-gzip"),
        pytest.param("net.tar.gz", "empty", "it is empty", id="empty-archive"),
        pytest.param("models", "folder", "holds no file", id="empty-folder"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "diff"])
def test_a_file_that_cannot_be_sent_is_a_finding(
    local: Run,
    tmp_path: Path,
    command: str,
    name: str,
    content: bytes | str | None,
    message: str,
) -> None:
    if content == "folder":
        (tmp_path / name).mkdir()
    elif content == "empty":
        archive(tmp_path / name)
    elif isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    refused = local(command, "-f", manifest(tmp_path, job_of(name)))
    assert refused.code == 2
    assert message in refused.err
    assert "set.yaml:6:12  spec.InputConfig.S3Uri" in refused.err


def test_on_aws_there_is_no_place_to_upload_to_by_default(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plane answers as AWS would: the finding comes from the planner, not the service."""
    (tmp_path / "net.onnx").write_bytes(b"a model")
    path = manifest(tmp_path, job_of("net.onnx"))
    with served(tmp_path) as url:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        refused = run("diff", "-f", path, "--endpoint-url", url, "--region", "us-east-1")
    assert refused.code == 2
    assert "no place to upload" in refused.err
    assert "--upload-to" in refused.err
