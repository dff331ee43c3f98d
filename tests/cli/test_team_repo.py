"""The team's repository in examples/, as its own CI files run it."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Outcome, Run

REPO = Path(__file__).parents[2] / "examples" / "team-repo"
CI = {
    "github": REPO / ".github" / "workflows" / "sagectl.yml",
    "gitlab": REPO / ".gitlab-ci.yml",
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the examples, the current directory in the team's repository."""
    shutil.copytree(REPO.parent, tmp_path / "examples")
    place = tmp_path / "examples" / "team-repo"
    monkeypatch.chdir(place)
    monkeypatch.setenv("CROWD_CLIENT_SECRET", "not-to-be-seen")
    return place


def steps(name: str) -> list[list[str]]:
    """The commands of sagectl that a CI file has, in order."""
    lines = CI[name].read_text(encoding="utf-8").splitlines()
    found = [
        line.partition("sagectl ")[2] for line in lines if re.search(r"- .*sagectl \w", line)
    ]
    commands = [line.partition(" || ")[0] for line in found if not line.startswith("-")]
    return [shlex.split(command) for command in commands]


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("name", CI)
def test_what_the_ci_file_runs_works_and_settles(local: Run, name: str) -> None:
    validate, diff, apply = steps(name)

    assert local(*validate).code == 0
    assert local(*diff).code == 1
    done = local(*apply)
    assert done.code == 0, done.err
    assert "not-to-be-seen" not in done.out + done.err
    assert len(local("workteam", "list", "-o", "name").out.split()) == 4
    assert len(local("compile", "list", "-o", "name").out.split()) == 5
    assert local(*diff).code == 0


def test_a_site_that_leaves_the_matrix_is_pruned(local: Run, repo: Path) -> None:
    _, diff, apply = steps("github")
    assert local(*apply).code == 0
    teams = repo / "people" / "teams.yaml"
    lines = teams.read_text(encoding="utf-8").splitlines(keepends=True)
    teams.write_text("".join(line for line in lines if "osaka" not in line), encoding="utf-8")

    shown: Outcome = local(*diff)
    assert shown.code == 1
    assert "- workteam/osaka-labelers" in shown.out
    assert local(*apply).code == 0
    assert "osaka" not in local("workteam", "list", "-o", "name").out


def test_what_is_live_can_be_exported_and_applied_back(
    local: Run, repo: Path, tmp_path: Path
) -> None:
    assert local(*steps("gitlab")[2]).code == 0
    folder = str(tmp_path / "exported")
    assert local("export", "--all", "--directory", folder).code == 0

    again = local("diff", "-f", folder, "-R")
    assert again.code == 0, again.out + again.err
