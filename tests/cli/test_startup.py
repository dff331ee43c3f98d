"""Short commands stay quick because of what they do not import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("asyncio", "boto3", "botocore", "concurrent.futures", "importlib.metadata", "jmespath"),
    *("logging", "numpy", "onnx", "rich", "tvm", "urllib.request", "yaml"),
)
NOT_FOR_HELP = ("json", "sqlite3", "sagectl.app", "sagectl.schema.model", "dataclasses")
PROBE = """
import sys
from sagectl.cli.main import main
code = main({args!r})
print(*sorted(set({heavy!r}) & sys.modules.keys()), file=sys.stderr)
sys.exit(code)
"""


def imported(args: list[str], heavy: tuple[str, ...], home: Path, **environ: str) -> list[str]:
    """Which of ``heavy`` the command imports, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(args=args, heavy=heavy)],
        env={**os.environ, "SAGECTL_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    "args",
    [["--help"], ["workteam", "--help"], ["workteam", "list", "--help"], ["--version"]],
    ids="_".join,
)
def test_help_imports_next_to_nothing(args: list[str], home: Path) -> None:
    assert imported(args, HEAVY + NOT_FOR_HELP, home) == []


@pytest.mark.parametrize(
    "args",
    [
        ["workteam", "create", "--help"],
        ["compile", "build", "--help"],
        ["apply", "--help"],
        ["--local", "workteam", "list"],
        ["--local", "workteam", "list", "-o", "json"],
        ["--local", "compile", "list"],
        ["--local", "workteam", "list", "--name-contains", "a"],
    ],
    ids="_".join,
)
def test_a_local_command_imports_nothing_heavy(args: list[str], home: Path) -> None:
    assert imported(args, HEAVY, home) == []


def test_checking_a_model_loads_no_compiler(home: Path) -> None:
    model = str(Path(__file__).parents[2] / "examples/quickstart/digits.onnx")
    args = ["compile", "check", model, "--input", "image=1,64"]
    assert imported(args, ("boto3", "botocore", "tvm", "onnxruntime"), home) == []


def test_a_plain_local_list_reads_no_service_model(home: Path) -> None:
    assert imported(["--local", "workteam", "list"], ("sagectl.schema.request",), home) == []


def test_a_completion_imports_nothing_heavy(home: Path) -> None:
    told = {
        "_SAGECTL_COMPLETE": "bash_complete",
        "COMP_WORDS": "sagectl work",
        "COMP_CWORD": "1",
    }

    assert imported([], HEAVY + NOT_FOR_HELP, home, **told) == []


def test_a_list_over_http_costs_less_than_boto3_s(tmp_path: Path) -> None:
    from tests.benchmarks.remote import BUDGETS, measured

    # The least of a few pairs: what else runs here can only add.
    assert min(measured(3)["boto3"]) <= BUDGETS["boto3"]


def test_the_entry_point_is_there_before_anything_takes_time() -> None:
    # Until then Ctrl-C is answered by the interpreter, with a traceback.
    probe = "from sagectl.cli.main import run; import sys; print(*sys.modules)"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        # Without site, which imports things of its own.
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {root!r}); {probe}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert {"typing", "re", "click", "collections"}.isdisjoint(done.stdout.split())
