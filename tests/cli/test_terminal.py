"""How sagectl behaves on a terminal, and in a pipe that breaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from tests.conftest import Run

SAGECTL = str(Path(sys.executable).with_name("sagectl"))


@pytest.fixture
def team(local: Run, tmp_path: Path) -> None:
    """A plane with the work team ``radiology``."""
    done = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    assert done.code == 0, done.err


def terminal(*args: str, **environ: str) -> pexpect.spawn:
    """``sagectl --local ARGS`` on a terminal of 100 columns."""
    return pexpect.spawn(
        SAGECTL,
        ["--local", *args],
        env={**os.environ, **environ},
        encoding="utf-8",
        use_poll=True,  # a long run of tests may have more files open than select takes
        dimensions=(24, 100),
        timeout=30,
    )


def ended(child: pexpect.spawn) -> tuple[int, str]:
    """The exit code and everything that was on the screen."""
    child.expect(pexpect.EOF)
    text = str(child.before)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -1), text


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("answer", ["n", "", "nonsense"], ids=["no", "enter", "nonsense"])
def test_a_delete_asks_and_takes_anything_but_yes_for_no(local: Run, answer: str) -> None:
    child = terminal("workteam", "delete", "radiology")
    child.expect_exact("Delete work team radiology? [y/N] ")
    child.sendline(answer)

    code, text = ended(child)

    assert (code, "Nothing was changed." in text) == (1, True)
    assert local("workteam", "describe", "radiology").code == 0


@pytest.mark.usefixtures("team")
def test_a_delete_goes_on_after_a_yes(local: Run) -> None:
    child = terminal("workteam", "delete", "radiology")
    child.expect_exact("[y/N] ")
    child.sendline("y")

    assert ended(child)[0] == 0
    assert local("workteam", "describe", "radiology").code == 3


@pytest.mark.usefixtures("team")
def test_an_interrupt_at_the_question_is_130(local: Run) -> None:
    child = terminal("workteam", "delete", "radiology")
    child.expect_exact("[y/N] ")
    child.sendintr()

    code, text = ended(child)

    assert (code, "Interrupted." in text) == (130, True)
    assert local("workteam", "describe", "radiology").code == 0


@pytest.mark.usefixtures("team")
def test_a_create_asks_nothing_of_a_person() -> None:
    child = terminal("workteam", "create", "knees", "--group", "g", "--description", "d")

    code, text = ended(child)

    assert (code, "?" in text) == (0, False)


@pytest.mark.usefixtures("team")
def test_a_terminal_shows_colour_and_relative_times() -> None:
    code, text = ended(terminal("workteam", "list"))

    assert code == 0
    assert "\x1b[" in text
    assert " ago" in text or "now" in text


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize(
    ("args", "environ"),
    [
        pytest.param((), {"NO_COLOR": "1"}, id="no-color"),
        pytest.param((), {"TERM": "dumb"}, id="dumb"),
        pytest.param(("--color", "never"), {"FORCE_COLOR": "1"}, id="never"),
    ],
)
def test_colour_can_be_turned_off(args: tuple[str, ...], environ: dict[str, str]) -> None:
    _, text = ended(terminal("workteam", "list", *args, **environ))

    assert "radiology" in text
    assert not any(f"\x1b[{code}" in text for code in ("1", "3", "9"))


@pytest.mark.usefixtures("team")
def test_colour_can_be_forced_into_a_pipe(local: Run) -> None:
    assert "\x1b[36m" in local("workteam", "describe", "radiology", "--color=always").out


def test_an_interrupted_wait_says_what_was_waited_for() -> None:
    child = terminal("workteam", "wait", "nobody")
    child.expect_exact("absent")
    child.sendintr()

    code, text = ended(child)

    assert code == 130
    assert "workteam/nobody" in text


@pytest.mark.usefixtures("team")
def test_a_wait_for_several_is_a_table_that_stays() -> None:
    words = ("workteam/radiology", "workforce/crowd", "workteam/nobody")
    code, text = ended(terminal("wait", *words, "--timeout", "1s", NO_COLOR="1"))

    *_, last = text.split("RESOURCE")
    assert code == 124
    assert [line.split()[:2] for line in last.splitlines()[1:4]] == [
        ["workforce/crowd", "Active"],
        ["workteam/nobody", "absent"],
        ["workteam/radiology", "present"],
    ]
    assert "1 Active, 1 absent, 1 present" in last


@pytest.mark.usefixtures("team")
def test_a_long_table_shows_what_matters_and_counts_the_rest(local: Run) -> None:
    words = [f"workteam/nobody-{number:02}" for number in range(30)]
    code, text = ended(terminal("wait", *words, "workforce/crowd", "--timeout", "1s"))

    *_, last = text.split("RESOURCE")
    assert code == 124
    assert last.count("workteam/nobody") == 20 + 5  # the error names some of them
    assert "... and 11 more" in last
    assert "1 Active, 30 absent" in last


def test_a_large_set_ends_in_a_line_and_not_in_a_table(local: Run, tmp_path: Path) -> None:
    jobs = [JOB.replace("name: digits\n", f"name: digits-{number}\n") for number in range(60)]
    path = manifest(tmp_path, *jobs)

    code, text = ended(terminal("apply", "-f", path, "--yes", SAGECTL_WORKERS="0"))

    assert (code, "60 created." in text, "RESOURCE" in text) == (0, True, False)
    assert local("apply", "-f", path, "--yes").out.count("unchanged") == 60


def test_a_reader_that_leaves_is_no_crash(home: Path, local: Run, tmp_path: Path) -> None:
    teams = [TEAM.replace("name: radiology", f"name: team-{number}") for number in range(25)]
    local("apply", "-f", manifest(tmp_path, WORKFORCE, *teams), "--yes")
    with subprocess.Popen(
        [SAGECTL, "--local", "workteam", "list", "-o", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        said = child.stderr.read().decode()

    assert child.returncode == 128 + signal.SIGPIPE
    assert "Traceback" not in said
    assert not (home / "crash").exists()


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of ``command``, in which $SAGECTL is ours."""
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "SAGECTL": SAGECTL},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_of_remarks_that_leaves_is_no_crash(home: Path) -> None:
    with subprocess.Popen([SAGECTL, "--local", "nope"], stderr=subprocess.PIPE) as child:
        assert child.stderr
        child.stderr.close()

    assert child.returncode == 128 + signal.SIGPIPE
    assert not (home / "crash").exists()


