"""CPU time of a list over HTTP, against a boto3 script and the AWS CLI that do the same.

python -m tests.benchmarks.remote [ROUNDS]

The AWS CLI is that of ``tests/clients/install``, or of the PATH, or left out. Exits 7 if a
budget is exceeded.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.startup import SAGECTL, cpu_seconds, environment
from tests.support.served import served

BUDGETS = {"boto3": 0.6, "aws": 0.45}
SCRIPT = """
import boto3
for team in boto3.client("sagemaker").list_workteams()["Workteams"]:
    print(team["WorkteamName"])
"""
LIST = ("sagemaker", "list-workteams")


def commands() -> dict[str, tuple[str, ...]]:
    found = {
        "sagectl": (*SAGECTL, "workteam", "list"),
        "boto3": (sys.executable, "-c", SCRIPT),
    }
    own = Path(".clients/aws/bin/aws")
    if aws := str(own.absolute()) if own.is_file() else shutil.which("aws"):
        found["aws"] = (aws, *LIST)
    return found


def measured(rounds: int) -> dict[str, list[float]]:
    """What sagectl takes over what each of the others takes, of the same round."""
    with tempfile.TemporaryDirectory() as home, served(Path(home)) as url:
        environ = environment(home) | {
            "AWS_ENDPOINT_URL_SAGEMAKER": url,
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        ratios: dict[str, list[float]] = {name: [] for name in commands()}
        for turn in range(rounds + 1):
            spent = {name: cpu_seconds(words, environ) for name, words in commands().items()}
            if turn:  # the first round compiles, and fills the cache
                for name, seconds in spent.items():
                    ratios[name].append(spent["sagectl"] / seconds)
    return ratios


def main() -> int:
    rounds = int(sys.argv[1]) if sys.argv[1:] else 15
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, ")
    print(
        f"load {os.getloadavg()[0]:.1f}, {rounds} rounds; CPU time of `sagectl workteam list`"
    )
    over = False
    found = measured(rounds)
    for name, budget in BUDGETS.items():
        if name not in found:
            print(f"over {name}: not installed; see tests/clients/install")
            continue
        middle = statistics.median(found[name])
        over |= middle > budget
        print(f"over {name}: {middle:.2f}, at most {budget}")
    return 7 if over else 0


if __name__ == "__main__":
    sys.exit(main())
