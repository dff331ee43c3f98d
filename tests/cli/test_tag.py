"""``sagectl tag``: tags by name and by ARN."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def team(local: Run, tmp_path: Path) -> str:
    done = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    assert done.code == 0, done.err
    return "workteam/radiology"


def test_tags_come_and_go(local: Run, team: str) -> None:
    assert local("tag", "create", team, "project=chest", "owner=ann=b", "--yes").code == 0
    assert local("tag", "list", team).out.splitlines() == [
        "KEY      VALUE",
        "project  chest",
        "owner    ann=b",
    ]
    assert local("tag", "delete", team, "owner", "--yes").code == 0
    assert json.loads(local("tag", "list", team, "-o", "json").out) == {
        "Tags": [{"Key": "project", "Value": "chest"}]
    }


def test_an_arn_will_do(local: Run, team: str) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/radiology"
    local("tag", "create", arn, "a=b", "--yes")

    assert local("tag", "list", team, "-o", "name").out == "tag/a\n"


def test_a_dry_run_tags_nothing(local: Run, team: str) -> None:
    done = local("tag", "create", team, "a=b", "--dry-run", "-o", "json")

    assert json.loads(done.out)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert local("tag", "list", team).out == ""


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        pytest.param(("create", "radiology", "a=b"), 2, "KIND/NAME", id="no-kind"),
        pytest.param(("create", "team/radiology", "a=b"), 2, "KIND is", id="unknown-kind"),
        pytest.param(("create", "workteam/nobody", "a=b"), 3, "nobody", id="unknown-name"),
        pytest.param(("create", "workteam/radiology", "a"), 2, "not KEY=VALUE", id="no-value"),
        pytest.param(("create", "workteam/radiology"), 2, "KEY=VALUE", id="no-tag"),
    ],
)
def test_a_wrong_tag_is_refused(
    local: Run, args: tuple[str, ...], code: int, said: str
) -> None:
    done = local("tag", *args, "--yes")

    assert (done.code, said in done.err) == (code, True), done.err
