"""What the portal's server lets through, and what it does not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.people import Person
from sagectl.controlplane.portal.forms import FORMS
from sagectl.controlplane.portal.server import Portal
from sagectl.controlplane.portal.sessions import SESSION_SECONDS, Sessions
from sagectl.errors import InputError
from tests.portal.conftest import opened
from tests.support.labelings import put
from tests.support.visitors import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.controlplane.labelwork import LabelingWork
    from tests.portal.conftest import MakeJob


@pytest.fixture
def work(make_job: MakeJob) -> LabelingWork:
    return make_job([{"source": "purrs <b>"}, {"source": "barks"}])


@pytest.fixture
def client(work: LabelingWork) -> Iterator[Client]:
    with opened(work) as url:
        yield Client(url)


def test_nobody_sees_anything_without_signing_in(client: Client) -> None:
    for path in ("/", "/jobs/pets", "/objects/" + "0" * 32 + "/s3%3A%2F%2Fpets%2F1.png"):
        assert client.ask("GET", path)[:2] == (303, "/sign-in")
    assert client.ask("POST", "/sign-out", {})[:2] == (303, "/sign-in")


def test_what_is_sent_after_a_session_has_ended_can_be_sent_again(
    client: Client, work: LabelingWork
) -> None:
    client.sign_in("ann")
    client.ask("GET", "/jobs/pets")
    fields = {"csrf": client.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
    client.cookies.clear()
    for method, path in (("POST", "/jobs/pets/submit"), ("GET", "/session")):
        status, _, text = client.ask(method, path, fields if method == "POST" else None)
        assert status == 401
        assert "Sign in again" in text
    client.sign_in("ann")
    told = json.loads(client.ask("GET", "/session")[2])
    assert told == {"worker": "ann", "csrf": client.csrf()}
    again = {**fields, "csrf": told["csrf"]}
    assert client.ask("POST", "/jobs/pets/submit", again)[:2] == (303, "/jobs/pets")
    assert len(work.answers(work.job("pets"))[0]) == 1


def test_a_wrong_password_is_refused_and_many_bar_the_name(client: Client) -> None:
    for _ in range(5):
        assert client.sign_in("ann", "wrong") == 403
    assert client.sign_in("ann") == 429
    assert client.sign_in("bob") == 303


def test_a_form_of_another_page_is_refused(client: Client) -> None:
    client.sign_in("ann")
    client.ask("GET", "/jobs/pets")
    fields = {"number": 0, "answer": json.dumps({"c": {"label": "cat"}})}
    assert client.ask("POST", "/jobs/pets/submit", fields)[0] == 403
    foreign = {"Origin": "http://evil.example"}
    good = {**fields, "csrf": client.csrf()}
    assert client.ask("POST", "/jobs/pets/submit", good, **foreign)[0] == 400
    assert client.ask("POST", "/jobs/pets/submit", good)[:2] == (303, "/jobs/pets")


def test_another_name_for_this_machine_is_refused(client: Client) -> None:
    assert client.ask("GET", "/sign-in", Host="evil.example")[0] == 400


def test_a_job_of_another_team_is_not_shown_or_taken(
    client: Client, work: LabelingWork
) -> None:
    client.sign_in("eve")
    assert "No team of yours" in client.ask("GET", "/")[2]
    assert client.ask("GET", "/jobs/pets")[:2] == (303, "/?done")
    fields = {"csrf": client.csrf(), "number": 0, "answer": "{}"}
    assert client.ask("POST", "/jobs/pets/submit", fields)[0] == 400
    assert work.answers(work.job("pets")) == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"number": "0"}, "the answer is not JSON", id="no-answer"),
        pytest.param(
            {"number": "0", "answer": "[" * 100_000}, "the answer is not JSON", id="nested"
        ),
        pytest.param({"number": "0", "answer": "[]"}, "not what a form sends", id="no-object"),
        pytest.param(
            {"number": "0", "answer": '{"c": {"label": "cat"}, "x": NaN}'},
            "the answer is not JSON: has NaN",
            id="no-number-in-json",
        ),
        pytest.param({"answer": "{}"}, "which object", id="no-number"),
        pytest.param({"number": "-1", "answer": "{}"}, "which object", id="negative"),
        pytest.param(
            {"number": "0", "answer": '{"c": {"label": "fish"}}'},
            "not one of the labels",
            id="label",
        ),
        pytest.param(
            {"number": "1", "answer": '{"c": {"label": "cat"}}'}, "not yours", id="not-held"
        ),
    ],
)
def test_an_answer_that_fits_no_task_is_refused(
    client: Client, work: LabelingWork, fields: dict[str, object], said: str
) -> None:
    client.sign_in("ann")
    client.ask("GET", "/jobs/pets")
    status, _, text = client.ask("POST", "/jobs/pets/submit", {"csrf": client.csrf(), **fields})
    assert status == 400
    assert said in text
    assert work.answers(work.job("pets")) == {}


def test_a_button_pressed_twice_is_one_answer(client: Client, work: LabelingWork) -> None:
    client.sign_in("ann")
    client.ask("GET", "/jobs/pets")
    fields = {"csrf": client.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
    for _ in range(2):
        assert client.ask("POST", "/jobs/pets/submit", fields)[:2] == (303, "/jobs/pets")
    assert len(work.answers(work.job("pets"))[0]) == 1


def test_the_press_that_ends_a_job_may_come_twice(make_job: MakeJob) -> None:
    work = make_job([{"source": "purrs"}], workers=1)
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        client.ask("GET", "/jobs/pets")
        fields = {"csrf": client.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
        assert client.ask("POST", "/jobs/pets/submit", fields)[0] == 303
        assert work.job("pets").status == "Completed"
        assert client.ask("POST", "/jobs/pets/submit", fields)[:2] == (303, "/?done")
        fields["answer"] = '{"c": {"label": "dog"}}'
        status, _, text = client.ask("POST", "/jobs/pets/submit", fields)
    assert status == 400
    assert "the job has ended" in text


def test_what_is_skipped_in_no_job_leads_to_the_tasks(client: Client) -> None:
    client.sign_in("ann")
    fields = {"csrf": client.csrf(), "number": 0}
    for name in ("no%0d%0aSet-Cookie:%20a=b", "%E2%98%83"):
        assert client.ask("POST", f"/jobs/{name}/skip", fields)[:2] == (303, "/")
    assert "a" not in client.cookies


@pytest.mark.parametrize(
    ("line", "task", "template", "status"),
    [
        pytest.param(
            {"source-ref": "s3://pets/gone.txt"}, "TextMultiClass", None, 404, id="gone"
        ),
        pytest.param(
            {"source-ref": "s3://pets/\ud800.txt"},
            "TextMultiClass",
            None,
            400,
            id="half-a-letter",
        ),
        pytest.param(
            {"source": "purrs"},
            "TextMultiClass",
            "{{ task.input.labels | sum }}",
            400,
            id="sum",
        ),
    ],
)
def test_a_task_that_cannot_be_shown_can_be_skipped(
    make_job: MakeJob, line: dict[str, str], task: str, template: str | None, status: int
) -> None:
    work = make_job([line], task=task, template=template)
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        found, _, text = client.ask("GET", "/jobs/pets")
        assert found == status
        assert 'action="/jobs/pets/skip"' in text
        fields = {"csrf": client.csrf(), "number": 0}
        assert client.ask("POST", "/jobs/pets/skip", fields)[0] == 303
        assert client.ask("GET", "/jobs/pets")[:2] == (303, "/?done")


def test_an_image_whose_name_is_no_name_is_shown_as_missing(make_job: MakeJob) -> None:
    work = make_job([{"source-ref": "s3://pets/\ud800.png"}], task="ImageMultiClass")
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        assert client.ask("GET", "/jobs/pets")[0] == 200


def test_going_back_changes_no_answer(client: Client, work: LabelingWork) -> None:
    client.sign_in("ann")
    client.ask("GET", "/jobs/pets")
    fields = {"csrf": client.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
    client.ask("POST", "/jobs/pets/submit", fields)
    fields["answer"] = '{"c": {"label": "dog"}}'
    status, _, text = client.ask("POST", "/jobs/pets/submit", fields)
    assert status == 400
    assert "that answer stands" in text
    [answer] = work.answers(work.job("pets"))[0]
    assert answer.content == {"c": {"label": "cat"}}


def test_two_workers_at_once_lose_nothing(client: Client, work: LabelingWork) -> None:
    """Each in four windows, which all send what they hold."""
    told: list[int] = []

    def label(name: str) -> None:
        visitor = Client(f"http://{client.place}")
        visitor.sign_in(name)
        fields = {"csrf": visitor.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
        visitor.ask("GET", "/jobs/pets")
        told.append(visitor.ask("POST", "/jobs/pets/submit", fields)[0])

    windows = [threading.Thread(target=label, args=(name,)) for name in ("ann", "bob") * 4]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert told == [303] * 8
    assert sorted(one.worker for one in work.answers(work.job("pets"))[0]) == ["ann", "bob"]


def test_a_form_of_too_many_fields_is_refused(client: Client) -> None:
    fields = {f"name{number}": "" for number in range(30)}
    assert client.ask("POST", "/sign-in", fields)[0] == 400


def test_a_job_with_a_damaged_manifest_hides_no_other(
    client: Client, work: LabelingWork, tmp_path: Path
) -> None:
    put(work.plane, "s3://pets/in.manifest", "nope\n", tmp_path)
    client.sign_in("ann")
    assert client.ask("GET", "/")[0] == 200


def test_what_workers_read_is_escaped(client: Client) -> None:
    client.sign_in("ann")
    text = client.ask("GET", "/jobs/pets")[2]
    assert "purrs &lt;b&gt;" in text
    assert "purrs <b>" not in text


def test_an_object_is_read_only_by_its_signed_path(client: Client, work: LabelingWork) -> None:
    portal = Portal(work, "127.0.0.1", 0)
    portal.server_close()
    client.sign_in("ann")
    path = portal.read_access("s3://pets/labels.json")
    assert client.ask("GET", path)[0] == 200
    assert client.ask("GET", path.replace("labels", "in"))[0] == 404
    assert client.ask("GET", "/nothing")[0] == 404


def test_signing_out_ends_the_session(client: Client) -> None:
    client.sign_in("ann")
    before = dict(client.cookies)
    client.ask("POST", "/sign-out", {"csrf": client.csrf()})
    client.cookies = before
    assert client.ask("GET", "/")[:2] == (303, "/sign-in")


def test_a_session_ends_by_itself() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin(Person("ann", ())).token
    assert sessions.find(token) is not None
    now[0] = SESSION_SECONDS + 1
    assert sessions.find(token) is None


def test_a_task_without_a_form_says_so(make_job: MakeJob) -> None:
    work = make_job([{"source-ref": "s3://pets/1.mp4"}], task="VideoMultiClass")
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        status, _, text = client.ask("GET", "/jobs/pets")
    assert status == 400
    assert "There is no form for VideoMultiClass here".lower() in text.lower()


def test_a_template_that_paints_pixels_is_refused_with_what_can(make_job: MakeJob) -> None:
    painting = "<crowd-semantic-segmentation name='a'></crowd-semantic-segmentation>"
    work = make_job([{"source": "purrs"}], template=f"<crowd-form>{painting}</crowd-form>")
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        status, _, text = client.ask("GET", "/jobs/pets")
    assert status == 400
    assert "cannot paint pixels" in text
    assert "sagectl local annotate" in text
    assert "BoundingBox" in FORMS


def test_an_address_beyond_this_machine_is_refused(work: LabelingWork) -> None:
    with pytest.raises(InputError, match="not a loopback address"):
        Portal(work, "0.0.0.0", 0)


def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    environ = os.environ | {"SAGECTL_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "sagectl", "local", "portal"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert Client(url).ask("GET", "/sign-in")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_half_a_letter_in_a_manifest_keeps_no_job_from_its_end(make_job: MakeJob) -> None:
    work = make_job([{"source": "purrs \ud800"}], workers=1)
    with opened(work) as url:
        client = Client(url)
        client.sign_in("ann")
        assert "purrs ?" in client.ask("GET", "/jobs/pets")[2]
        fields = {"csrf": client.csrf(), "number": 0, "answer": '{"c": {"label": "cat"}}'}
        assert client.ask("POST", "/jobs/pets/submit", fields)[0] == 303
    assert work.job("pets").status == "Completed"
    [line] = work.objects.path("s3://pets/out/pets/manifests/output/output.manifest").open()
    assert json.loads(line)["source"] == "purrs \ud800"
