"""``workers:`` beside the spec of a work team: people let in as the team is applied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, document_set, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

CREW = f"""{TEAM}\
workers:
  - Ann@example.com
  - {{email: bob@example.com, name: Bob, groups: [nurses]}}
"""


def emails(run: Run, *args: str) -> set[str]:
    rows = json.loads(run("workforce", "workers", "list", "-o", "json", *args).out)["Workers"]
    return {row["Email"] for row in rows}


def test_people_are_let_in_with_their_team(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, CREW)

    done = local("apply", "-f", path, "--yes")

    assert done.code == 0, done.err
    assert "invited, joins doctors" in done.err
    assert emails(local, "--group", "doctors") == {"ann@example.com"}
    assert emails(local, "--group", "nurses") == {"bob@example.com"}
    assert emails(local, "--team", "radiology") == {"ann@example.com", "bob@example.com"}


def test_applied_again_there_is_nothing_to_do(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, CREW)
    local("apply", "-f", path, "--yes")

    assert local("diff", "-f", path).code == 0
    assert "2 unchanged." in local("apply", "-f", path).err


def test_only_the_person_who_is_new_is_a_change(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, CREW), "--yes")
    path = manifest(tmp_path, WORKFORCE, f"{CREW}  - cleo@example.com\n")

    shown = local("diff", "-f", path, "-o", "json")

    (change,) = [row for row in json.loads(shown.out)["Changes"] if row["Action"] == "update"]
    assert shown.code == 1
    assert [field["Path"] for field in change["Fields"]] == ["workers.cleo@example.com"]
    assert local("apply", "-f", path, "--yes").code == 0
    assert emails(local, "--group", "doctors") == {"ann@example.com", "cleo@example.com"}


def test_who_is_named_no_more_stays(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, CREW), "--yes")

    assert local("diff", "-f", manifest(tmp_path, WORKFORCE, TEAM)).code == 0
    assert len(emails(local)) == 2


def test_a_saved_plan_has_its_people(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "not-to-be-seen")
    workforce = WORKFORCE.replace("not-to-be-seen", "{env: SECRET}")
    path, plan = manifest(tmp_path, workforce, CREW), str(tmp_path / "plan.json")
    assert local("diff", "-f", path, "--save-plan", plan).code == 1

    assert local("apply", "--plan", plan, "--yes").code == 0
    assert len(emails(local)) == 2


@pytest.mark.parametrize(
    ("documents", "line", "said"),
    [
        pytest.param(
            (CREW.replace("Ann@example.com", "ann@"),), 10, "is not an e-mail", id="address"
        ),
        pytest.param((f"{CREW}  - bob@example.com\n",), 12, "the same person", id="twice"),
        pytest.param(
            (CREW.replace("[nurses]", "[cooks]"),), 11, "not a group of this team", id="group"
        ),
        pytest.param(
            (CREW.replace("name: Bob", "nick: Bob"),), 11, "nick is not known", id="field"
        ),
        pytest.param((f"{TEAM}workers: ann@example.com\n",), 9, "not a list", id="list"),
        pytest.param(
            (f"{JOB}workers: [ann@example.com]\n",), 14, "a Workteam alone", id="kind"
        ),
    ],
)
def test_workers_that_none_can_be_are_findings(
    local: Run, tmp_path: Path, documents: tuple[str, ...], line: int, said: str
) -> None:
    refused = local("validate", "-f", manifest(tmp_path, document_set(*documents)))

    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert f"set.yaml:{line}:" in refused.err
    assert "Such as: people:" not in refused.err, "a document has workers"


COGNITO = (
    TEAM[: TEAM.index("    - Oidc")]
    + """\
    - CognitoMemberDefinition: {UserPool: POOL, UserGroup: doctors, ClientId: portal}
workers: [ann@example.com, bob@example.com]
"""
)
POOLED = """\
kind: Workforce
name: crowd
spec:
  CognitoConfig: {UserPool: POOL, ClientId: portal}
"""


def test_people_of_a_user_pool_are_invited_there(world: Run, tmp_path: Path) -> None:
    from sagectl.gateway.session import client

    cognito: Any = client("cognito-idp", "eu-central-1")
    pool = cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    path = manifest(tmp_path, *(text.replace("POOL", pool) for text in (POOLED, COGNITO)))

    done = world("apply", "-f", path, "--yes")

    assert done.code == 0, done.err
    assert emails(world, "--group", "doctors") == {"ann@example.com", "bob@example.com"}
    assert world("diff", "-f", path).code == 0


def test_people_of_an_oidc_provider_cannot_be_invited(world: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, CREW)

    refused = world("diff", "-f", path)

    assert (refused.code, "are managed there" in refused.err) == (2, True), refused.err
    assert f"{path}:" in refused.err
