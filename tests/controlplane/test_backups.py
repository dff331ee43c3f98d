"""What a backup brings back, and what is no backup."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
import tarfile
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane import records
from sagectl.controlplane.backups import back_up, restore
from sagectl.controlplane.checkup import checkup
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.resources import Place
from sagectl.errors import InputError, StateError
from tests.support.planes import OIDC, compilation, with_workforce

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel


@pytest.fixture
def backup(plane: ControlPlane, tmp_path: Path) -> Path:
    """A backup of a plane with a workforce, two jobs and an object."""
    with_workforce(plane)
    for name in ("one", "two"):
        plane.handle("CreateCompilationJob", compilation(name))
    model = tmp_path / "model"
    model.write_bytes(b"weights")
    ObjectStore(plane.state).put("s3://models/digits.tar.gz", model)
    target = tmp_path / "monday.tar.gz"
    assert back_up(plane.state, target).objects == 1
    return target


def names(plane: ControlPlane) -> list[str]:
    found = plane.handle("ListCompilationJobs", {})["CompilationJobSummaries"]
    return [row["CompilationJobName"] for row in found]


def test_a_restored_directory_is_the_one_that_was_backed_up(
    backup: Path, plane: ControlPlane, tmp_path: Path, model: ServiceModel
) -> None:
    elsewhere = tmp_path / "elsewhere"
    restore(elsewhere, backup)
    other = ControlPlane(elsewhere, model, clock=plane.clock)
    assert names(other) == ["one", "two"]
    shown = {"WorkforceName": "crowd"}
    assert other.handle("DescribeWorkforce", shown) == plane.handle("DescribeWorkforce", shown)
    objects = ObjectStore(elsewhere)
    assert objects.path("s3://models/digits.tar.gz").read_bytes() == b"weights"
    assert all(not finding.against for finding in checkup(elsewhere))


def test_a_damaged_database_is_not_backed_up(
    backup: Path, plane: ControlPlane, tmp_path: Path
) -> None:
    with plane.store.connection() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plane.store.close()
    content = bytearray(plane.store.path.read_bytes())
    content[3 * 4096 : 4 * 4096] = b"\xa5" * 4096
    plane.store.path.write_bytes(content)
    target = tmp_path / "tuesday.tar.gz"
    with pytest.raises(StateError, match="is damaged") as caught:
        back_up(plane.state, target)
    assert caught.value.hint
    assert not target.exists()


def test_a_row_that_cannot_be_read_is_found(plane: ControlPlane) -> None:
    lines = ['{"TrainingJob": {"TrainingJobName": "torn"}}']
    place = Place("123456789012", "us-east-1")
    records.load(plane.store, lines, place=place, model=plane.model, now=0)
    for torn in ("{", b'{"TrainingJobName": "\xff"}'):
        with plane.store.writing() as db:
            db.execute("UPDATE records SET body = CAST(? AS TEXT)", (torn,))
        with pytest.raises(StateError, match="is damaged"):
            plane.handle("Search", {"Resource": "TrainingJob"})
    with plane.store.writing() as db:
        db.execute("UPDATE records SET body = '{'")
    against = {finding.question: finding.against for finding in checkup(plane.state)}
    assert against["every row can be read"] == ("TrainingJob torn",)


def test_a_plane_that_goes_on_sees_what_was_restored(
    backup: Path, plane: ControlPlane, tmp_path: Path
) -> None:
    token = plane.handle("ListCompilationJobs", {"MaxResults": 1})["NextToken"]
    plane.handle("CreateCompilationJob", compilation("three"))
    added = tmp_path / "added"
    added.touch()
    ObjectStore(plane.state).put("s3://models/added", added)
    restore(plane.state, backup)
    assert names(plane) == ["one", "two"]
    assert not ObjectStore(plane.state).exists("s3://models/added")
    # The key is the same, so tokens given before are still good.
    rest = plane.handle("ListCompilationJobs", {"MaxResults": 1, "NextToken": token})
    assert [row["CompilationJobName"] for row in rest["CompilationJobSummaries"]] == ["two"]
    plane.handle("CreateCompilationJob", compilation("four"))


def test_a_backup_is_private_and_holds_no_secret(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert OIDC["ClientSecret"].encode() not in gzip.decompress(backup.read_bytes())
    assert [item.name for item in backup.parent.glob(".monday*")] == []


def test_nothing_cannot_be_backed_up(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nothing"):
        back_up(tmp_path / "state", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def archive(place: Path, **members: bytes) -> Path:
    with tarfile.open(place, "w:gz") as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return place


def link(place: Path) -> Path:
    with tarfile.open(place, "w:gz") as made:
        info = tarfile.TarInfo("objects/link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(info)
    return place


def foreign(place: Path) -> Path:
    database = place.with_name("foreign.db")
    db = sqlite3.connect(database)
    db.execute("CREATE TABLE notes (text)")
    db.commit()
    db.close()
    return archive(place, **{"plane.db": database.read_bytes(), "plane.key": b"k"})


def bomb(place: Path) -> Path:
    return archive(place, **{"objects/b/zeros": bytes(200 << 20)})


BAD = {
    "no archive": lambda place: place.write_bytes(b"text") and place,
    "a missing file": lambda place: place,
    "no database": lambda place: archive(place, **{"plane.key": b"k"}),
    "a damaged database": lambda place: archive(
        place, **{"plane.db": b"x" * 5000, "plane.key": b"k"}
    ),
    "another program's database": foreign,
    "a path that leads out": lambda place: archive(place, **{"objects/../../x": b"x"}),
    "an absolute path": lambda place: archive(place, **{"/tmp/x": b"x"}),
    "a foreign file": lambda place: archive(place, **{"config.toml": b"x"}),
    "a link": link,
    "a bomb": bomb,
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_backup_changes_nothing(
    plane: ControlPlane, tmp_path: Path, kind: str
) -> None:
    plane.handle("CreateCompilationJob", compilation("kept"))
    place = tmp_path / "bad"
    BAD[kind](place)
    with pytest.raises((InputError, StateError)):
        restore(plane.state, place)
    assert names(plane) == ["kept"]
    assert not list(plane.state.glob(".restore-*"))


NOWHERE = {
    "in a file": "file/monday.tar.gz",
    "in no folder": "nowhere/monday.tar.gz",
    "too long": f"{'x' * 300}.tar.gz",
}


@pytest.mark.parametrize("place", NOWHERE.values(), ids=NOWHERE)
def test_a_backup_that_cannot_be_written_is_said_of_its_own_name(
    plane: ControlPlane, tmp_path: Path, place: str
) -> None:
    plane.handle("CreateCompilationJob", compilation("kept"))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / place} cannot be written: ")):
        back_up(plane.state, tmp_path / place)


def test_a_checkup_finds_what_is_amiss(plane: ControlPlane) -> None:
    plane.handle("CreateCompilationJob", compilation("lost"))
    plane.handle("CreateCompilationJob", compilation("gone"))
    with plane.store.writing() as db:
        db.execute("DELETE FROM jobs WHERE resource = 1")
        db.execute(
            "UPDATE resources SET status = 'COMPLETED', body = json_set(body,"
            " '$.ModelArtifacts', json_object('S3ModelArtifacts', 's3://models/x.tar.gz'))"
            " WHERE id = 2"
        )
        db.execute("DELETE FROM jobs WHERE resource = 2")
    (plane.state / "plane.key").chmod(0o644)
    against = {row.question: row.against for row in checkup(plane.state) if row.against}
    assert {question: len(rows) for question, rows in against.items()} == {
        "nobody else may read it": 1,
        "every job that has not ended is queued or worked on": 1,
        "every package of a completed job is there": 1,
    }
