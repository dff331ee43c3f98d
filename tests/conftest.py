"""What every test gets: a home of its own, no AWS configuration, no network but loopback."""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_socket

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
OURS = ("AWS_", "SAGECTL_", "XDG_")
QUIETED = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "GITHUB_ACTIONS")


@dataclass(frozen=True)
class Outcome:
    """What a shell sees of a command: its exit code and both streams."""

    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *args: str, stdin: str | None = None) -> Outcome: ...


@pytest.fixture(scope="session", autouse=True)
def guarded_environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point every path a test could reach by accident into a temporary directory.

    The environment is changed for the whole process, so that child processes are guarded too.
    """
    # A shell that runs the tests in the background has told them to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    user = tmp_path_factory.mktemp("user")
    for name in [name for name in os.environ if name.startswith(OURS) or name in QUIETED]:
        del os.environ[name]
    os.environ |= {
        "HOME": str(user),
        "SAGECTL_HOME": str(user / "no-test-asked-for-a-home"),
        "AWS_CONFIG_FILE": str(user / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(user / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(LOOPBACK),
        "TERM": "xterm-256color",
    }


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    """Let no test reach past this machine."""
    pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SAGECTL_HOME; jobs stay queued unless the test sets SAGECTL_WORKERS."""
    place = tmp_path / "home"
    monkeypatch.setenv("SAGECTL_HOME", str(place))
    monkeypatch.setenv("SAGECTL_WORKERS", "0")
    return place


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``sagectl ARGS`` in process, as a shell would see it, in the home of this test."""

    def run(*args: str, stdin: str | None = None) -> Outcome:
        from sagectl.cli.main import main

        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        capsys.readouterr()
        code = main(list(args))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def local(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run`` on the embedded control plane."""
    monkeypatch.setenv("SAGECTL_BACKEND", "local")
    return run
