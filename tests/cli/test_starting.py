"""``sagectl init``: what it writes can be used at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pexpect
import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


@pytest.mark.parametrize("provider", ["oidc", "cognito"])
@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_what_is_written_applies_and_then_changes_nothing(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, ci: str
) -> None:
    folder = tmp_path / "labels"
    options = ("--provider", provider, "--team", "radiology", "--team", "audit", "--ci", ci)
    monkeypatch.setenv("CROWD_CLIENT_SECRET", "not-to-be-seen")

    done = local("init", str(folder), *options)

    assert done.code == 0, done.err
    manifests = str(folder / "manifests")
    assert local("validate", "-f", manifests, "--strict").code == 0
    assert local("apply", "-f", manifests, "--yes").code == 0
    assert local("diff", "-f", manifests).code == 0
    workflow = folder / {"github": ".github/workflows/sagectl.yml"}.get(ci, ".gitlab-ci.yml")
    assert workflow.is_file() == (ci != "none")
    if ci != "none":
        text = workflow.read_text()
        assert yaml.safe_load(text)
        assert ("CROWD_CLIENT_SECRET" in text) == ((provider, ci) == ("oidc", "github"))


def test_nothing_is_left_to_be_filled_in(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "x"), "--ci", "github", "--region", "eu-west-1")

    files = [path for path in (tmp_path / "x").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not any(
        "@"
        in path.read_text()
        .replace("actions/checkout@", "")
        .replace("configure-aws-credentials@", "")
        for path in files
    )
    assert "eu-west-1" in (tmp_path / "x/.github/workflows/sagectl.yml").read_text()


def test_what_is_there_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")

    refused = run("init", str(tmp_path))

    assert (refused.code, "README.md is in" in refused.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--team", "a b"), id="name"),
        pytest.param(("--team", "a", "--team", "a"), id="twice"),
        pytest.param(("--workforce", "-x"), id="workforce"),
    ],
)
def test_names_that_none_can_have_are_refused(
    run: Run, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert run("init", str(tmp_path / "x"), *options).code == 2
    assert not (tmp_path / "x").exists()


def test_a_terminal_is_asked(home: Path, tmp_path: Path) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "sagectl", "init", "labels"],
        cwd=str(tmp_path),
        timeout=30,
        use_poll=True,  # a long run of tests may have more files open than select takes
    )
    child.expect("sign in.*: ")
    child.sendline("ldap")
    child.expect("Answer one of")
    child.sendline("cognito")
    child.expect("workforce.*: ")
    child.sendline("")
    child.expect("teams.*: ")
    child.sendline("radiology, audit")
    child.expect("CI.*: ")
    child.sendline("none")
    child.expect("Next: cd labels && sagectl --local apply")
    child.expect(pexpect.EOF)
    teams = list(yaml.safe_load_all((tmp_path / "labels/manifests/teams.yaml").read_text()))
    assert [team["name"] for team in teams] == ["radiology", "audit"]
