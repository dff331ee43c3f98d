"""Labeling jobs through botocore: the plane over HTTP, and moto's S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.app.consolidation import Consolidation
from sagectl.controlplane.labelwork import Answer, LabelingWork
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.resources import Place
from sagectl.gateway.session import client
from sagectl.schema.model import service_model
from tests.support.manifests import TEAM, WORKFORCE, manifest
from tests.support.moto import moto
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.conftest import Run

REGION = "eu-west-1"
JOB = """\
kind: LabelingJob
name: pets
spec:
  LabelAttributeName: pet
  InputConfig: {DataSource: {S3DataSource: {ManifestS3Uri: s3://pets/in.manifest}}}
  OutputConfig: {S3OutputPath: s3://pets/out}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  LabelCategoryConfigS3Uri: s3://pets/labels.json
  HumanTaskConfig:
    TaskType: ImageMultiClass
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: s3://pets/pet.liquid}
    TaskTitle: Which pet?
    TaskDescription: Say which pet this is.
    NumberOfHumanWorkersPerDataObject: 1
"""
LABELS = {"document-version": "2018-11-28", "labels": [{"label": "cat"}, {"label": "dog"}]}
TEMPLATE = """\
<crowd-form><crowd-image-classifier name="pet" src="{{ task.input.taskObject }}"
  categories="{{ task.input.labels | to_json | escape }}"></crowd-image-classifier></crowd-form>
"""
OBJECTS = {
    "in.manifest": '{"source-ref": "s3://pets/1.png"}\n{"source-ref": "s3://pets/2.png"}\n',
    "labels.json": json.dumps(LABELS),
    "pet.liquid": TEMPLATE,
    "1.png": "1",
    "2.png": "2",
}


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3 with what the job ``pets`` reads, beside a plane over HTTP for SageMaker."""
    with served(tmp_path) as url, moto() as others:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", others)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.chdir(tmp_path)
        found = client("s3", REGION)
        found.create_bucket(
            Bucket="pets", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for key, text in OBJECTS.items():
            found.put_object(Bucket="pets", Key=key, Body=text.encode())
        manifest(tmp_path, WORKFORCE, TEAM, name="team.yaml")
        manifest(tmp_path, JOB, name="job.yaml")
        yield found


@pytest.fixture
def pets(run: Run, s3: Any) -> Any:
    """The job ``pets``, in progress; gives S3."""
    done = run("apply", "-f", "team.yaml", "-f", "job.yaml", "--check-objects", "--yes")
    assert done.code == 0, done.err
    return s3


def labeled(s3: Any, folder: Path) -> None:
    """Do what the service's workers do: answer, and leave the output in S3."""
    plane = ControlPlane(folder / "served", service_model(folder / "served-cache"))
    work = LabelingWork(plane, Place("123456789012", REGION), Consolidation())
    draft = folder / "draft"
    for key, text in OBJECTS.items():
        draft.write_text(text)
        work.objects.put(f"s3://pets/{key}", draft)
    given = [Answer(0, "ann", {"label": "cat"}, 3.0), Answer(1, "bob", {"label": "dog"}, 5.0)]
    assert work.take("pets", given) == 0
    for item in work.objects.listing("s3://pets/out/"):
        key = item.uri.removeprefix("s3://pets/")
        s3.put_object(Bucket="pets", Key=key, Body=work.objects.path(item.uri).read_bytes())
    plane.store.close()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("labeling", "create", "-f", "job.yaml", "--yes"), id="create"),
        pytest.param(("apply", "-f", "job.yaml", "--yes"), id="apply"),
        pytest.param(("apply", "-f", "job.yaml", "--dry-run=server"), id="dry-run"),
        pytest.param(("validate", "-f", "job.yaml"), id="validate"),
    ],
)
def test_missing_objects_are_found_with_their_lines(
    run: Run, s3: Any, command: tuple[str, ...]
) -> None:
    assert run("apply", "-f", "team.yaml", "--yes").code == 0
    s3.delete_object(Bucket="pets", Key="2.png")
    found = run(*command, "--check-objects")
    assert found.code == 2, found.err
    assert "s3://pets/in.manifest:2:1" in found.err
    assert "s3://pets/2.png does not exist" in found.err
    assert run("labeling", "list", "-o", "name").out == ""


def test_a_manifest_in_s3_is_read_line_by_line(run: Run, s3: Any) -> None:
    assert run("apply", "-f", "team.yaml", "--yes").code == 0
    s3.put_object(Bucket="pets", Key="in.manifest", Body=b"{}\nnope\n")
    found = run("labeling", "create", "-f", "job.yaml", "--yes")
    assert found.code == 2
    assert "s3://pets/in.manifest:1:1" in found.err
    assert "s3://pets/in.manifest:2:1" in found.err


def test_a_bucket_that_is_not_there_is_said(run: Run, s3: Any, tmp_path: Path) -> None:
    assert run("apply", "-f", "team.yaml", "--yes").code == 0
    manifest(tmp_path, JOB.replace("s3://pets/in", "s3://no-such-pets/in"), name="job.yaml")
    found = run("labeling", "create", "-f", "job.yaml", "--check-objects", "--yes")
    assert found.code == 2
    assert "s3://no-such-pets/in.manifest cannot be looked at" in found.err


@pytest.mark.usefixtures("pets")
def test_a_job_is_described_listed_and_counted(run: Run) -> None:
    found = run("labeling", "describe", "pets")
    assert "InProgress" in found.out
    assert f".labeling.{REGION}.sagemaker.aws" in found.err
    assert run("labeling", "list", "--status", "InProgress", "-o", "name").out.split() == [
        "labelingjob/pets"
    ]
    assert run("labeling", "list", "--workteam", "radiology", "-o", "json").code == 0
    rows = json.loads(run("labeling", "inventory", "--all-regions", "-o", "json").out)
    assert [(row["Region"], row["Workteam"]) for row in rows["Inventory"]] == [
        (REGION, "radiology")
    ]


@pytest.mark.usefixtures("pets")
def test_watching_tells_where_the_workers_sign_in(run: Run) -> None:
    found = run("labeling", "watch", "pets", "--once")
    assert found.code == 0
    assert f".labeling.{REGION}.sagemaker.aws" in found.err
    assert "labelingjob/pets InProgress" in found.out


def test_results_come_down_from_s3(run: Run, pets: Any, tmp_path: Path) -> None:
    assert "has no output" in run("labeling", "results", "pets").err
    labeled(pets, tmp_path)
    told = json.loads(run("labeling", "results", "pets", "-o", "json").out)
    assert told["Labels"] == {"cat": 1, "dog": 1}
    assert {one["Worker"]: one["MeanSeconds"] for one in told["Workers"]} == {
        "ann": 3.0,
        "bob": 5.0,
    }
    found = run("labeling", "results", "pets", "--format", "csv")
    assert "0,s3://pets/1.png,cat," in found.out
    assert run("labeling", "verify", "pets", "pets", "--at-least", "1").code == 0


def test_an_output_that_is_gone_is_said(run: Run, pets: Any, tmp_path: Path) -> None:
    labeled(pets, tmp_path)
    key = "out/pets/manifests/output/output.manifest"
    pets.delete_object(Bucket="pets", Key=key)
    found = run("labeling", "results", "pets")
    assert found.code == 3
    assert f"s3://pets/{key}" in found.err
