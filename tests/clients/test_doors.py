"""The same scenarios through the three doors of the plane, with the same answers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from sagectl import local
from sagectl.controlplane import records
from sagectl.controlplane.faults import Fault
from sagectl.controlplane.http import Server
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.resources import Place
from sagectl.schema.model import service_model
from tests.clients.scenarios import RECORDS, SCENARIOS, Call, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.schema.model import ServiceModel

ACCOUNT, REGION = "123456789012", "us-east-1"
# What differs from one state directory and one moment to another.
VARYING = ("SubDomain", "RequestId", "NextToken")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("model"))


def loaded(home: Path, model: ServiceModel) -> ControlPlane:
    """A plane with the records that the scenarios search."""
    plane = ControlPlane(home, model)
    lines = map(json.dumps, RECORDS)
    records.load(plane.store, lines, place=Place(ACCOUNT, REGION), model=model, now=0)
    return plane


def through_boto3(client: Any) -> Call:
    def call(operation: str, **params: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
        except ClientError as error:
            said = error.response["Error"]
            raise RefusedError(said["Code"], said["Message"]) from error
        assert len(answer.pop("ResponseMetadata")["RequestId"]) == 36
        return answer

    return call


@contextmanager
def directly(home: Path, model: ServiceModel) -> Iterator[Call]:
    plane = loaded(home, model)

    def call(operation: str, **params: Any) -> dict[str, Any]:
        try:
            return plane.handle(operation, params)
        except Fault as fault:
            raise RefusedError(fault.code, fault.message) from fault

    yield call


@contextmanager
def in_process(home: Path, model: ServiceModel) -> Iterator[Call]:
    loaded(home, model)
    yield through_boto3(local.client(home, workers=0))


@contextmanager
def over_http(home: Path, model: ServiceModel) -> Iterator[Call]:
    server = Server(loaded(home, model), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield through_boto3(
            boto3.client(
                "sagemaker",
                endpoint_url=server.url,
                region_name=REGION,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="any",
                config=Config(retries={"total_max_attempts": 1}),
            )
        )
    finally:
        server.shutdown()
        server.finish()
        thread.join()


DOORS = {"in process": in_process, "over HTTP": over_http}


def steady(value: Any) -> Any:
    """An answer without what differs each time; times are told by their type alone."""
    if isinstance(value, dict):
        return {
            name: "..." if name in VARYING else steady(item) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [steady(item) for item in value]
    if isinstance(value, datetime):
        assert value.tzinfo is not None
        recent = value > datetime(2025, 1, 1, tzinfo=UTC)
        return "now" if recent else value.astimezone(UTC).isoformat()
    return value


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("door", DOORS)
def test_a_door_answers_as_the_plane_itself(
    door: str, scenario: str, tmp_path: Path, model: ServiceModel
) -> None:
    with directly(tmp_path / "direct", model) as call:
        wanted = steady(list(SCENARIOS[scenario](call)))
    with DOORS[door](tmp_path / "door", model) as call:
        assert steady(list(SCENARIOS[scenario](call))) == wanted
