"""``sagectl validate``: every finding with its place, and nobody asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


def test_sound_documents_are_counted(local: Run, tmp_path: Path, home: Path) -> None:
    sound = local("validate", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB))
    assert sound.code == 0
    assert sound.out == ""
    assert "3 documents valid, judged strictly." in sound.err
    listed = local("validate", "-f", str(tmp_path), "-o", "name").out.splitlines()
    assert sorted(listed) == ["compilationjob/digits", "workforce/crowd", "workteam/radiology"]
    assert not (home / "plane.db").exists()


def test_all_findings_come_at_once_with_their_places(local: Run, tmp_path: Path) -> None:
    broken = manifest(
        tmp_path,
        TEAM.replace("Description", "Descripton"),
        JOB.replace("Framework: ONNX", "Framework: Onnx").replace("900", "soon"),
    )
    found = local("validate", "-f", broken, "-o", "json")
    assert found.code == 2
    findings = json.loads(found.err)["error"]["findings"]
    places = {(item["path"], item["line"]) for item in findings}
    assert ("spec.Descripton", 5) in places
    assert ("spec.InputConfig.Framework", 16) in places
    assert ("spec.StoppingCondition.MaxRuntimeInSeconds", 22) in places


def test_validate_needs_no_region_and_no_credentials(run: Run, tmp_path: Path) -> None:
    sound = run("validate", "-f", manifest(tmp_path, TEAM))
    assert sound.code == 0
    assert "as AWS does" in sound.err
