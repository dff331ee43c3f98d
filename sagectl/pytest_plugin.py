"""Fixtures for tests that talk to SageMaker: the local one, new and empty for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.controlplane.objects import ObjectStore


@pytest.fixture
def sagectl_home(tmp_path: Path) -> Iterator[Path]:
    """The state directory of this test's SageMaker; what it runs ends with the test."""
    from sagectl import local

    home = tmp_path / "sagectl"
    with local.running(home):
        yield home


@pytest.fixture
def sagectl_client(sagectl_home: Path) -> Any:
    """A boto3 SageMaker client of this test's own SageMaker.

    >>> def test_a_workforce_has_a_subdomain(sagectl_client):
    ...     sagectl_client.create_workforce(WorkforceName="crowd", CognitoConfig={...})
    ...     found = sagectl_client.describe_workforce(WorkforceName="crowd")
    ...     assert "SubDomain" in found["Workforce"]
    """
    from sagectl import local

    return local.client(sagectl_home)


@pytest.fixture
def sagectl_objects(sagectl_home: Path) -> ObjectStore:
    """What ``s3://`` means to ``sagectl_client``: put models in, take packages out."""
    from sagectl import local

    return local.objects(sagectl_home)
