"""Measure `sagectl local serve` against moto's server: throughput, latency, start-up, paging.

python tests/benchmarks/server.py [--seconds 3] [--rounds 3] [--rows 100000]

Both servers keep running, and each figure is taken of one and then of the other, turn by turn,
so that a busy machine slows both. The client is a raw socket, kept alive as far as the server
allows (moto's closes after each answer): boto3's own millisecond a call would hide the server.
Jobs stay queued (SAGECTL_WORKERS=0), as moto runs none either. Lists are of a region that has
100 jobs. Ratios compare medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=123456789012/20260101/{region}/sagemaker/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0"
)
# Where jobs are made, and where they are listed.
GROWING, STILL = "us-east-1", "eu-west-1"
JOB = {
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "InputConfig": {
        "S3Uri": "s3://models/digits.tar.gz",
        "DataInputConfig": '{"image": [1, 64]}',
        "Framework": "ONNX",
    },
    "OutputConfig": {"S3OutputLocation": "s3://models/compiled/", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 900},
}
CLIENTS = (1, 8, 32)
PAGE = 100


class Figure(NamedTuple):
    """One measurement: requests a second, and milliseconds that requests took."""

    rate: float
    p50: float
    p99: float


class Client:
    """One connection, kept alive for as long as the server allows."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def call(self, operation: str, params: dict[str, object], region: str = GROWING) -> bytes:
        authorization = AUTHORIZATION.format(region=region)
        body = json.dumps(params).encode()
        self._socket.sendall(
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/x-amz-json-1.1\r\n"
            + f"X-Amz-Target: SageMaker.{operation}\r\nAuthorization: {authorization}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        return self._answer(operation)

    def _answer(self, operation: str) -> bytes:
        received = self._rest
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more(operation)
        head = received[:end].lower()
        at = head.index(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        while len(received) < end + 4 + length:
            received += self._more(operation)
        body, self._rest = received[end + 4 : end + 4 + length], received[end + 4 + length :]
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(f"{operation}: {head.splitlines()[0]!r} {body!r}")
        if b"\r\nconnection: close" in head:
            self._socket.close()
            self._connect()
        return body

    def _more(self, operation: str) -> bytes:
        part = self._socket.recv(1 << 16)
        if not part:
            raise SystemExit(f"{operation}: the server closed the connection")
        return part

    def close(self) -> None:
        self._socket.close()


@contextmanager
def ours(state: Path, *options: str) -> Iterator[int]:
    command = [sys.executable, "-m", "sagectl", "local", "serve", "-q", *options]
    environ = os.environ | {"SAGECTL_HOME": str(state), "SAGECTL_WORKERS": "0"}
    with running(command, environ) as process:
        assert process.stdout
        yield int(process.stdout.readline().rpartition(":")[2])


@contextmanager
def moto() -> Iterator[int]:
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-p", str(port)], dict(os.environ)):
        wait_for(port)
        yield port


@contextmanager
def running(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        env=environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise SystemExit(f"nothing answers on port {port}")


NAMES = count()


def create(client: Client) -> None:
    name = f"job-{next(NAMES)}"
    client.call("CreateCompilationJob", {"CompilationJobName": name, **JOB})


def describe(client: Client) -> None:
    client.call("DescribeCompilationJob", {"CompilationJobName": "described"})


def listed(client: Client) -> None:
    client.call("ListCompilationJobs", {"MaxResults": 100}, STILL)


OPERATIONS: dict[str, Callable[[Client], None]] = {
    "CreateCompilationJob": create,
    "DescribeCompilationJob": describe,
    "ListCompilationJobs": listed,
}


def measured(port: int, clients: int, seconds: float, call: Callable[[Client], None]) -> Figure:
    """What ``clients`` connections get through in ``seconds``."""
    took: list[list[float]] = [[] for _ in range(clients)]
    begin = threading.Barrier(clients + 1)
    end = 0.0

    def work(mine: list[float]) -> None:
        client = Client(port)
        begin.wait()
        now = time.perf_counter()
        while now < end:
            call(client)
            after = time.perf_counter()
            mine.append(after - now)
            now = after
        client.close()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in took]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    end = started + seconds
    begin.wait()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    times = sorted(second * 1000 for mine in took for second in mine)
    return Figure(len(times) / elapsed, at(times, 0.5), at(times, 0.99))


def at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


def median(figures: list[Figure]) -> Figure:
    return Figure(*(statistics.median(column) for column in zip(*figures, strict=True)))


def throughput(seconds: float, rounds: int, *options: str) -> None:
    print(f"{'operation':24} {'clients':>7} {'ours':>22} {'moto':>22} {'ratio':>6}")
    with (
        tempfile.TemporaryDirectory() as place,
        ours(Path(place), *options) as one,
        moto() as other,
    ):
        for port in (one, other):
            prepare(Client(port))
        for name, call in OPERATIONS.items():
            for clients in CLIENTS:
                taken: dict[int, list[Figure]] = {one: [], other: []}
                for _ in range(rounds):
                    for port, figures in taken.items():
                        figures.append(measured(port, clients, seconds, call))
                mine, theirs = median(taken[one]), median(taken[other])
                print(
                    f"{name:24} {clients:7} {shown(mine)} {shown(theirs)}"
                    f" {mine.rate / theirs.rate:5.1f}x"
                )


def prepare(client: Client) -> None:
    client.call("CreateCompilationJob", {"CompilationJobName": "described", **JOB})
    for number in range(100):
        job = {"CompilationJobName": f"job-{number}", **JOB}
        client.call("CreateCompilationJob", job, STILL)


def shown(figure: Figure) -> str:
    return f"{figure.rate:7.0f}/s {figure.p50:5.2f}/{figure.p99:6.2f}ms"


def start_up(rounds: int) -> None:
    """Seconds from the start of the process to the first answer."""
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as place:
        with ours(Path(place)) as port:  # prunes the service model, once per installation
            Client(port).call("ListWorkteams", {})
        for _ in range(rounds):
            before = time.perf_counter()
            with ours(Path(place)) as port:
                Client(port).call("ListCompilationJobs", {})
                mine.append(time.perf_counter() - before)
            before = time.perf_counter()
            with moto() as port:
                Client(port).call("ListCompilationJobs", {})
                theirs.append(time.perf_counter() - before)
    ratio = statistics.median(mine) / statistics.median(theirs)
    print(
        f"start-up to first answer: ours {statistics.median(mine):.3f} s, "
        f"moto {statistics.median(theirs):.3f} s, ratio {ratio:.2f}"
    )


def paging(rows: int) -> None:
    """Milliseconds a page of 100, through lists of 1,000 rows and up."""
    from sagectl.controlplane import resources
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store

    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= rows]
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            store = Store(Path(place))
            body = {name: JOB[name] for name in JOB}
            with store.writing() as db:
                for number in range(size):
                    resources.insert(
                        db,
                        "CompilationJob",
                        Place("123456789012", "us-east-1"),
                        f"job-{number:07}",
                        body,
                        status="COMPLETED",
                        now=number,
                    )
            store.close()
            with ours(Path(place)) as port:
                print(f"list of {size:7,} at {PAGE} a page: {pages_of(port, size)}")


def pages_of(port: int, size: int) -> str:
    client, took, seen = Client(port), [], 0
    params: dict[str, object] = {"MaxResults": PAGE}
    began = time.perf_counter()
    while True:
        before = time.perf_counter()
        page = json.loads(client.call("ListCompilationJobs", params))
        took.append((time.perf_counter() - before) * 1000)
        seen += len(page["CompilationJobSummaries"])
        if "NextToken" not in page:
            break
        params["NextToken"] = page["NextToken"]
    total = time.perf_counter() - began
    client.close()
    if seen != size:
        raise SystemExit(f"{seen} rows listed, not {size}")
    tail = statistics.median(took[-10:])
    return f"{total:.2f} s, {statistics.median(took):.2f} ms a page, the last ten {tail:.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000, help="of the longest list")
    parser.add_argument("--sync", choices=("normal", "full"), default="normal")
    chosen = parser.parse_args()
    start_up(chosen.rounds * 3)
    options = () if chosen.sync == "normal" else ("--sync", chosen.sync)
    throughput(chosen.seconds, chosen.rounds, *options)
    paging(chosen.rows)


if __name__ == "__main__":
    main()
