"""What the TAB key offers, and the scripts that teach it to shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def tab(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What a TAB after ``words`` offers; a space at the end starts a new word."""

    def tab(words: str) -> list[str]:
        monkeypatch.setenv("_SAGECTL_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", f"sagectl {words}")
        monkeypatch.setenv("COMP_CWORD", str(len(f"sagectl {words}x".split()) - 1))
        done = run()
        monkeypatch.delenv("_SAGECTL_COMPLETE")
        assert done.code == 0, done.err
        assert done.err == "", "a TAB says nothing"
        return [line.partition(",")[2] for line in done.out.splitlines() if line]

    return tab


@pytest.fixture
def teams(local: Run, tmp_path: Path) -> None:
    done = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("work", ["workforce", "workteam"], id="group"),
        pytest.param("workteam de", ["describe", "delete"], id="verb"),
        pytest.param("workteam list --sort-", ["--sort-by", "--sort-order"], id="option"),
        pytest.param("compile list -o ta", ["table"], id="choice"),
        pytest.param("compile list --status comp", ["COMPLETED"], id="status"),
    ],
)
def test_a_tab_completes_words(tab, words: str, offered: list[str]) -> None:
    assert tab(words) == offered


@pytest.mark.usefixtures("teams")
def test_a_tab_completes_names_of_the_local_plane(tab) -> None:
    assert tab("workteam describe r") == ["radiology"]
    assert tab("--local workteam delete ") == ["radiology"]
    assert tab("workteam describe x") == []


@pytest.mark.usefixtures("teams")
def test_a_tab_asks_nobody_on_the_network(tab) -> None:
    assert tab("--backend aws workteam describe r") == []


@pytest.mark.usefixtures("crew")
def test_a_tab_offers_names_of_aws_without_importing_its_sdk(tab, home: Path) -> None:
    from tests.cli.test_startup import HEAVY, imported

    told = {
        "_SAGECTL_COMPLETE": "bash_complete",
        "COMP_WORDS": "sagectl workteam describe ra",
        "COMP_CWORD": "3",
    }
    assert tab("workteam describe ra") == ["radiology"]
    assert imported([], (*HEAVY, "sqlite3"), home, **told) == []


CROWD = ("--cognito-user-pool", "us-east-1_a", "--cognito-client-id", "b")
TEAM_OF = ("--user-pool", "us-east-1_a", "--client-id", "b", "--description", "d")


@pytest.fixture
def crew(aws: Run) -> Run:
    """``aws`` with a workforce and two teams, made by these commands."""
    assert aws("workforce", "create", "crowd", *CROWD, "--yes").code == 0
    for name in ("radiology", "reviews"):
        done = aws("workteam", "create", name, "--cognito-group", "g", *TEAM_OF, "--yes")
        assert done.code == 0, done.err
    return aws


@pytest.mark.usefixtures("crew")
def test_names_are_told_apart_by_who_asks_and_where(tab, monkeypatch) -> None:
    assert tab("workforce describe c") == ["crowd"]
    assert sorted(tab("wait workteam/r")) == ["workteam/radiology", "workteam/reviews"]
    for elsewhere in ("--region eu-west-3", "--profile other", "--local"):
        assert tab(f"{elsewhere} workteam describe ") == []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "210987654321")
    assert tab("workteam describe ") == []


def test_a_deleted_resource_is_no_longer_offered(crew: Run, tab) -> None:
    assert crew("workteam", "delete", "reviews", "--yes").code == 0

    assert tab("workteam describe ") == ["radiology"]


def test_a_whole_list_replaces_what_was_known(crew: Run, tab, monkeypatch) -> None:
    from sagectl.gateway.session import client

    url = os.environ["AWS_ENDPOINT_URL_SAGEMAKER"]
    client("sagemaker", "eu-central-1", endpoint_url=url).delete_workteam(
        WorkteamName="reviews"
    )

    assert crew("workteam", "list", "--name-contains", "rad").code == 0
    assert sorted(tab("workteam describe ")) == ["radiology", "reviews"]
    assert crew("workteam", "list").code == 0
    assert tab("workteam describe ") == ["radiology"]


def test_a_tab_completes_what_can_be_searched(local: Run, tab) -> None:
    assert tab("search Trai") == []
    assert local("search", "TrainingJob").code == 0
    assert tab("search Trai") == ["TrainingJob"]


def test_a_tab_makes_no_state_directory(tab, home: Path) -> None:
    assert tab("--local workteam describe r") == []
    assert not home.exists()


def test_a_tab_survives_a_wrong_setting(tab, monkeypatch) -> None:
    monkeypatch.setenv("SAGECTL_OUTPUT", "xml")

    assert tab("--local workteam describe r") == []


@pytest.mark.usefixtures("teams")
@pytest.mark.parametrize(
    ("line", "word", "offered"),
    [
        pytest.param("sagectl workteam de", "de", ["describe", "delete"], id="verb"),
        pytest.param("sagectl workteam describe ", "", ["radiology"], id="name"),
        pytest.param("sagectl compile list -o ta", "ta", ["table"], id="choice"),
    ],
)
def test_powershell_is_offered_words_and_what_they_mean(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str, word: str, offered: list[str]
) -> None:
    monkeypatch.setenv("_SAGECTL_COMPLETE", "powershell_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", word)

    done = run()

    rows = [row.split("\t") for row in done.out.splitlines()]
    assert [value for value, _ in rows] == offered
    assert done.err == ""


def test_the_script_for_powershell_registers_a_completer(run: Run) -> None:
    script = run("completion", "powershell").out

    assert "Register-ArgumentCompleter -Native -CommandName sagectl" in script
    assert script.count("{") == script.count("}")
    assert "%" not in script


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_one_that_its_shell_reads(run: Run, shell: str, tmp_path: Path) -> None:
    script = run("completion", shell).out
    assert "_SAGECTL_COMPLETE" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here; install it to check the script's syntax")
    path = tmp_path / "script"
    path.write_text(script)

    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused(run: Run) -> None:
    assert run("completion", "tcsh").code == 2
