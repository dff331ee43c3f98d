"""What the TAB key offers, and the scripts that teach it to shells."""

from __future__ import annotations

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
