"""The machine that the tests run on, as a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.schedules.workbench import host

if TYPE_CHECKING:
    from sagectl.compiler.targets import Target


@pytest.fixture(scope="session")
def here() -> Target:
    return host()
