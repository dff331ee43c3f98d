"""Sync 10,000 people into 40 groups of moto's Cognito: calls against the fewest possible.

python -m tests.benchmarks.people [PEOPLE] [GROUPS]

Both syncs run in this process against moto's server in another. The fewest calls of the first
are one to see that the pool is empty, one for the groups, and one for each group, person and
membership; those of the second are its pages of sixty.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from math import ceil
from typing import Any

from sagectl.gateway.cognito import PAGE, CognitoPool
from sagectl.gateway.session import client
from sagectl.manifest.people import Worker
from sagectl.plan.people import apply_people, people_plan
from tests.support.crowd import crowd

PORT = 5123
REGION = "us-east-1"
PARALLEL = 8
SERVER = (
    "from moto.server import ThreadedMotoServer as S; import time, logging;"
    f"logging.disable(50); S('127.0.0.1', {PORT}, verbose=False).start(); time.sleep(1e6)"
)


def staff(people: int, groups: int) -> list[Worker]:
    """People in two groups each."""
    return [
        Worker(
            f"person{index:06}@example.com",
            f"Person {index}",
            tuple(sorted({f"group{index % groups:02}", f"group{index * 7 % groups:02}"})),
        )
        for index in range(people)
    ]


class Counted(CognitoPool):
    """A pool that counts its calls by operation."""

    calls: Counter[str]

    def _call(self, operation: str, **params: Any) -> Any:
        self.calls[operation] += 1
        return super()._call(operation, **params)


def sync(pool: Counted, people: list[Worker]) -> tuple[int, int, float]:
    """Reads, writes and seconds of one sync."""
    pool.calls = Counter()
    start = time.perf_counter()
    done = apply_people(people_plan(people, pool), pool, parallel=PARALLEL)
    seconds = time.perf_counter() - start
    assert not done.failed, done.failed[0]
    reads = sum(count for name, count in pool.calls.items() if name.startswith("List"))
    return reads, pool.calls.total() - reads, seconds


def main(count: int, groups: int) -> None:
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://127.0.0.1:{PORT}",
    }
    people = staff(count, groups)
    cognito: Any = client("cognito-idp", REGION)
    made = cognito.create_user_pool(PoolName="staff")
    pool = Counted(REGION, made["UserPool"]["Id"], sends_mail=False)
    memberships = sum(len(person.groups) for person in people)
    by_group = Counter(group for person in people for group in person.groups)

    reads, writes, seconds = sync(pool, people)
    fewest = 2 + len(by_group) + count + memberships
    print(f"first sync: {reads} reads, {writes} writes in {seconds:.0f} s")
    print(f"  calls against the fewest possible ({fewest}): {(reads + writes) / fewest:.3f}")

    fewest = ceil(count / PAGE) + ceil(len(by_group) / PAGE)
    fewest += sum(ceil(members / PAGE) for members in by_group.values())
    reads, writes, seconds = sync(pool, people)
    print(f"second sync: {reads} reads, {writes} writes in {seconds:.0f} s")
    print(f"  calls against the fewest possible ({fewest}): {(reads + writes) / fewest:.3f}")


def memory(people: int) -> None:
    """Plan ten people against a pool of many, which is read page by page."""
    few = [Worker(f"person{index:06}@example.com", "", ("all",)) for index in range(10)]
    with crowd(people) as url:
        os.environ["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] = url
        pool = CognitoPool(REGION, f"{REGION}_crowd")
        next(pool.people())  # what botocore keeps is none of ours
        tracemalloc.start()
        people_plan(few, pool)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    print(f"planning 10 people in a pool of {people}: {peak / 2**10:.0f} KiB at most")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]] or [10_000, 40]
    server = subprocess.Popen([sys.executable, "-c", SERVER])
    try:
        main(*numbers)
    finally:
        server.kill()
    for size in (1_000, 100_000):
        memory(size)
