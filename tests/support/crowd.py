"""A user pool of any size behind HTTP, its pages made up as they are asked for."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def person(index: int) -> dict[str, Any]:
    """A user as ListUsers answers it."""
    email = f"person{index:06}@example.com"
    return {
        "Username": email,
        "Attributes": [
            {"Name": "email", "Value": email},
            {"Name": "name", "Value": f"Person {index}"},
        ],
        "Enabled": True,
        "UserStatus": "CONFIRMED",
    }


@contextmanager
def crowd(people: int) -> Iterator[str]:
    """The endpoint of a Cognito whose one pool has ``people``, all of them in one group."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answers[operation](asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    def page(asked: dict[str, Any], token: str) -> dict[str, Any]:
        start = int(asked.get(token, 0))
        end = min(start + asked["Limit"], people)
        more = {token: str(end)} if end < people else {}
        return {"Users": [person(index) for index in range(start, end)], **more}

    answers = {
        "ListUsers": lambda asked: page(asked, "PaginationToken"),
        "ListUsersInGroup": lambda asked: page(asked, "NextToken"),
        "ListGroups": lambda _: {"Groups": [{"GroupName": "all"}]},
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
