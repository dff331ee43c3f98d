"""The pruned data files of botocore: what is made of them is what a stock client is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.session import Session

from sagectl.gateway.client import AwsCaller
from sagectl.gateway.loading import prune
from tests.support.answering import Quiet, answering
from tests.support.moto import moto
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-central-1"
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
ROLE = "arn:aws:iam::123456789012:role/labelers"


@pytest.fixture
def stock() -> Session:
    return Session()


@pytest.fixture
def pruned(tmp_path: Path) -> Session:
    made = Session()
    prune(made, cache=tmp_path / "cache", part="managed")
    return made


def regions(session: Session) -> list[str]:
    return [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sagemaker", partition)
    ]


def test_every_region_has_the_stock_endpoint(stock: Session, pruned: Session) -> None:
    everywhere = regions(stock)
    assert len(everywhere) > 30
    assert regions(pruned) == everywhere
    for region in (*everywhere, "us-isob-west-1", "xx-new-7"):
        made = [
            session.create_client("sagemaker", region_name=region, **KEYS).meta
            for session in (stock, pruned)
        ]
        assert made[0].endpoint_url == made[1].endpoint_url
        assert made[0].partition == made[1].partition


@pytest.mark.parametrize("choice", ["use_fips_endpoint", "use_dualstack_endpoint"])
@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "cn-north-1"])
def test_choices_of_endpoint_are_the_stock_ones(
    stock: Session, pruned: Session, choice: str, region: str
) -> None:
    config = Config(**{choice: True})
    urls = {
        session.create_client(
            "sagemaker", region_name=region, config=config, **KEYS
        ).meta.endpoint_url
        for session in (stock, pruned)
    }
    assert len(urls) == 1


def test_other_services_are_whole(stock: Session, pruned: Session) -> None:
    for service in ("sts", "sso", "sso-oidc"):
        made = [
            session.create_client(service, region_name="us-east-1", **KEYS).meta
            for session in (stock, pruned)
        ]
        assert made[0].endpoint_url == made[1].endpoint_url
        assert made[0].service_model.operation_names == made[1].service_model.operation_names


def test_a_pruned_client_pages_and_has_typed_exceptions(pruned: Session) -> None:
    client: Any = pruned.create_client("sagemaker", region_name=REGION, **KEYS)
    assert client.can_paginate("list_workteams")
    assert client.exceptions.ResourceNotFound


def test_data_files_of_the_user_s_own_have_their_say(
    stock: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    session = Session()
    prune(session, cache=tmp_path / "cache", part="managed")
    names = [
        made.create_client("sagemaker", region_name=REGION, **KEYS).meta.service_model
        for made in (stock, session)
    ]
    assert names[0].operation_names == names[1].operation_names


def listed(folder: Path, cache: Path, **settings: Any) -> dict[str, Any]:
    """Work teams over HTTP by a caller with a cache."""
    with served(folder) as url:
        caller = AwsCaller(REGION, endpoint_url=url, cache=cache, **settings)
        return caller.call("ListWorkteams", {})


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


@pytest.mark.usefixtures("keys")
def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert listed(tmp_path, cache)["Workteams"] == []
    files = sorted(cache.iterdir())
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:-9])

    assert listed(tmp_path, cache)["Workteams"] == []


@pytest.mark.usefixtures("keys")
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert listed(tmp_path, tmp_path / "file" / "cache")["Workteams"] == []


@pytest.mark.usefixtures("keys")
def test_search_and_lists_go_through_one_caller(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        caller = AwsCaller(REGION, endpoint_url=url, cache=tmp_path / "cache")
        assert caller.call("Search", {"Resource": "TrainingJob"})["Results"] == []
        assert caller.call("ListWorkteams", {})["Workteams"] == []


def test_a_role_is_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(
        tmp_path,
        monkeypatch,
        f"[profile labeling]\nrole_arn = {ROLE}\nsource_profile = base\nregion = {REGION}\n"
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n",
    )
    with moto() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        found = listed(tmp_path, tmp_path / "cache", profile="labeling")
    assert found["Workteams"] == []


@contextmanager
def sign_on() -> Iterator[tuple[str, list[str]]]:
    """A server of IAM Identity Center's portal, and the paths that it was asked for."""
    asked: list[str] = []
    given = {
        "accessKeyId": "123456789012",
        "secretAccessKey": "b",
        "sessionToken": "c",
        "expiration": 4102444800000,
    }

    class Handler(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.answer(json.dumps({"roleCredentials": given}).encode())

    with answering(Handler) as url:
        yield url, asked


def test_single_sign_on_gives_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = "https://example.awsapps.com/start"
    configured(
        tmp_path,
        monkeypatch,
        f"[profile staff]\nsso_start_url = {start}\nsso_region = us-east-1\n"
        f"sso_account_id = 123456789012\nsso_role_name = labelers\nregion = {REGION}\n",
    )
    token = (
        tmp_path / ".aws" / "sso" / "cache" / f"{hashlib.sha1(start.encode()).hexdigest()}.json"
    )
    token.parent.mkdir(parents=True)
    token.write_text(json.dumps({"accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z"}))
    with sign_on() as (url, asked), served(tmp_path) as plane:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", url)
        monkeypatch.setenv("SAGECTL_HOME", str(tmp_path / "home"))
        # botocore reads HOME when it is imported.
        command = [sys.executable, "-m", "sagectl", "workteam", "list", "-o", "json"]
        command += ["--profile", "staff", "--endpoint-url", plane]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"Workteams": []}
    assert asked[0].startswith("/federation/credentials?role_name=labelers")


def configured(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = folder / "config"
    file.write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("HOME", str(folder))
