"""AWS as commands see it: the plane over HTTP for SageMaker, moto for what is around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.moto import moto
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a region; the key id is an account of the plane."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.fixture
def aws(run: Run, keys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """``run`` with AWS settings that lead to the plane over HTTP, and nowhere else."""
    with served(tmp_path) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        yield run


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def world(aws: Run, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``aws`` with moto for everything but SageMaker."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    return aws
