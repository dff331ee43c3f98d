"""Applying sets of compilation jobs: rate, memory, the second time, and over a slow network.

    pip install deepdiff
    python tests/benchmarks/applying.py

The jobs stay queued (SAGECTL_WORKERS=0); sagectl is compiled to bytecode, as installed. Figures
are the medians of ROUNDS, CPU time being the steadier on a machine that does other things. Over
HTTP every answer takes 40 ms, and the best that the token bucket allows is what the calls would
take if nothing else did.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sagectl.catalog.kinds import COMPILATION_JOB_KIND
from sagectl.controlplane.http import Server
from sagectl.controlplane.plane import ControlPlane
from sagectl.gateway.pacing import CHANGES
from sagectl.plan.diff import differences
from sagectl.schema.model import service_model

LOCAL, LARGE, REMOTE, LATENCY_SECONDS = 1_000, (5_000, 20_000), 80, 0.04
ROUNDS = 5
# Not ru_maxrss, which a child starts with its parent's.
SCRIPT = """
import re, sys
from pathlib import Path
from sagectl.cli.main import main
main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print("peak", peak, file=sys.stderr)
"""
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


class Cost(NamedTuple):
    """What a run took."""

    seconds: float
    cpu: float
    mib: float


PLAIN, WATCHED = ("-m", "sagectl"), ("-c", SCRIPT)  # WATCHED also tells its memory


def measured(*arguments: str, how: tuple[str, str] = PLAIN, **variables: str) -> Cost:
    """The cost of ``sagectl ARGUMENTS``."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *how, "--quiet", *arguments],
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = re.search(r"peak (\d+)", done.stderr)
    return Cost(seconds, cpu, int(peak[1]) / 1024 if peak else 0.0)


def twice(folder: Path, count: int, how: tuple[str, str] = PLAIN) -> tuple[Cost, Cost]:
    """What it costs to apply so many jobs, and to apply them again."""
    apply = ("--local", "apply", "-f", jobs(folder, count), "--yes")
    shutil.rmtree(os.environ["SAGECTL_HOME"], ignore_errors=True)
    measured("--local", "validate", "-f", jobs(folder, 1))  # the service model is pruned once
    return measured(*apply, how=how), measured(*apply, how=how)


def local(folder: Path) -> None:
    rounds = [twice(folder, LOCAL) for _ in range(ROUNDS)]
    rate = LOCAL / median(first.seconds for first, _ in rounds)
    time_, cpu = (median(again[at] / first[at] for first, again in rounds) for at in (0, 1))
    watched, _ = twice(folder, LOCAL, WATCHED)
    print(f"local, {LOCAL} jobs: {rate:.0f} documents/s, {watched.mib:.0f} MiB")
    print(f"  the second time: {time_:.2f} of the time, {cpu:.2f} of the CPU")
    for count in LARGE:
        first, again = twice(folder, count, WATCHED)
        print(
            f"local, {count} jobs: {count / first.seconds:.0f} documents/s, "
            f"{first.mib:.0f} MiB, the second time {again.mib:.0f} MiB "
            f"and {again.cpu / first.cpu:.2f} of the CPU"
        )


def remote(folder: Path) -> None:
    plane = LatePlane(folder / "served", service_model(folder / "cache"))
    server = Server(plane, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    account = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any"}
    apply = ("apply", "-f", jobs(folder, REMOTE), "--yes", "--endpoint-url", server.url)
    seconds = measured(*apply, AWS_REGION="us-east-1", **account).seconds
    again = measured(*apply, AWS_REGION="us-east-1", **account).seconds
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
        os.environ |= {
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        twice(Path(folder), 1)
        local(Path(folder))
        diff()
        remote(Path(folder))


if __name__ == "__main__":
    main()
