"""``sagectl compile download`` and ``compare``: the packages of jobs on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Run

MODEL = str(Path(__file__).parents[2] / "examples/quickstart/digits.onnx")


@pytest.fixture
def job(local: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """A job that has completed."""
    monkeypatch.setenv("SAGECTL_WORKERS", "1")
    done = local(
        *("compile", "create", "digits", "--model", MODEL, "--input", "image=1,64"),
        *("--os", "LINUX", "--arch", "X86_64", "--yes", "--wait", "--timeout", "120s"),
    )
    assert done.code == 0, done.err
    return "digits"


def test_a_package_is_downloaded_checked_and_compared(
    local: Run, job: str, tmp_path: Path
) -> None:
    done = local("compile", "download", job, "-o", str(tmp_path), "--format", "json")
    found = json.loads(done.out)
    package = Path(found["Package"])

    same = local("compile", "compare", job, str(package), "-o", "json")
    built = local(
        *("compile", "build", MODEL, "--input", "image=1,64", "--no-verify"),
        *("--os", "LINUX", "--arch", "X86_64", "--mcpu", "skylake-avx512", "-o", str(tmp_path)),
    )
    other = local("compile", "compare", job, built.out.strip(), "-o", "json")

    assert done.code == 0, done.err
    assert package.parent == tmp_path
    assert (same.code, json.loads(same.out)["Differences"]) == (0, [])
    facts = {row["Fact"]: row for row in json.loads(other.out)["Differences"]}
    assert other.code == 1
    assert facts["Sagectl.Target.Mcpu"]["Second"] == "skylake-avx512"
    assert "Sagectl.Operators" not in facts


@pytest.mark.parametrize("word", ["out/digits", "digits.tar.gz"])
def test_a_package_that_is_not_there_is_no_name_of_a_job(run: Run, word: str) -> None:
    done = run("compile", "compare", word, "digits")

    assert done.code == 2
    assert f"there is no package {word}" in done.err


def test_the_log_of_a_job_has_its_stages(local: Run, job: str) -> None:
    done = local("compile", "logs", job, "--follow")
    assert done.code == 0
    stages = [line.partition(":")[0] for line in done.out.splitlines()]
    assert stages[:3] == ["fetch", "import", "optimize"]


def test_a_package_that_was_written_over_is_not_kept(
    local: Run, home: Path, job: str, tmp_path: Path
) -> None:
    (stored,) = (home / "objects").rglob("*-LINUX_X86_64.tar.gz")
    stored.chmod(0o600)
    stored.write_bytes(b"something else")

    (tmp_path / stored.name).write_bytes(b"an earlier one")

    done = local("compile", "download", job, "-o", str(tmp_path))
    stored.unlink()
    gone = local("compile", "download", job, "-o", str(tmp_path))

    assert done.code == 7
    assert (tmp_path / stored.name).read_bytes() == b"an earlier one"
    assert "the job reports sha256:" in done.err
    assert gone.code == 3
    assert "does not exist" in gone.err


def test_a_job_that_has_not_completed_has_no_package(local: Run) -> None:
    local(
        *("compile", "create", "digits", "--model", MODEL, "--input", "image=1,64"),
        *("--os", "LINUX", "--arch", "X86_64", "--yes"),
    )
    done = local("compile", "download", "digits")
    assert done.code == 2
    assert "has no package" in done.err
