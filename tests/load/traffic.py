"""Clients that change a server's jobs, each keeping a plain model of what it did."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.support.planes import compilation

if TYPE_CHECKING:
    import threading


class LostError(AssertionError):
    """The server does not show what it acknowledged."""


class Client:
    """One keep-alive connection in an account of its own, so that its model is the whole truth.

    ``jobs`` maps a name to its status. While a change is under way its name is in ``doubtful``:
    a server that dies then may have made it or not.
    """

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.account = f"{number:012}"
        self.jobs: dict[str, str] = {}
        self.doubtful: set[str] = set()
        self.done: Counter[str] = Counter()
        self._random = random.Random(number)
        self._names = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def reconnect(self, port: int) -> None:
        self._connection.close()
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, operation: str, **params: Any) -> tuple[int, dict[str, Any]]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"SageMaker.{operation}",
            "Authorization": f"Credential={self.account}/20260101/us-east-1/sagemaker/x",
        }
        self._connection.request("POST", "/", json.dumps(params), headers)
        answer = self._connection.getresponse()
        content = json.loads(answer.read())
        self.done[f"{operation} {answer.status}"] += 1
        return answer.status, content

    def work(self, until: threading.Event) -> None:
        """Change and look at random until told to end, or until the server is gone."""
        while not until.is_set():
            self.step()

    def step(self) -> None:
        chosen = self._random.random()
        if chosen < 0.3 or not self.jobs:
            self.create()
        elif chosen < 0.4:
            self.create_again()
        elif chosen < 0.5:
            self.stop()
        elif chosen < 0.65:
            self.delete()
        elif chosen < 0.97:
            self.look()
        else:
            self.look_at_all()

    def create(self) -> None:
        self._names += 1
        name = f"job-{self._names:06}"
        self.doubtful.add(name)
        params = compilation(name, Tags=[{"Key": "k", "Value": name}])
        self._expect(200, "", self.call("CreateCompilationJob", **params))
        self.jobs[name] = "STARTING"
        self.doubtful.discard(name)

    def create_again(self) -> None:
        name = self._some()
        said = self.call("CreateCompilationJob", **compilation(name))
        self._expect(400, "ResourceInUse", said)

    def stop(self) -> None:
        name = self._some()
        self.doubtful.add(name)
        said = self.call("StopCompilationJob", CompilationJobName=name)
        if self.jobs[name] == "STOPPED":
            self._expect(400, "ValidationException", said)
        else:
            self._expect(200, "", said)
        self.jobs[name] = "STOPPED"
        self.doubtful.discard(name)

    def delete(self) -> None:
        name = self._some()
        self.doubtful.add(name)
        said = self.call("DeleteCompilationJob", CompilationJobName=name)
        if self.jobs[name] == "STOPPED":
            self._expect(200, "", said)
            del self.jobs[name]
        else:
            self._expect(400, "ValidationException", said)
        self.doubtful.discard(name)

    def look(self) -> None:
        name = self._some()
        status, found = self.call("DescribeCompilationJob", CompilationJobName=name)
        if status != 200 or found["CompilationJobStatus"] != self.jobs[name]:
            raise LostError(f"{name}: {status} {found}, not {self.jobs[name]}")

    def look_at_all(self) -> None:
        """The server's list is the model, but for what was under way when a server died."""
        found = self._listed()
        for name in {*found, *self.jobs} - self.doubtful:
            if found.get(name) != self.jobs.get(name):
                raise LostError(f"{name}: {found.get(name)}, not {self.jobs.get(name)}")

    def settle(self) -> None:
        """Learn what became of what was under way when a server died."""
        found = self._listed()
        for name in self.doubtful:
            self.jobs.pop(name, None)
            if name in found:
                self.jobs[name] = found[name]
        self.doubtful.clear()

    def _listed(self) -> dict[str, str]:
        found: dict[str, str] = {}
        params: dict[str, Any] = {"MaxResults": 100, "SortBy": "Name"}
        while True:
            status, page = self.call("ListCompilationJobs", **params)
            if status != 200:
                raise LostError(str(page))
            for row in page["CompilationJobSummaries"]:
                if row["CompilationJobName"] in found:
                    raise LostError(f"{row} was listed twice")
                found[row["CompilationJobName"]] = row["CompilationJobStatus"]
            if "NextToken" not in page:
                return found
            params["NextToken"] = page["NextToken"]

    def _some(self) -> str:
        return self._random.choice(list(self.jobs))

    def _expect(self, status: int, code: str, said: tuple[int, dict[str, Any]]) -> None:
        if (said[0], said[1].get("__type", "")) != (status, code):
            raise LostError(f"{said}, not {status} {code}")
