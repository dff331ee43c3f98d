"""``sagectl apply --set``: what a set made is known by its tag, and pruned by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Outcome, Run

OTHER = TEAM.replace("radiology", "oncology")


def names(local: Run, group: str) -> list[str]:
    return local(group, "list", "-o", "name").out.split()


def tags(local: Run, resource: str) -> dict[str, str]:
    shown = json.loads(local("tag", "list", resource, "-o", "json").out)
    return {tag["Key"]: tag["Value"] for tag in shown["Tags"]}


def applied(local: Run, path: str, *flags: str) -> Outcome:
    done = local("apply", "-f", path, "--yes", *flags)
    assert done.code == 0, done.err
    return done


def test_what_is_made_carries_the_tag_and_what_was_there_does_not(
    local: Run, tmp_path: Path
) -> None:
    applied(local, manifest(tmp_path, WORKFORCE, TEAM))
    path = manifest(tmp_path, WORKFORCE, TEAM, OTHER)
    applied(local, path, "--set", "clinic")

    assert tags(local, "workteam/oncology") == {"sagectl:set": "clinic"}
    assert tags(local, "workteam/radiology") == {}
    assert local("diff", "-f", path, "--set", "clinic").code == 0


def test_adopting_tags_what_was_there(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, TEAM)
    applied(local, path)
    done = applied(local, path, "--set", "clinic", "--adopt")

    assert "Tags.sagectl:set" in done.err
    assert tags(local, "workteam/radiology") == {"sagectl:set": "clinic"}


def test_pruning_removes_what_left_the_set_and_nothing_else(local: Run, tmp_path: Path) -> None:
    stranger = manifest(tmp_path, WORKFORCE, TEAM, name="stranger.yaml")
    applied(local, stranger)
    neighbour = JOB.replace("name: digits", "name: neighbour")
    applied(local, manifest(tmp_path, neighbour, name="n.yaml"), "--set", "other")
    applied(local, manifest(tmp_path, WORKFORCE, OTHER, JOB), "--set", "clinic")

    path = manifest(tmp_path, WORKFORCE)
    shown = local("diff", "-f", path, "--set", "clinic", "--prune")
    assert shown.code == 1
    assert "- workteam/oncology  (of the set clinic, and in no document)" in shown.out
    assert "compilationjob/digits" in shown.out
    assert "stopped first" in shown.out
    applied(local, path, "--set", "clinic", "--prune")

    assert names(local, "workteam") == ["workteam/radiology"]
    assert names(local, "compile") == ["compilationjob/neighbour"]
    assert local("diff", "-f", path, "--set", "clinic", "--prune").code == 0


def test_nothing_is_pruned_when_something_else_failed(local: Run, tmp_path: Path) -> None:
    applied(local, manifest(tmp_path, WORKFORCE, TEAM), "--set", "clinic")
    # Two workforces in a region: the second is refused when it is asked for.
    second = WORKFORCE.replace("name: crowd", "name: second")
    path = manifest(tmp_path, second)
    done = local("apply", "-f", path, "--yes", "--set", "clinic", "--prune")

    assert done.code == 6
    assert "workteam/radiology skipped" in done.err
    assert names(local, "workteam") == ["workteam/radiology"]


def test_a_workforce_is_never_pruned_and_that_is_said(local: Run, tmp_path: Path) -> None:
    applied(local, manifest(tmp_path, WORKFORCE), "--set", "clinic")
    path = manifest(tmp_path, JOB)
    done = applied(local, path, "--set", "clinic", "--prune")

    assert "workforce/crowd stays" in done.err
    assert names(local, "workforce") == ["workforce/crowd"]


def test_a_plan_with_prunings_can_be_saved(local: Run, tmp_path: Path) -> None:
    other = JOB.replace("name: digits", "name: faces")
    applied(local, manifest(tmp_path, JOB, other), "--set", "clinic")
    path = manifest(tmp_path, JOB)
    plan = str(tmp_path / "plan.json")
    flags = ("--set", "clinic", "--prune")
    assert local("diff", "-f", path, *flags, "--save-plan", plan).code == 1
    assert local("apply", "--plan", plan, "--yes").code == 0

    assert names(local, "compile") == ["compilationjob/digits"]


def test_what_is_pruned_is_not_waited_for(local: Run, tmp_path: Path) -> None:
    applied(local, manifest(tmp_path, WORKFORCE, JOB), "--set", "clinic")
    path = manifest(tmp_path, WORKFORCE)
    done = applied(local, path, "--set", "clinic", "--prune", "--wait", "--timeout", "5s")

    assert "compilationjob/digits deleted" in done.err


def test_pruning_wants_a_set(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "-f", manifest(tmp_path, JOB), "--yes", "--prune")

    assert refused.code == 2
    assert "--set NAME" in refused.err


def test_a_set_has_a_name_that_a_tag_takes(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "-f", manifest(tmp_path, JOB), "--yes", "--set", "a b?")

    assert refused.code == 2
    assert "cannot name a set" in refused.err
