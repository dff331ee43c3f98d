"""``sagectl workforce sync`` and ``workers``, on moto's user pools and on the local plane."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.crowd import crowd
from tests.support.manifests import TEAM, WORKFORCE, manifest
from tests.support.moto import moto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Outcome, Run

REGION = "us-east-1"
STAFF = """\
email,name,groups
Ann@example.com,Ann,doctors;nurses
bob@example.com,Bob,nurses
cleo@example.com,Cleo,
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def cognito(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of moto's Cognito."""
    from sagectl.gateway.session import client

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", server)
    return client("cognito-idp", REGION)


class Staff:
    """One pool and the commands on it."""

    def __init__(self, run: Run, folder: Path, *options: str) -> None:
        self._run = run
        self._folder = folder
        self._options = options

    def sync(self, text: str = STAFF, *args: str, yes: bool = True) -> Outcome:
        path = self._folder / "people.csv"
        path.write_text(text)
        agreed = ("--yes",) if yes else ()
        return self._run(
            *("workforce", "sync", "-f", str(path), *self._options, *args, *agreed)
        )

    def workers(self, *args: str) -> Outcome:
        return self._run("workforce", "workers", *args, *self._options)

    def emails(self, *args: str) -> set[str]:
        rows = json.loads(self.workers("list", *args, "-o", "json").out)["Workers"]
        return {row["Email"] for row in rows}


@pytest.fixture(params=["cognito", "local"])
def staff(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Staff:
    """An empty pool, moto's or the plane's."""
    run = request.getfixturevalue("run")
    if request.param == "local":
        monkeypatch.setenv("SAGECTL_BACKEND", "local")
        return Staff(run, tmp_path)
    client = request.getfixturevalue("cognito")
    pool = client.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    return Staff(run, tmp_path, "--user-pool", pool)


def test_people_are_invited_into_their_groups(staff: Staff) -> None:
    done = staff.sync()

    assert done.code == 0, done.err
    assert staff.emails() == {"ann@example.com", "bob@example.com", "cleo@example.com"}
    assert staff.emails("--group", "nurses") == {"ann@example.com", "bob@example.com"}


def test_the_second_sync_changes_nothing(staff: Staff) -> None:
    staff.sync()

    done = staff.sync(STAFF, "-o", "json", yes=False)

    assert json.loads(done.out) == {"People": []}
    assert "0 to change, 3 unchanged" in done.err


def test_groups_become_those_of_the_file_and_others_stay(staff: Staff) -> None:
    staff.sync()

    done = staff.sync("email,name,groups\nann@example.com,Ann,clerks\n")

    assert done.code == 0, done.err
    assert staff.emails("--group", "clerks") == {"ann@example.com"}
    assert "ann@example.com" not in staff.emails("--group", "nurses")
    assert len(staff.emails()) == 3


def test_people_who_are_not_listed_go_with_prune_alone(staff: Staff) -> None:
    staff.sync()
    ann = "email,name,groups\nann@example.com,Ann,doctors;nurses\n"

    assert "2 not in the file" in staff.sync(ann).err
    assert len(staff.emails()) == 3
    assert staff.sync(ann, "--prune").code == 0
    assert staff.emails() == {"ann@example.com"}


def test_a_file_of_nobody_prunes_nobody(staff: Staff) -> None:
    staff.sync()

    assert staff.sync("email,name,groups\n", "--prune").code == 2
    assert len(staff.emails()) == 3


def test_a_dry_run_changes_nothing(staff: Staff) -> None:
    done = staff.sync(STAFF, "--dry-run", yes=False)

    assert (done.code, "+ ann@example.com +doctors +nurses" in done.err) == (0, True)
    assert staff.emails() == set()


def test_nothing_is_changed_without_consent(staff: Staff) -> None:
    assert staff.sync(yes=False).code == 2
    assert staff.emails() == set()


def test_a_bad_file_changes_nothing(staff: Staff, tmp_path: Path) -> None:
    done = staff.sync(f"{STAFF}dan,,x\nann@example.com,,\n")

    assert done.code == 2
    assert f"{tmp_path}/people.csv:5:1" in done.err
    assert f"{tmp_path}/people.csv:6:1" in done.err
    assert staff.emails() == set()


def test_redacted_output_names_nobody(staff: Staff) -> None:
    for text in (f"{STAFF}dan@example,,x\n", f"{STAFF}dan@example.com,,Dan x\n", STAFF):
        done = staff.sync(text, "-o", "json", "--redact")
        assert not re.search(r"@|\b(?:ann|bob|cleo|dan)\b", done.out + done.err, re.IGNORECASE)
    assert not any("@" in name for name in staff.emails("--redact"))


def test_one_person_comes_and_goes(staff: Staff) -> None:
    staff.sync()

    assert staff.workers("invite", "Dan@example.com", "--group", "nurses", "--yes").code == 0
    assert "dan@example.com" in staff.emails("--group", "nurses")
    assert staff.workers("invite", "dan@example.com", "--yes").code == 2
    assert staff.workers("remove", "dan@example.com", "--yes").code == 0
    assert "dan@example.com" not in staff.emails()
    assert staff.workers("remove", "dan@example.com", "--yes").code == 2


@pytest.mark.parametrize("verb", ["invite", "remove", "describe"])
def test_what_is_no_address_is_refused(ward: Staff, verb: str) -> None:
    assert ward.workers(verb, "dan", *(() if verb == "describe" else ("--yes",))).code == 2


def test_a_pool_may_name_people_itself(run: Run, cognito: Any, tmp_path: Path) -> None:
    named = {"UsernameAttributes": ["email"]}
    pool = cognito.create_user_pool(PoolName="staff", **named)["UserPool"]["Id"]
    staff = Staff(run, tmp_path, "--user-pool", pool)

    assert staff.sync().code == 0
    assert "3 unchanged" in staff.sync().err
    rows = json.loads(staff.workers("list", "-o", "json").out)["Workers"]
    assert not any(row["Username"] == row["Email"] for row in rows)
    assert staff.workers("remove", "ann@example.com", "--yes").code == 0


def test_a_person_is_disabled_and_stays_so(run: Run, cognito: Any, tmp_path: Path) -> None:
    pool = cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    staff = Staff(run, tmp_path, "--user-pool", pool)
    staff.sync()

    def is_enabled() -> bool:
        found = cognito.admin_get_user(UserPoolId=pool, Username="bob@example.com")
        return bool(found["Enabled"])

    assert staff.workers("disable", "bob@example.com", "--yes").code == 0
    staff.sync()
    assert not is_enabled()
    assert staff.workers("enable", "bob@example.com", "--yes").code == 0
    assert is_enabled()


def test_an_invitation_is_sent_again(run: Run, cognito: Any, tmp_path: Path) -> None:
    pool = cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    staff = Staff(run, tmp_path, "--user-pool", pool)
    staff.sync()

    done = staff.workers("resend", "bob@example.com", "--yes")

    assert (done.code, "bob@example.com invited again" in done.err) == (0, True), done.err
    assert len(staff.emails()) == 3
    assert staff.workers("resend", "nobody@example.com", "--yes").code == 2


def test_the_local_plane_has_no_invitations_to_send_again(ward: Staff) -> None:
    ward.sync()

    refused = ward.workers("resend", "bob@example.com", "--yes")

    assert (refused.code, "sends no mail" in refused.err) == (2, True)


def test_a_name_is_corrected(run: Run, cognito: Any, tmp_path: Path) -> None:
    pool = cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    staff = Staff(run, tmp_path, "--user-pool", pool)
    staff.sync()

    assert staff.sync(STAFF.replace(",Bob,", ",Robert,")).code == 0
    rows = json.loads(staff.workers("list", "-o", "json").out)["Workers"]
    assert "Robert" in {row["Name"] for row in rows}


def test_a_pool_of_several_pages_is_read_to_its_end(
    run: Run, cognito: Any, tmp_path: Path
) -> None:
    pool = cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"]
    staff = Staff(run, tmp_path, "--user-pool", pool)
    many = "".join(f"p{index}@example.com,,all\n" for index in range(130))

    assert staff.sync(f"email,name,groups\n{many}").code == 0
    assert len(staff.emails()) == len(staff.emails("--group", "all")) == 130
    assert "130 unchanged" in staff.sync(f"email,name,groups\n{many}").err


def test_a_large_pool_is_gone_through_in_flat_memory(
    run: Run, cognito: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tracemalloc

    from sagectl.gateway.cognito import CognitoPool
    from sagectl.manifest.people import Worker
    from sagectl.plan.people import people_plan

    peaks = []
    for size in (300, 3000):
        with crowd(size) as url:
            monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url)
            pool = CognitoPool(REGION, f"{REGION}_crowd")
            next(pool.people())
            tracemalloc.start()
            plan = people_plan([Worker("person000001@example.com", "", ("all",))], pool)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert (plan.unchanged, plan.unlisted) == (1, size - 1)
    assert peaks[1] < 1.5 * peaks[0]


def test_a_pool_that_is_not_there_is_said(run: Run, cognito: Any, tmp_path: Path) -> None:
    assert Staff(run, tmp_path, "--user-pool", "us-east-1_nothing").sync().code == 3


@pytest.fixture
def ward(local: Run, tmp_path: Path) -> Staff:
    """The local plane with a team of doctors and nurses."""
    made = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    assert made.code == 0, made.err
    return Staff(local, tmp_path)


def test_the_people_of_a_team_are_those_of_its_groups(ward: Staff) -> None:
    ward.sync()

    assert ward.emails("--team", "radiology") == {"ann@example.com", "bob@example.com"}


def test_a_person_is_shown_with_groups_and_teams(ward: Staff) -> None:
    ward.sync()

    found = json.loads(ward.workers("describe", "ann@example.com", "-o", "json").out)

    assert (found["Groups"], found["Teams"]) == (["doctors", "nurses"], ["radiology"])


def test_synced_people_sign_in_with_the_password_that_was_given(
    local: Run, home: Path, tmp_path: Path
) -> None:
    from sagectl.controlplane import people
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store

    path = tmp_path / "people.csv"
    path.write_text("email,name,groups\nann@example.com,Ann,doctors\n")
    sync = ("workforce", "sync", "-f", str(path), "--yes")
    place = Place("123456789012", REGION)

    assert local(*sync, "--password-stdin", stdin="pass word\n").code == 0
    path.write_text("email,name,groups\nann@example.com,,nurses\nbob@example.com,,nurses\n")
    assert local(*sync).code == 0

    store = Store(home)
    ann = people.signed_in(store, place, "ann@example.com", "pass word")
    assert ann is not None
    assert ann.groups == ("nurses",), "the password outlives a change of groups"
    for password in ("", "pass word"):
        assert people.signed_in(store, place, "bob@example.com", password) is None


@pytest.mark.parametrize(
    ("args", "stdin", "said"),
    [
        pytest.param(("-f", "-"), STAFF, "both read stdin", id="people-too"),
        pytest.param(("-f", "FILE"), "", "no password on stdin", id="closed"),
        pytest.param(("-f", "FILE"), "\n", "no password on stdin", id="empty-line"),
    ],
)
def test_a_password_that_cannot_be_read_lets_nobody_in(
    ward: Staff, local: Run, tmp_path: Path, args: tuple[str, ...], stdin: str, said: str
) -> None:
    path = tmp_path / "more.csv"
    path.write_text("email,name,groups\nzoe@example.com,Zoe,doctors\n")
    named = (str(path) if each == "FILE" else each for each in args)

    done = local("workforce", "sync", *named, "--password-stdin", "--yes", stdin=stdin)

    assert (done.code, said in done.err) == (2, True), done.err
    assert "zoe@example.com" not in ward.emails()


def test_nobody_is_invited_into_what_is_no_group(ward: Staff) -> None:
    done = ward.workers("invite", "zoe@example.com", "--group", "night shift", "--yes")

    assert done.code == 2
    assert "'night shift' is not the name of a group" in done.err
    assert "zoe@example.com" not in ward.emails()


def test_what_cannot_be_tried_dry_is_not_said_to_be(local: Run, ward: Staff) -> None:
    ward.sync()

    refused = local("local", "stop")

    assert refused.code == 2
    assert "Say --yes to go ahead." in refused.err
    assert "or --dry-run" in ward.workers("remove", "bob@example.com").err
    assert "bob@example.com" in ward.emails()


@pytest.mark.parametrize(
    ("verb", "email", "said"),
    [
        pytest.param("invite", "zoe@example.com", "would be invited", id="invite"),
        pytest.param("disable", "bob@example.com", "would be disabled", id="disable"),
        pytest.param("enable", "bob@example.com", "would be enabled", id="enable"),
        pytest.param("remove", "bob@example.com", "would be removed", id="remove"),
    ],
)
def test_a_dry_run_on_one_person_changes_nothing(
    ward: Staff, verb: str, email: str, said: str
) -> None:
    ward.sync()
    before = ward.workers("list", "-o", "json").out

    done = ward.workers(verb, email, "--dry-run")

    assert (done.code, f"{email} {said}; nothing was changed." in done.err) == (0, True)
    assert ward.workers("list", "-o", "json").out == before
