"""``--report`` and ``--events``: what CI reads of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from sagectl.catalog.failure_hints import failure_hint
from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

BROKEN = JOB.replace("Framework: ONNX", "Framework: ONNY")


def cases(path: Path) -> dict[str, Any]:
    """Name -> what stands in the case: nothing, failure, skipped or system-out."""
    root = ElementTree.parse(path).getroot()
    return {
        str(case.get("name")): next((child.tag for child in case), "")
        for case in root.iter("testcase")
    }


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_junit_has_a_case_for_every_valid_document(local: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    path = manifest(tmp_path, WORKFORCE, TEAM)
    assert local("validate", "-f", path, "--report", f"junit={report}").code == 0

    assert cases(report) == {"workforce/crowd": "", "workteam/radiology": ""}


def test_junit_has_a_failure_for_every_finding(local: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    path = manifest(tmp_path, BROKEN)
    assert local("validate", "-f", path, "--report", f"junit={report}").code == 2

    assert cases(report) == {f"schema.enum {path}:7:16": "failure"}
    text = report.read_text(encoding="utf-8")
    assert "Did you mean &apos;ONNX&apos;?" in text or "Did you mean 'ONNX'?" in text


def test_sarif_points_into_the_file(local: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.sarif"
    path = manifest(tmp_path, BROKEN)
    assert local("validate", "-f", path, "--report", f"sarif={report}").code == 2

    [run] = json.loads(report.read_text(encoding="utf-8"))["runs"]
    [result] = run["results"]
    assert (result["ruleId"], result["level"]) == ("schema.enum", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == path
    assert place["region"] == {"startLine": 7, "startColumn": 16}


def test_github_is_told_in_its_own_words(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    path = manifest(tmp_path, BROKEN)
    refused = local("validate", "-f", path, "--report", "github", "-o", "json")

    assert f"::error file={path},line=7,col=16,title=schema.enum::" in refused.err
    assert refused.out == ""
    assert "**error**" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_an_apply_reports_what_became_of_each(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    summary, report = tmp_path / "summary.md", tmp_path / "report.xml"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    second = WORKFORCE.replace("name: crowd", "name: second")
    team = TEAM.replace("crowd", "second")
    flags = ("--report", f"junit={report}", "--report", "github")
    done = local("apply", "-f", manifest(tmp_path, second, team, JOB), "--yes", *flags)

    assert done.code == 6
    assert cases(report) == {
        "workforce/second": "failure",
        "workteam/radiology": "skipped",
        "compilationjob/digits": "",
    }
    text = summary.read_text(encoding="utf-8")
    assert "| `workforce/second` | failed |" in text
    assert "| `compilationjob/digits` | created |" in text


def test_events_are_written_as_json_lines(local: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    path = manifest(tmp_path, WORKFORCE, TEAM)
    assert local("apply", "-f", path, "--yes", "--events", str(file)).code == 0

    told = events(file)
    assert [(item["event"], item.get("label")) for item in told] == [
        ("checked", None),
        ("planned", None),
        ("started", "workforce/crowd"),
        ("done", "workforce/crowd"),
        ("started", "workteam/radiology"),
        ("done", "workteam/radiology"),
        ("end", None),
    ]
    assert told[1]["create"] == 2
    assert told[-1]["exit_code"] == 0
    assert all("time" in item for item in told)


def test_a_failure_that_is_about_no_document_is_a_case(local: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    path = manifest(tmp_path, JOB)
    refused = local("apply", "-f", path, "--report", f"junit={report}")

    assert refused.code == 2
    assert cases(report)["sagectl apply"] == "failure"


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("junit", id="no-file"),
        pytest.param("github=x", id="a-file-too-many"),
        pytest.param("html=x", id="unknown"),
    ],
)
def test_a_report_of_another_form_is_refused(local: Run, tmp_path: Path, word: str) -> None:
    refused = local("validate", "-f", manifest(tmp_path, JOB), "--report", word)

    assert refused.code == 2
    assert "is not junit=FILE, sarif=FILE or github" in refused.err


def test_a_report_that_cannot_be_written_is_told(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, JOB)
    refused = local("validate", "-f", path, "--report", f"junit={tmp_path}/no/report.xml")

    assert refused.code == 2
    assert "cannot be written" in refused.err


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        pytest.param(
            "ClientError: InputConfiguration: TVM cannot convert ONNX model. Please make sure "
            "the framework you selected is correct. The following operators are not "
            "implemented: {'Foo'}",
            "Replace these operators",
            id="operators",
        ),
        pytest.param(
            "ClientError: S3 object does not exist. Bucket: b, Key: k", "S3Uri", id="object"
        ),
        pytest.param(
            "ClientError: Bucket b is in region eu-west-1 which is different from AWS "
            "Sagemaker service region us-east-1",
            "job's region",
            id="region",
        ),
        pytest.param("ClientError: Unable to untar input model.", "tar.gz", id="archive"),
        pytest.param("ClientError: Incompatible ONNX model", "which operator", id="onnx"),
        pytest.param(
            "TVM cannot convert the PyTorch model. Invalid model or input-shape mismatch. Make "
            "sure that inputs are lexically ordered",
            "DataInputConfig",
            id="shapes",
        ),
    ],
)
def test_known_failures_come_with_what_to_do(reason: str, hint: str) -> None:
    assert hint in str(failure_hint(reason))


def test_an_unknown_failure_comes_without() -> None:
    assert failure_hint("ClientError: something new") is None