@pytest.mark.usefixtures("team")
def test_a_full_disk_is_said(home: Path) -> None:
    done = shell("$SAGECTL --local workteam list > /dev/full")

    assert done.returncode == 3
    assert "no space left" in done.stderr
    assert not (home / "crash").exists()


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("stream", ["1", "2"], ids=["stdout", "stderr"])
def test_a_closed_stream_is_no_crash(stream: str) -> None:
    assert shell(f"$SAGECTL --local workteam list {stream}>&-").returncode == 0


@pytest.mark.usefixtures("team")
def test_a_closed_stdin_is_no_terminal() -> None:
    done = shell("$SAGECTL --local workteam delete radiology <&-")

    assert (done.returncode, "--yes" in done.stderr) == (2, True)


def test_letters_that_the_terminal_lacks_are_spelled_out() -> None:
    query = "--query \"'é日'\""

    done = shell(f"PYTHONIOENCODING=ascii $SAGECTL --local workteam list {query}")

    assert (done.returncode, done.stdout) == (0, "\\xe9\\u65e5\n")


def test_a_report_wider_than_the_screen_is_folded_at_words() -> None:
    code, text = ended(terminal("doctor", "-o", "wide"))

    assert code == 0
    assert max(map(len, text.splitlines())) <= 100
    assert "LINUX_X86_64_NVIDIA" in text
    assert "accelerator (NVIDIA)" in text


def test_a_hint_wider_than_the_screen_is_folded_at_words() -> None:
    code, text = ended(terminal("search", "Zork", NO_COLOR="1"))

    assert code == 2
    assert max(map(len, text.splitlines())) <= 100
    assert "HyperParameterTuningJob" in text
