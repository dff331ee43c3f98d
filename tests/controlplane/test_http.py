"""The control plane over HTTP, to a raw client and to boto3."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane.http import Server
from sagectl.controlplane.plane import ControlPlane
from sagectl.errors import InputError
from sagectl.schema.model import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
JOB: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "InputConfig": {
        "S3Uri": "s3://models/m.tar.gz",
        "DataInputConfig": '{"x": [1, 4]}',
        "Framework": "ONNX",
    },
    "OutputConfig": {"S3OutputLocation": "s3://compiled/", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "SageMaker.ListWorkteams",
}


@contextmanager
def serving(state: Path, host: str = "127.0.0.1", **options: Any) -> Iterator[Server]:
    plane = ControlPlane(state, service_model(state.parent / "cache"))
    server = Server(plane, host, 0, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.finish()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("plane") / "state", body_bytes=10_000) as server:
        yield server


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield made
    made.close()


def call(
    connection: http.client.HTTPConnection, body: Any = b"{}", **headers: str | None
) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    """POST with the usual headers; ``Content_Type=None`` leaves one out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in (HEADERS | named).items() if value is not None}
    connection.request("POST", "/", body, sent)
    answer = connection.getresponse()
    return answer, json.loads(answer.read())


def exchange(server: Server, request: bytes) -> bytes:
    """Send bytes as they are and no more, and all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        raw.sendall(request)
        raw.shutdown(socket.SHUT_WR)
        received = b""
        while part := raw.recv(1 << 16):
            received += part
        return received


def test_an_operation_is_answered_as_by_the_service(
    connection: http.client.HTTPConnection,
) -> None:
    answer, content = call(connection)
    assert (answer.status, content) == (200, {"Workteams": []})
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert len(answer.headers["x-amzn-RequestId"]) == 36


def test_a_connection_serves_many_requests_without_delay(
    connection: http.client.HTTPConnection,
) -> None:
    call(connection)
    ours = connection.sock
    before = time.monotonic()
    for _ in range(50):
        call(connection)
    assert connection.sock is ours
    # Nagle's algorithm against delayed acknowledgements would take 40 ms for each.
    assert time.monotonic() - before < 1.5


def test_a_chunked_body_is_read(connection: http.client.HTTPConnection) -> None:
    parts = iter([b'{"MaxRes', b'ults":1', b"}"])
    answer, _ = call(connection, parts)
    assert answer.status == 200
    answer, _ = call(connection)
    assert answer.status == 200


REFUSALS: dict[str, tuple[dict[str, str | None], bytes, int, str]] = {
    "malformed json": ({}, b"{", 400, "SerializationException"),
    "wrong type": ({}, b'{"MaxResults":"x"}', 400, "SerializationException"),
    "invalid value": ({}, b'{"MaxResults":1000}', 400, "ValidationException"),
    "unknown operation": (
        {"X_Amz_Target": "SageMaker.Nothing"},
        b"{}",
        404,
        "UnknownOperationException",
    ),
    "another service": (
        {"X_Amz_Target": "DynamoDB_20120810.ListTables"},
        b"{}",
        404,
        "UnknownOperationException",
    ),
    "no target": ({"X_Amz_Target": None}, b"{}", 404, "UnknownOperationException"),
    "form": (
        {"Content_Type": "application/x-www-form-urlencoded"},
        b"{}",
        415,
        "UnsupportedMediaType",
    ),
    "another host": ({"Host": "evil.example:80"}, b"{}", 403, "AccessDeniedException"),
    "too large": ({}, b"x" * 10_001, 413, "RequestEntityTooLarge"),
    "much too large": ({}, b"x" * 5_000_000, 413, "RequestEntityTooLarge"),
    "length no number": ({"Content_Length": "-1"}, b"{}", 400, "BadRequest"),
    "unknown encoding": ({"Transfer_Encoding": "gzip"}, b"", 400, "BadRequest"),
}


@pytest.mark.parametrize(("headers", "body", "status", "code"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_served_is_said(
    connection: http.client.HTTPConnection,
    headers: dict[str, str | None],
    body: bytes,
    status: int,
    code: str,
) -> None:
    answer, content = call(connection, body, **headers)
    assert (answer.status, content["__type"]) == (status, code)
    assert content["message"]
    assert answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1:99", "[::1]:80"])
def test_every_name_of_loopback_is_ours(
    connection: http.client.HTTPConnection, host: str
) -> None:
    assert call(connection, Host=host)[0].status == 200


RAW = {
    "no http": (b"hello\r\n\r\n", b" 400 "),
    "no host": (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b" 400 "),
    "two hosts": (b"POST / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", b" 400 "),
    "another method": (b"PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 501 "),
    "another version": (b"POST / HTTP/3.0\r\nHost: localhost\r\n\r\n", b" 400 "),
    "an end before its end": (b"POST / HTTP/1.1\r\nHost: localhost\r\n", b" 400 "),
    "a header without colon": (b"POST / HTTP/1.1\r\nHost localhost\r\n\r\n", b" 400 "),
    "a space before the colon": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length : 2\r\n\r\n{}",
        b" 400 ",
    ),
    "a folded header": (b"POST / HTTP/1.1\r\nHost: localhost\r\n more\r\n\r\n", b" 400 "),
    "two lengths": (
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
            b"Content-Length: 3\r\n\r\n{} "
        ),
        b" 400 ",
    ),
    "a long line": (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
    "a long header": (
        b"GET / HTTP/1.1\r\nA: " + b" " * 70_000 + b"\r\n\r\n",
        b" 431 ",
    ),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b" 431 "),
    "both lengths": (
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        b" 400 ",
    ),
    "bad chunk": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b" 400 ",
    ),
    "chunk too large": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"7000\r\n" + b"x" * 0x7000 + b"\r\n0\r\n\r\n",
        b" 413 ",
    ),
}


@pytest.mark.parametrize(("request_bytes", "status"), RAW.values(), ids=RAW)
def test_what_is_no_proper_http_is_refused_and_the_connection_closed(
    server: Server, request_bytes: bytes, status: bytes
) -> None:
    answer = exchange(server, request_bytes)
    assert b"\r\nConnection: close\r\n" in answer
    assert status in answer.partition(b"\r\n")[0]
    assert b'"__type":"BadRequest"' in answer or b"RequestEntityTooLarge" in answer


@pytest.mark.parametrize(
    "told",
    [
        b"Content-Length: 99999999999",
        b"Content-Length: " + b"9" * 5000,
        b"Transfer-Encoding: chunked\r\n\r\nffffffffff",
    ],
    ids=["length", "endless length", "chunk"],
)
def test_a_body_too_large_is_refused_before_it_comes(server: Server, told: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + told + b"\r\n\r\n")
        assert b" 413 " in raw.recv(1 << 16)


@pytest.mark.parametrize(
    "begun",
    [
        b"POS",
        b"POST / HTTP/1.1\r\nHost: local",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["line", "head", "body"],
)
def test_a_request_that_does_not_come_to_an_end_is_given_up(
    tmp_path: Path, begun: bytes
) -> None:
    with serving(tmp_path / "state", receiving_seconds=0.1) as server:
        address = ("127.0.0.1", server.server_port)
        with socket.create_connection(address, timeout=10) as raw:
            raw.sendall(begun)
            assert b" 400 " in raw.recv(1 << 16)
        with socket.create_connection(address, timeout=10) as idle:
            time.sleep(0.3)
            idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in idle.recv(1 << 16)


def test_a_request_half_sent_does_not_keep_the_server_from_its_end(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as server:
        address = ("127.0.0.1", server.server_port)
        raw = socket.create_connection(address, timeout=10)
        raw.sendall(b"POST / HTTP/1.1\r\n")
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 8
    raw.close()


KEPT = {
    "1.1": (b"HTTP/1.1\r\n", 2),
    "1.1 and close": (b"HTTP/1.1\r\nConnection: Close\r\n", 1),
    "1.0": (b"HTTP/1.0\r\n", 1),
    "1.0 and keep-alive": (b"HTTP/1.0\r\nConnection: keep-alive\r\n", 2),
    "an empty line between": (b"HTTP/1.1\r\nContent-Length: 0\r\n", 2),
}


@pytest.mark.parametrize(("rest", "answers"), KEPT.values(), ids=KEPT)
def test_a_connection_is_kept_for_as_long_as_its_client_says(
    server: Server, rest: bytes, answers: int
) -> None:
    request = b"GET / " + rest + b"Host: localhost\r\n\r\n"
    between = b"\r\n" if b"Length" in rest else b""
    assert exchange(server, request + between + request).count(b" 200 OK") == answers


def test_a_client_that_waits_to_be_told_is_told_to_go_on(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        raw.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 2\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-amz-json-1.1\r\n"
            b"X-Amz-Target: SageMaker.ListWorkteams\r\n\r\n"
        )
        assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(b"{}")
        assert raw.recv(100).startswith(b"HTTP/1.1 200 ")


def test_the_scope_of_the_signature_names_account_and_region(
    connection: http.client.HTTPConnection,
) -> None:
    signature = "AWS4-HMAC-SHA256 Credential={}/20200724/{}/sagemaker/aws4_request, Signature=x"
    body = json.dumps({"CompilationJobName": "scoped", **JOB})
    target = "SageMaker.CreateCompilationJob"
    scopes = {
        ("210987654321", "eu-west-1"): "eu-west-1:210987654321",
        ("AKIAIOSFODNN7EXAMPLE", "eu-west-1"): "eu-west-1:123456789012",
        ("AKIAIOSFODNN7EXAMPLE", "../../etc"): "us-east-1:123456789012",
    }
    for (key, region), place in scopes.items():
        headers = {"X_Amz_Target": target, "Authorization": signature.format(key, region)}
        _, content = call(connection, body, **headers)
        assert place in content["CompilationJobArn"]


def test_boto3_takes_it_for_the_service(server: Server) -> None:
    import boto3

    client = boto3.client(
        "sagemaker",
        endpoint_url=server.url,
        region_name="us-west-2",
        aws_access_key_id="123456789012",
        aws_secret_access_key="anything",
    )
    for name in ("a", "b", "c"):
        client.create_compilation_job(CompilationJobName=name, **JOB)
    pages = client.get_paginator("list_compilation_jobs").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert len([job for page in pages for job in page["CompilationJobSummaries"]]) == 3
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_compilation_job(CompilationJobName="a", **JOB)
    job = client.describe_compilation_job(CompilationJobName="a")
    assert job["CreationTime"].tzinfo is not None


def test_a_get_tells_that_the_server_is_up(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/")
    assert connection.getresponse().status == 200


def test_ipv6_loopback_serves(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6; one that does runs the test")
    try:
        with serving(tmp_path / "state", "::1") as server:
            assert server.url.startswith("http://[::1]:")
            made = http.client.HTTPConnection("::1", server.server_port, timeout=10)
            assert call(made)[0].status == 200
            made.close()
    except InputError:
        pytest.skip("this machine's loopback has no IPv6 address; one that does runs the test")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_only_loopback_is_served(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="loopback"):
        Server(ControlPlane(tmp_path, service_model(tmp_path)), host, 0)


def test_a_port_that_is_taken_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be listened on"):
        Server(server.plane, "127.0.0.1", server.server_port)


SCRIPT = """
import sys, time
from pathlib import Path
from sagectl.controlplane.http import serve
from sagectl.controlplane.plane import ControlPlane
from sagectl.schema.model import service_model

class Slow(ControlPlane):
    def handle(self, *args, **named):
        print("handling", flush=True)
        time.sleep(0.5)
        return super().handle(*args, **named)

place = Path(sys.argv[1])
serve(Slow(place / "state", service_model(place / "cache")),
      ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def test_sigterm_finishes_the_requests_that_run_and_ends_idle_connections(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    port = int(process.stdout.readline().rpartition(":")[2])
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    idle.connect()
    busy = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    busy.request("POST", "/", b"{}", HEADERS)
    assert process.stdout.readline() == "handling\n"
    process.send_signal(signal.SIGTERM)
    answer = busy.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"Workteams": []})
    assert process.stdout.readline() == "ended\n"
    assert process.wait(10) == 0
    idle.close()
    busy.close()
    process.stdout.close()
