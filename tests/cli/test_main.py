"""The entry point: global options, exit codes, what is said of failures."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
import pytest

from sagectl.cli.lazy import Command
from sagectl.cli.main import main
from sagectl.cli.root import cli
from sagectl.errors import WaitTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


ARN = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/x"


@pytest.fixture
def failing(run: Run):
    """Run sagectl with a command ``fail`` that raises what it is given."""

    def fail(error: BaseException, *args: str):
        @click.command(cls=Command, params=[click.Option(("--oidc-client-secret",))])
        def command(oidc_client_secret: str | None) -> None:
            raise error

        cli.add_command(command, "fail")
        try:
            return run("fail", *args)
        finally:
            del cli.commands["fail"]

    return fail


def test_version_is_one_line(run: Run) -> None:
    assert run("--version").out.startswith("sagectl ")


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("-o", "json", "workteam", "list", "--local"), id="before"),
        pytest.param(("workteam", "-o", "json", "--local", "list"), id="between"),
        pytest.param(("workteam", "list", "--local", "-o", "json"), id="after"),
        pytest.param(("--backend", "aws", "workteam", "list", "--local", "-ojson"), id="last"),
    ],
)
def test_global_options_stand_anywhere(run: Run, args: tuple[str, ...]) -> None:
    assert run(*args).out == '{\n  "Workteams": []\n}\n'


def test_what_is_talked_to_is_said_unless_quiet(run: Run, home: Path) -> None:
    assert f"local control plane at {home}" in run("workteam", "list", "--local").err
    assert run("workteam", "list", "--local", "-q").err == ""


def test_an_empty_list_is_a_remark_and_no_output(local: Run) -> None:
    done = local("workteam", "list")

    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("No work teams.\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("nope",), "No such command 'nope'", id="command"),
        pytest.param(("workteam", "nope"), "No such command 'nope'", id="verb"),
        pytest.param(("lokal", "status"), "Did you mean 'local'?", id="command-near"),
        pytest.param(("workteam", "creat"), "Did you mean 'create'?", id="verb-near"),
        pytest.param(("workteam", "list", "--nope"), "No such option '--nope'", id="option"),
        pytest.param(("workteam", "describe"), "Missing argument 'NAME'", id="argument"),
        pytest.param(("workteam", "list", "-o", "xml"), "'xml' is not one of", id="choice"),
        pytest.param(("compile", "list", "--limit", "0"), "--limit", id="range"),
        pytest.param(("compile", "list", "--created-after", "x"), "ISO 8601", id="time"),
    ],
)
def test_a_wrong_command_line_is_explained(run: Run, args: tuple[str, ...], said: str) -> None:
    done = run(*args)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "--help." in done.err


def test_a_wrong_command_line_is_json_for_who_reads_json(run: Run) -> None:
    error = json.loads(run("workteam", "list", "--nope", "-o", "json").err)["error"]

    assert error["exit_code"] == 2
    assert "--nope" in error["message"]


def test_no_arguments_show_help(run: Run) -> None:
    done = run()

    assert (done.code, done.out) == (2, "")
    assert "Usage: sagectl" in done.err


def test_a_wrong_setting_is_an_input_error(run: Run, monkeypatch) -> None:
    monkeypatch.setenv("SAGECTL_OUTPUT", "xml")

    done = run("workteam", "list", "--local")

    assert done.code == 2
    assert "SAGECTL_OUTPUT: 'xml' is not a value of output" in done.err


def test_a_wrong_query_is_an_input_error(local: Run) -> None:
    done = local("workteam", "list", "--query", "][")

    assert (done.code, "JMESPath" in done.err) == (2, True)


def test_an_error_gives_its_exit_code_and_hint(failing) -> None:
    done = failing(WaitTimeoutError("too late", hint="Wait longer."))

    assert (done.code, done.err) == (124, "error: too late\n  hint: Wait longer.\n")


def test_debug_shows_the_traceback(failing) -> None:
    assert "Traceback" in failing(WaitTimeoutError("too late"), "--debug").err


def test_an_interrupt_is_130(failing) -> None:
    done = failing(KeyboardInterrupt())

    assert (done.code, "Interrupted." in done.err) == (130, True)


def test_a_bug_is_one_line_and_a_log(failing, home: Path) -> None:
    secret = "hunter2-hunter2"

    done = failing(RuntimeError(f"boom with {secret}"), "--oidc-client-secret", secret)

    (log,) = (home / "crash").iterdir()
    assert done.code == 70
    assert done.err.count("\n") == 1
    assert str(log) in done.err
    text = log.read_text()
    assert "RuntimeError: boom with ********" in text
    assert secret not in text
    assert log.stat().st_mode & 0o077 == 0


def test_a_bug_is_said_where_no_log_can_be_written(failing, home: Path) -> None:
    home.write_text("a file, no folder")

    done = failing(RuntimeError("boom"))

    assert (done.code, "no log could be written" in done.err) == (70, True)


def test_main_takes_the_arguments_of_the_process(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["sagectl", "--version"])

    assert main() == 0
    assert capsys.readouterr().out.startswith("sagectl ")


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(
            ("workteam", "create", "x", "--group", "g", "--description", "d"), id="create"
        ),
        pytest.param(("workteam", "update", "x", "--description", "d"), id="update"),
        pytest.param(("workteam", "delete", "x"), id="delete"),
        pytest.param(("compile", "stop", "x"), id="stop"),
        pytest.param(("tag", "create", ARN, "a=b"), id="tag"),
    ],
)
def test_a_change_without_a_terminal_wants_yes(local: Run, args: tuple[str, ...]) -> None:
    done = local(*args)

    assert (done.code, done.out) == (2, "")
    assert "--yes" in done.err
