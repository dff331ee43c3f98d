"""The database file: made late, shared by all, and honest about what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane.faults import Fault
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.store import Store
from sagectl.errors import StateError
from tests.support.planes import team, with_team, with_workforce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sagectl.schema.model import ServiceModel


@pytest.fixture
def used(plane: ControlPlane) -> ControlPlane:
    """A plane whose database holds a workforce and a team, with no connection open."""
    with_team(plane)
    plane.store.close()
    return plane


def names(plane: ControlPlane) -> list[str]:
    return [row["WorkteamName"] for row in plane.handle("ListWorkteams", {})["Workteams"]]


def test_reading_makes_nothing(plane: ControlPlane, state: Path) -> None:
    assert names(plane) == []
    assert not state.exists()


def test_a_reader_of_nothing_sees_what_another_makes(
    plane: ControlPlane, state: Path, model: ServiceModel
) -> None:
    assert names(plane) == []
    with_team(ControlPlane(state, model))
    assert names(plane) == ["radiology"]


def test_the_state_is_for_its_owner_alone(used: ControlPlane, state: Path) -> None:
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}


def test_a_change_is_there_for_the_next_process(
    used: ControlPlane, state: Path, model: ServiceModel
) -> None:
    assert names(ControlPlane(state, model)) == ["radiology"]


def test_a_block_that_raises_changes_nothing(used: ControlPlane) -> None:
    class Interrupted(BaseException):
        pass

    def interrupted() -> None:
        with used.store.writing() as db:
            db.execute("DELETE FROM resources")
            raise Interrupted

    with pytest.raises(Interrupted):
        interrupted()
    assert names(used) == ["radiology"]


def test_a_newer_database_is_left_alone(used: ControlPlane) -> None:
    with sqlite3.connect(used.store.path) as db:
        db.execute("PRAGMA user_version = 1000")
    with pytest.raises(StateError, match="made by a newer sagectl") as caught:
        names(used)
    assert caught.value.hint
    with pytest.raises(StateError, match="newer"):
        with_workforce(used)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"not a database at all" * 400, id="other-content"),
        pytest.param(lambda content: content[:5000], id="cut-short"),
        pytest.param(
            lambda content: content[:100] + b"\xff" * (len(content) - 100), id="garbled"
        ),
    ],
)
def test_a_damaged_database_is_never_made_anew(used: ControlPlane, damage: Any) -> None:
    path = used.store.path
    content = damage(path.read_bytes())
    path.write_bytes(content)
    for act in (names, with_workforce):
        with pytest.raises(StateError, match="is damaged") as caught:
            act(used)
        assert "sagectl local reset" in (caught.value.hint or "")
    assert path.read_bytes() == content


def test_somebody_else_s_database_is_left_alone(plane: ControlPlane, state: Path) -> None:
    state.mkdir()
    with sqlite3.connect(plane.store.path) as db:
        db.execute("CREATE TABLE diary (day TEXT)")
    for act in (names, with_workforce):
        with pytest.raises(StateError, match="not one of sagectl's"):
            act(plane)


def test_a_file_where_the_directory_should_be_is_said(plane: ControlPlane, state: Path) -> None:
    state.write_text("")
    with pytest.raises(StateError, match="state"):
        with_workforce(plane)


def test_a_database_that_is_reset_is_begun_afresh(used: ControlPlane) -> None:
    assert names(used) == ["radiology"]
    for path in used.state.iterdir():
        path.unlink()
    assert names(used) == []
    with_workforce(used)
    assert names(used) == []


def test_a_store_that_may_not_create_says_that_it_is_gone(used: ControlPlane) -> None:
    store = Store(used.state, create=False)
    with store.writing():
        pass
    for path in used.state.iterdir():
        path.unlink()
    with pytest.raises(StateError, match="is gone"), store.writing():
        pass
    assert not list(used.state.iterdir())


def test_a_database_of_an_older_layout_is_brought_forward(
    used: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sagectl.controlplane import migrations

    step = ("CREATE TABLE later (id INTEGER PRIMARY KEY)",)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
    monkeypatch.setattr(migrations, "CURRENT", migrations.CURRENT + 1)
    store = Store(used.state)
    with store.reading() as db:
        assert db.execute("SELECT count(*) FROM later").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM resources").fetchone() == (2,)


def test_a_migration_that_fails_leaves_the_old_layout(
    used: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sagectl.controlplane import migrations

    step = ("CREATE TABLE later (id INTEGER PRIMARY KEY)", "no SQL at all")
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
        patched.setattr(migrations, "CURRENT", migrations.CURRENT + 1)
        with pytest.raises(sqlite3.OperationalError), Store(used.state).reading():
            pass
    assert names(used) == ["radiology"]


def test_a_full_disk_is_said_and_nothing_is_lost(used: ControlPlane) -> None:
    with used.store.writing() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    tags = [{"Key": f"{number}" + "k" * 100, "Value": "v" * 256} for number in range(50)]

    def fill() -> None:
        for number in range(20):
            used.handle("CreateWorkteam", team(f"team-{number}", Tags=tags))

    with pytest.raises(StateError, match="the disk is full") as caught:
        fill()
    assert caught.value.hint
    assert "radiology" in names(used)
    with used.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for little more than an empty database."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs (root in a namespace of one's own)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_is_said_and_what_was_acknowledged_stays(
    small_disk: Path, model: ServiceModel
) -> None:
    plane = ControlPlane(small_disk / "state", model)
    with_workforce(plane)
    made = 0

    def fill() -> None:
        nonlocal made
        for _ in range(1000):
            with_workforce_in(plane, region=f"eu-west-{made + 1}")
            made += 1

    with pytest.raises(StateError, match="disk is full"):
        fill()
    assert made
    for number in range(1, made + 1):
        assert plane.handle("ListWorkforces", {}, region=f"eu-west-{number}")["Workforces"]
    with plane.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plane.store.close()


def with_workforce_in(plane: ControlPlane, **place: str) -> None:
    config = {"UserPool": "us-east-1_Pool1", "ClientId": "c" * 1000}
    params = {"WorkforceName": "crowd", "CognitoConfig": config}
    plane.handle("CreateWorkforce", params, **place)


def test_a_disk_with_no_room_for_a_database_is_said(
    small_disk: Path, model: ServiceModel
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 380 * 1024)
    plane = ControlPlane(small_disk / "state", model)
    with pytest.raises(StateError, match=r"full|No space"):
        with_workforce(plane)
    assert plane.handle("ListWorkforces", {}) == {"Workforces": []}
    ballast.unlink()
    with_workforce(plane)
    assert not list((small_disk / "state").glob("*.new*"))


@pytest.fixture
def read_only(used: ControlPlane) -> Iterator[ControlPlane]:
    """The state directory, mounted so that nobody can write to it."""
    place = str(used.state)
    bind = ["mount", "--bind", place, place]
    if subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount (root in a namespace of one's own)")
    subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
    yield used
    used.store.close()
    subprocess.run(["umount", "-l", place], check=True)


def test_a_read_only_directory_can_be_read(read_only: ControlPlane) -> None:
    assert names(read_only) == ["radiology"]
    page = read_only.handle("DescribeWorkteam", {"WorkteamName": "radiology"})
    assert page["Workteam"]["WorkteamName"] == "radiology"


def test_a_read_only_directory_says_so_to_a_writer(read_only: ControlPlane) -> None:
    with pytest.raises(StateError, match="cannot be written to") as caught:
        read_only.handle("DeleteWorkteam", {"WorkteamName": "radiology"})
    assert "SAGECTL_HOME" in (caught.value.hint or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_somebody_without_rights_is_told(used: ControlPlane) -> None:
    def told() -> bool:
        os.setuid(65534)
        with pytest.raises(StateError, match="Permission denied"):
            names(used)
        with pytest.raises(StateError, match="Permission denied"):
            with_workforce(used)
        return True

    assert in_a_child(told)


def test_a_writer_that_waits_too_long_says_who_it_waits_for(used: ControlPlane) -> None:
    holder = sqlite3.connect(used.store.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    hasty = Store(used.state, busy_seconds=0.05)
    with pytest.raises(StateError, match="held by another process"), hasty.writing():
        pass
    with hasty.reading() as db:
        assert db.execute("SELECT count(*) FROM resources").fetchone() == (2,)
    holder.close()


def test_a_reader_sees_one_moment(used: ControlPlane) -> None:
    with used.store.reading() as db:
        before = db.execute("SELECT count(*) FROM resources").fetchone()
        used.handle("CreateWorkteam", team("surgery"))
        assert db.execute("SELECT count(*) FROM resources").fetchone() == before
    assert names(used) == ["radiology", "surgery"]


def test_all_reads_in_a_snapshot_are_of_its_moment(used: ControlPlane) -> None:
    with used.store.snapshot():
        before = names(used)
        other = threading.Thread(target=used.handle, args=("CreateWorkteam", team("surgery")))
        other.start()
        other.join()
        assert names(used) == before == ["radiology"]
    assert names(used) == ["radiology", "surgery"]


def test_threads_share_a_store(used: ControlPlane) -> None:
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(3):
                used.handle("CreateWorkteam", team(f"team-{number}-{turn}"))
                names(used)
        except (StateError, Fault, sqlite3.Error) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(names(used)) == 1 + 6 * 3


def test_a_forked_child_opens_connections_of_its_own(used: ControlPlane) -> None:
    assert names(used) == ["radiology"]
    assert in_a_child(lambda: bool(used.handle("CreateWorkteam", team("surgery"))))
    assert names(used) == ["radiology", "surgery"]


def in_a_child(act: Callable[[], bool]) -> bool:
    """Whether ``act``, in a forked process, is true."""
    child = os.fork()
    if not child:
        done = False
        try:
            done = act()
        finally:
            os._exit(not done)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "number #1", "%3f", "ünïcode"])
def test_a_directory_may_have_any_name(tmp_path: Path, model: ServiceModel, name: str) -> None:
    plane = ControlPlane(tmp_path / name, model)
    with_team(plane)
    assert names(plane) == ["radiology"]
    assert (tmp_path / name / "plane.db").is_file()
    plane.store.close()
