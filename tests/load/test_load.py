"""Many clients for minutes, and servers killed while they write.

LOAD_SECONDS is how long the clients work (60 if not set; 600 for the full run), LOAD_KILLS how
often a server is killed (30 if not set).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from sagectl.controlplane.checkup import checkup
from sagectl.controlplane.store import Store
from tests.load.traffic import Client

pytestmark = pytest.mark.load

ROOT = Path(__file__).parents[2]
CLIENTS = 16
SECONDS = float(os.environ.get("LOAD_SECONDS", "60"))
KILLS = int(os.environ.get("LOAD_KILLS", "30"))


def served(*options: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sagectl", "local", "serve", "-q", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    return process, int(process.stdout.readline().rpartition(":")[2])


def resident_kib(process: subprocess.Popen[str]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def assert_whole(home: Path) -> None:
    assert [row for row in checkup(home) if row.against] == []
    store = Store(home)
    with store.reading() as db:
        half = db.execute(
            "SELECT name FROM resources r"
            " WHERE NOT EXISTS (SELECT 1 FROM tags WHERE resource = r.id AND value = r.name)"
        ).fetchall()
    store.close()
    assert half == []


def report(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def test_sixteen_clients_lose_nothing_and_memory_stays_flat(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process, port = served()
    clients = [Client(port, number) for number in range(1, CLIENTS + 1)]
    end = threading.Event()
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            working = [pool.submit(client.work, end) for client in clients]
            time.sleep(SECONDS / 4)
            before = resident_kib(process)
            time.sleep(SECONDS * 3 / 4)
            after = resident_kib(process)
            end.set()
            for work in working:
                work.result(60)
        for client in clients:
            client.look_at_all()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert_whole(home)
    done = sum((client.done for client in clients), Counter())
    report(
        capsys,
        f"{CLIENTS} clients, {SECONDS:.0f} s: {done.total()} calls, {before} -> {after} KiB;"
        f" {sum(len(client.jobs) for client in clients)} jobs at the end",
    )
    assert not [key for key in done if key.endswith((" 500", " 503"))]
    # Caches of SQLite and of the interpreter fill up; what each call left would be more.
    assert after < before * 1.25 + 4096


@pytest.mark.parametrize("sync", ["normal", "full"])
def test_a_killed_server_has_kept_what_it_acknowledged(
    home: Path, sync: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clients: list[Client] = []
    for number in range(KILLS):
        process, port = served("--sync", sync)
        try:
            if not clients:
                clients = [Client(port, count) for count in range(1, 5)]
            for client in clients:
                client.reconnect(port)
                client.look_at_all()
                client.settle()
            end = threading.Event()
            with ThreadPoolExecutor(len(clients)) as pool:
                working = [pool.submit(client.work, end) for client in clients]
                # At another statement each time.
                time.sleep(0.02 + 0.0137 * number)
                process.kill()
                for work in working:
                    # The connection breaks; that a model was contradicted is a failure.
                    assert isinstance(work.exception(60), OSError | HTTPException)
        finally:
            process.kill()
            process.communicate()
        assert_whole(home)
    done = sum((client.done for client in clients), Counter())
    report(capsys, f"sync {sync}: {KILLS} kills, {KILLS} checks, {done.total()} calls, no loss")
