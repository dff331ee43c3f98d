"""``sagectl local``: the plane's state, its supervisor, and its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.controlplane.objects import ObjectStore
from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Run


def test_path_is_the_state_directory(run: Run, home: Path) -> None:
    assert run("local", "path").out == f"{home}\n"
    assert json.loads(run("local", "path", "-o", "json").out) == {"Path": str(home)}


def test_path_finds_the_file_behind_an_object(local: Run, home: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.tar.gz"
    model.write_bytes(b"anything")
    ObjectStore(home).put("s3://models/model.tar.gz", model)

    found = local("local", "path", "s3://models/model.tar.gz")

    assert Path(found.out.strip()).read_bytes() == b"anything"


def test_path_of_an_object_that_is_not_there_is_said(local: Run, home: Path) -> None:
    done = local("local", "path", "s3://models/none")

    assert done.code == 3
    assert "does not exist" in done.err


def test_status_counts_what_is_there(local: Run, home: Path, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB), "--yes")
    status = json.loads(local("local", "status", "-o", "json").out)
    assert status["Path"] == str(home)
    assert status["Supervisor"] == "not running"
    assert status["Resources"] == {
        "CompilationJob": {"STARTING": 1},
        "Workforce": {"Active": 1},
        "Workteam": 1,
    }
    assert status["Jobs"] == {"Queued": 1, "Running": []}
    assert status["Bytes"]["Database"] > 0
    assert status["Bytes"]["Free"] > 0


def test_status_tells_people_sizes_in_their_units(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")

    lines = local("local", "status").out.splitlines()

    sizes = dict(line.split(maxsplit=1) for line in lines[lines.index("Size:") + 1 :])
    assert sizes["Objects:"] == "0 bytes"
    assert sizes["Database:"].endswith((" KiB", " MiB"))
    assert sizes["Free:"].endswith(("iB", " bytes"))


def test_status_of_nothing_makes_nothing(run: Run, home: Path) -> None:
    assert run("local", "status").code == 0
    assert not (home / "plane.db").exists()


def test_the_supervisor_is_started_once_and_stopped(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("local", "start").code == 2  # SAGECTL_WORKERS is 0 here
    monkeypatch.setenv("SAGECTL_WORKERS", "1")
    try:
        assert "was started" in run("local", "start").err
        while "not running" in run("local", "status").out:
            pass
        assert "runs already" in run("local", "start").err
    finally:
        stopped = run("local", "stop", "--yes")
    assert "was stopped" in stopped.err
    assert "None was running" in run("local", "stop", "--yes").err


def test_reset_deletes_resources_and_keeps_settings(
    local: Run, home: Path, tmp_path: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    (home / "config.toml").write_text('output = "json"\n')
    assert local("local", "reset").code == 2
    assert local("local", "reset", "--dry-run").code == 0
    assert local("workforce", "describe", "crowd").code == 0
    assert local("local", "reset", "--yes").code == 0
    assert sorted(item.name for item in home.iterdir()) == ["cache", "config.toml", "secrets"]
    assert json.loads((home / "secrets" / "applied.json").read_text()) == {}
    assert local("workforce", "describe", "crowd").code == 3


def test_reset_removes_a_damaged_database(local: Run, home: Path) -> None:
    home.mkdir()
    (home / "plane.db").write_bytes(b"this is no database, though long enough to be one" * 50)
    assert local("local", "status").code == 3
    assert local("local", "reset", "--yes").code == 0
    assert local("local", "status").code == 0


def test_a_home_that_is_a_file_holds_nothing_and_that_is_said(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SAGECTL_HOME", str(tmp_path / "file"))

    done = local("workteam", "list")

    assert done.code == 3
    assert "Not a directory" in done.err
    assert done.out == ""
