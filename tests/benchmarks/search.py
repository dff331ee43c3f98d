"""Search over many records: a page's time, its growth, and moto's on the part that it has.

python tests/benchmarks/search.py [RECORDS]

moto answers top-level filters over training jobs, in memory, without sorting or paging. Both
hold the same jobs, as moto tells them, and are asked the same questions through boto3 in this
process: for all that match, and for a page of a hundred, which moto answers with all that
match. RECORDS defaults to 100,000. The first page of a new order is what making its keys costs.
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
    "a filter that few fit": ("Metrics.f1 > 0.9995", None),
    "sorted by a metric": (None, "Metrics.f1"),
    "both": ("Tags.team = 'vision'", "Metrics.f1"),
}
ALL, PAGE = "all that match", "a page of 100"
BY_STATUS = {
    "Resource": "TrainingJob",
    "SearchExpression": search_expression(parsed("TrainingJobStatus = 'Completed'")),
}
SHARED: dict[str, dict[str, object]] = {ALL: BY_STATUS, PAGE: BY_STATUS | {"MaxResults": 100}}


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


def once(call: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def milliseconds(call: Callable[[], object]) -> float:
    once(call)
    return statistics.median(once(call) for _ in range(ROUNDS))


def milliseconds_of(params: dict[str, object], plane: ControlPlane) -> float:
    return milliseconds(lambda: plane.handle("Search", params))


def question(text: str | None, sort: str | None) -> dict[str, object]:
    asked: dict[str, object] = {"Resource": "TrainingJob", "MaxResults": 100}
    if text:
        asked["SearchExpression"] = search_expression(parsed(text))
    return asked | ({"SortBy": sort} if sort else {})


def motos_jobs() -> tuple[dict[str, float], list[dict[str, object]]]:
    """moto's CPU milliseconds for each question about SMALL jobs, and they as it has them."""
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
        times = {
            name: milliseconds(partial(there.search, **asked)) for name, asked in SHARED.items()
        }
        return times, there.search(Resource="TrainingJob")["Results"]


def ours_of(jobs: list[dict[str, object]], home: Path) -> dict[str, float]:
    """Our CPU milliseconds for each question about the same jobs, through boto3."""
    plane = ControlPlane(home, service_model(home / "cache"))
    texts = (json.dumps(job, default=str) for job in jobs)
    records.load(plane.store, texts, place=PLACE, model=plane.model, now=0)
    client = local.client(home)
    pages = client.get_paginator("search")
    asks: dict[str, Callable[[dict[str, object]], object]] = {
        ALL: lambda asked: list(pages.paginate(**asked)),
        PAGE: lambda asked: client.search(**asked),
    }
    return {name: milliseconds(partial(asks[name], asked)) for name, asked in SHARED.items()}


def first_page(plane: ControlPlane) -> float:
    """CPU milliseconds of a page in an order that nobody asked for before."""
    return once(lambda: plane.handle("Search", question(None, "HyperParameters.lr")))


def main(count: int) -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs; CPU ms a page of 100\n")
    with tempfile.TemporaryDirectory() as folder:
        few = plane_with(SMALL, Path(folder, "few"))
        many = plane_with(count, Path(folder, "many"))
        print(f"{'':30}{SMALL:>10,}{count:>10,}  growth")
        for name, asked in QUESTIONS.items():
            ask = partial(milliseconds_of, question(*asked))
            told(name, [ask(plane) for plane in (few, many)])
        told("first page of a new order", [first_page(plane) for plane in (few, many)])
        motos, jobs = motos_jobs()
        ours = ours_of(jobs, Path(folder, "same"))
    print(f"\n{SMALL:,} jobs by status, through boto3{'':5}ours      moto")
    for name in SHARED:
        ratio = motos[name] / ours[name]
        print(f"{name:34}{ours[name]:10.1f}{motos[name]:10.1f}{ratio:7.1f}x")


def told(name: str, times: list[float]) -> None:
    print(f"{name:30}{times[0]:10.2f}{times[1]:10.2f}{times[1] / times[0]:7.2f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
