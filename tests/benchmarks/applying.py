"""Applying sets of compilation jobs: rate, memory, the second time, and over a slow network.

    pip install deepdiff
    python tests/benchmarks/applying.py

The jobs stay queued (SAGECTL_WORKERS=0). Over HTTP every answer takes 40 ms, and the best that
the token bucket allows is what the calls would take if nothing else did.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sagectl.catalog.kinds import COMPILATION_JOB_KIND
from sagectl.controlplane.http import Server
from sagectl.controlplane.plane import ControlPlane
from sagectl.gateway.pacing import CHANGES
from sagectl.plan.diff import differences
from sagectl.schema.model import service_model

LOCAL, REMOTE, LATENCY_SECONDS = 1_000, 80, 0.04
JOB = """\
kind: CompilationJob
name: digits-{number}
spec:
  RoleArn: arn:aws:iam::123456789012:role/compiler
  InputConfig:
    S3Uri: s3://models/digits.tar.gz
    Framework: ONNX
    DataInputConfig: {{image: [1, 64]}}
  OutputConfig:
    S3OutputLocation: s3://models/compiled
    TargetPlatform: {{Os: LINUX, Arch: X86_64}}
  StoppingCondition:
    MaxRuntimeInSeconds: 900
"""


class LatePlane(ControlPlane):
    """A control plane at the other end of a network."""

    def handle(self, operation: str, params: Any, **place: str) -> dict[str, Any]:
        time.sleep(LATENCY_SECONDS)
        return super().handle(operation, params, **place)


def jobs(folder: Path, count: int) -> str:
    path = folder / f"jobs-{count}.yaml"
    path.write_text("---\n".join(JOB.format(number=number) for number in range(count)))
    return str(path)


def measured(*arguments: str, **variables: str) -> tuple[float, float, int]:
    """Seconds, CPU seconds and KiB of ``sagectl ARGUMENTS``."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "sagectl", "--quiet", *arguments],
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu, after.ru_maxrss


def local(folder: Path) -> None:
    apply = ("--local", "apply", "-f", jobs(folder, LOCAL), "--yes")
    first, first_cpu, memory = measured(*apply)
    second, second_cpu, _ = measured(*apply)
    print(f"local, {LOCAL} jobs: {LOCAL / first:.0f} documents/s, {memory / 1024:.0f} MiB")
    print(f"  the second time: {second / first:.2f} of the time, {second_cpu / first_cpu:.2f}"
          " of the CPU")  # fmt: skip


def remote(folder: Path) -> None:
    plane = LatePlane(folder / "served", service_model(folder / "cache"))
    server = Server(plane, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    account = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any"}
    apply = ("apply", "-f", jobs(folder, REMOTE), "--yes", "--endpoint-url", server.url)
    seconds, _, _ = measured(*apply, AWS_REGION="us-east-1", **account)
    again, _, _ = measured(*apply, AWS_REGION="us-east-1", **account)
    server.shutdown()
    server.finish()
    best = (REMOTE - CHANGES.burst) / CHANGES.per_second
    print(f"over HTTP with {LATENCY_SECONDS * 1000:.0f} ms, {REMOTE} jobs: {seconds:.1f} s, "
          f"{seconds / best:.2f} of the best that the bucket allows")  # fmt: skip
    print(f"  the second time: {again / seconds:.2f} of the time")


def diff() -> None:
    from deepdiff import DeepDiff

    desired = {
        "InputConfig": {"S3Uri": "s3://models/digits.tar.gz", "Framework": "ONNX",
                        "DataInputConfig": '{"image": [1, 64]}'},
        "OutputConfig": {"S3OutputLocation": "s3://models/compiled",
                         "TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
        "VpcConfig": {"Subnets": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-a"]},
    }  # fmt: skip
    live = {**desired, "StoppingCondition": {"MaxRuntimeInSeconds": 600}}

    def seconds(compare: Any) -> float:
        began = time.process_time()
        for _ in range(LOCAL):
            compare()
        return time.process_time() - began

    ours = seconds(lambda: differences(COMPILATION_JOB_KIND, desired, live))
    theirs = seconds(lambda: DeepDiff(live, desired, ignore_order=True))
    print(f"{LOCAL} differences: {ours / theirs:.3f} of the CPU of deepdiff")


def main() -> None:
    with TemporaryDirectory() as folder:
        os.environ |= {"SAGECTL_HOME": f"{folder}/home", "SAGECTL_WORKERS": "0"}
        measured("--local", "workteam", "list")  # the pruned service model is made once
        local(Path(folder))
        diff()
        remote(Path(folder))


if __name__ == "__main__":
    main()
