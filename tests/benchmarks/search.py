"""Search over many records: a page's time, its growth, and moto's on the part that it has.

python tests/benchmarks/search.py [RECORDS]

moto answers top-level filters over training jobs, in memory, without sorting or paging; both
are asked the same question through boto3 in this process. RECORDS defaults to 100,000.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from moto import mock_aws

from sagectl import local
from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT
from sagectl.controlplane import records
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.resources import Place
from sagectl.schema.expression.parser import parsed
from sagectl.schema.expression.tree import search_expression
from sagectl.schema.model import service_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 5
SMALL = 1_000
PLACE = Place(LOCAL_ACCOUNT, DEFAULT_LOCAL_REGION)
QUESTIONS = {
    "everything, newest first": (None, None),
    "one filter": ("TrainingJobStatus = 'Failed'", None),
    "four filters": (
        "Metrics.f1 > 0.9 and Tags.team = 'vision' and (exists Tags.x or Metrics.f1 < 1)",
        None,
    ),
    "sorted by a metric": (None, "Metrics.f1"),
}


def lines(count: int) -> Iterator[str]:
    random.seed(0)
    for number in range(count):
        job = {
            "TrainingJobName": f"job-{number}",
            "TrainingJobStatus": random.choice(["Completed", "Failed"]),
            "LastModifiedTime": 1_700_000_000 + number,
            "HyperParameters": {"lr": str(random.random() / 10)},
            "FinalMetricDataList": [{"MetricName": "f1", "Value": random.random()}],
            "Tags": [{"Key": "team", "Value": random.choice(["vision", "audio"])}],
        }
        yield json.dumps({"TrainingJob": job})


def plane_with(count: int, home: Path) -> ControlPlane:
    plane = ControlPlane(home, service_model(home / "cache"))
    records.load(plane.store, lines(count), place=PLACE, model=plane.model, now=0)
    return plane


def milliseconds(call: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        call()
        return (time.process_time() - began) * 1000

    once()
    return statistics.median(once() for _ in range(ROUNDS))


def milliseconds_of(params: dict[str, object], plane: ControlPlane) -> float:
    return milliseconds(lambda: plane.handle("Search", params))


def question(text: str | None, sort: str | None) -> dict[str, object]:
    asked: dict[str, object] = {"Resource": "TrainingJob", "MaxResults": 100}
    if text:
        asked["SearchExpression"] = search_expression(parsed(text))
    return asked | ({"SortBy": sort} if sort else {})


def ours_and_motos(home: Path) -> tuple[float, float]:
    """CPU milliseconds of one search by status over SMALL jobs, through boto3."""
    plane_with(SMALL, home)
    ask = {
        "Resource": "TrainingJob",
        "SearchExpression": search_expression(parsed("TrainingJobStatus = 'Completed'")),
    }
    # moto answers everything at once; ours is asked for all of its pages.
    pages = local.client(home).get_paginator("search")
    ours = milliseconds(lambda: list(pages.paginate(**ask)))
    # moto takes over every client there is, so it is let in only now.
    with mock_aws():
        there = boto3.client("sagemaker", region_name=DEFAULT_LOCAL_REGION)
        for number in range(SMALL):
            there.create_training_job(
                TrainingJobName=f"job-{number}",
                AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
                RoleArn="arn:aws:iam::123456789012:role/training-role",
                OutputDataConfig={"S3OutputPath": "s3://out"},
                ResourceConfig={
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 1,
                },
                StoppingCondition={"MaxRuntimeInSeconds": 60},
            )
        return ours, milliseconds(lambda: there.search(**ask))


def main(count: int) -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs; CPU ms a page of 100\n")
    with tempfile.TemporaryDirectory() as folder:
        few = plane_with(SMALL, Path(folder, "few"))
        many = plane_with(count, Path(folder, "many"))
        print(f"{'':26}{SMALL:>10,}{count:>10,}  growth")
        for name, asked in QUESTIONS.items():
            ask = partial(milliseconds_of, question(*asked))
            times = [ask(plane) for plane in (few, many)]
            print(f"{name:26}{times[0]:10.2f}{times[1]:10.2f}{times[1] / times[0]:7.2f}x")
        ours, motos = ours_and_motos(Path(folder, "moto"))
    print(f"\nall of {SMALL:,} jobs by status: {ours:.0f} ms, moto {motos:.0f} ms", end="")
    print(f" ({ours / motos:.2f}x)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
