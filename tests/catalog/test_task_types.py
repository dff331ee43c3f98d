"""The task type table, held against the API reference that ships with botocore."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import botocore
import pytest

from sagectl.catalog.task_types import FUNCTION_ACCOUNTS, TASK_TYPES, task_type_of

MODEL = Path(botocore.__file__).parent / "data/sagemaker/2017-07-24/service-2.json.gz"


@pytest.fixture(scope="module")
def reference() -> str:
    """The text of the installed API reference."""
    return gzip.decompress(MODEL.read_bytes()).decode()


def test_the_table_holds_every_built_in_task_of_the_reference(reference: str) -> None:
    named = set(re.findall(r"function:(?:PRE|ACS)-(\w+)", reference)) - {"PassThrough"}

    assert named == set(TASK_TYPES)


@pytest.mark.parametrize("task", TASK_TYPES.values(), ids=lambda task: task.name)
def test_functions_are_those_of_the_reference(task, reference: str) -> None:
    for region in FUNCTION_ACCOUNTS:
        assert f"{task.pre_function_arn(region)}<" in reference
        assert f"{task.consolidation_arn(region)}<" in reference


def test_no_other_account_owns_functions_in_the_reference(reference: str) -> None:
    pairs = set(
        re.findall(r"arn:aws:lambda:([\w-]+):(\d{12}):function:(?:PRE|ACS)-", reference)
    )

    assert pairs == set(FUNCTION_ACCOUNTS.items())


def test_interfaces_are_those_of_the_reference(reference: str) -> None:
    named = set(re.findall(r"human-task-ui/(\w+)", json.loads(reference).__str__()))

    assert {task.interface for task in TASK_TYPES.values()} - {None} == named


def test_a_function_tells_its_task() -> None:
    task = TASK_TYPES["BoundingBox"]

    assert task_type_of(task.pre_function_arn("eu-west-1")) is task
    assert task_type_of(task.consolidation_arn("us-east-1")) is task


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(
            "arn:aws:lambda:us-east-1:111122223333:function:PRE-BoundingBox", id="own"
        ),
        pytest.param(
            "arn:aws:lambda:us-east-1:432418664414:function:PRE-PassThrough", id="none"
        ),
        pytest.param("not-an-arn", id="text"),
    ],
)
def test_other_functions_tell_no_task(arn: str) -> None:
    assert task_type_of(arn) is None
