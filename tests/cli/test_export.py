"""``sagectl export``: what is live, as manifests that change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

LABELING = """\
kind: LabelingJob
name: boxes
tags: {owner: ada}
spec:
  LabelAttributeName: box
  RoleArn: arn:aws:iam::123456789012:role/labeler
  InputConfig:
    DataSource: {S3DataSource: {ManifestS3Uri: "s3://scans/in.manifest"}}
  OutputConfig: {S3OutputPath: "s3://scans/out"}
  HumanTaskConfig:
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: "s3://scans/box.liquid"}
    PreHumanTaskLambdaArn: arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule
    NumberOfHumanWorkersPerDataObject: 3
    TaskTimeLimitInSeconds: 600
    AnnotationConsolidationConfig:
      AnnotationConsolidationLambdaArn:
        arn:aws:lambda:us-east-1:432418664414:function:ACS-BoundingBox
  LabelCategoryConfigS3Uri: s3://scans/labels.json
"""


@pytest.fixture
def live(local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``local`` with one resource of every kind."""
    monkeypatch.setenv("CROWD_CLIENT_SECRET", "not-to-be-seen")
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB, LABELING, name="live.yaml")
    done = local("apply", "-f", path, "--yes")
    assert done.code == 0, done.err
    return local


def test_what_was_exported_applies_back_with_no_difference(live: Run, tmp_path: Path) -> None:
    out = live("export", "--all")
    assert out.code == 0
    assert "not-to-be-seen" not in out.out
    (tmp_path / "export.yaml").write_text(out.out)
    same = live("diff", "-f", str(tmp_path / "export.yaml"))
    assert same.code == 0, same.out + same.err
    assert "4 unchanged." in same.out


def test_what_was_exported_makes_the_same_elsewhere(live: Run, tmp_path: Path) -> None:
    (tmp_path / "export.yaml").write_text(live("export", "--all").out)
    elsewhere = ("--region", "us-west-2")
    path = str(tmp_path / "export.yaml")
    made = live("apply", "-f", path, "--yes", *elsewhere)
    assert "workteam/radiology created" in made.err
    assert live("export", "workteam", *elsewhere).out == live("export", "workteam").out


def test_kinds_and_names_choose(live: Run) -> None:
    assert live("export", "Workteam", "-o", "name").out.split() == ["workteam/radiology"]
    both = live("export", "workforce/crowd", "compilationjob", "-o", "name")
    assert both.out.split() == ["workforce/crowd", "compilationjob/digits"]


def test_secrets_references_tags_and_json_are_written_as_people_would(live: Run) -> None:
    documents = {
        item["kind"]: item for item in json.loads(live("export", "--all", "-o", "json").out)
    }
    oidc = documents["Workforce"]["spec"]["OidcConfig"]
    assert oidc["ClientSecret"] == {"env": "CROWD_CLIENT_SECRET"}
    job = documents["LabelingJob"]
    assert job["spec"]["HumanTaskConfig"]["WorkteamArn"] == {"ref": "Workteam/radiology"}
    assert job["tags"] == {"owner": "ada"}
    assert documents["CompilationJob"]["spec"]["InputConfig"]["DataInputConfig"] == {
        "image": [1, 64]
    }


def test_a_directory_gets_a_file_for_each(live: Run, tmp_path: Path) -> None:
    place = tmp_path / "repo"
    assert live("export", "--all", "--directory", str(place), "--with-region").code == 0
    found = sorted(str(item.relative_to(place)) for item in place.rglob("*.yaml"))
    assert found == [
        "compilationjob/digits.yaml",
        "labelingjob/boxes.yaml",
        "workforce/crowd.yaml",
        "workteam/radiology.yaml",
    ]
    assert live("diff", "-R", "-f", str(place), "--region", "eu-west-1").code == 0
    again = live("export", "--all", "--directory", str(place))
    assert again.code == 2
    assert "exists" in again.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param((), 2, "what is to be exported", id="nothing"),
        pytest.param(("workteam", "--all"), 2, "what is to be exported", id="both"),
        pytest.param(("pod",), 2, "does not name", id="unknown-kind"),
        pytest.param(("workteam/nobody",), 3, "workteam/nobody", id="not-there"),
    ],
)
def test_bad_words_are_refused(
    local: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    refused = local("export", *arguments)
    assert refused.code == code
    assert message in refused.err
