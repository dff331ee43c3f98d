"""``sagectl local load, backup, restore, check, events``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.answering import Quiet, answering
from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from tests.conftest import Run

ROOT = Path(__file__).parents[2]
FOLLOW = (sys.executable, "-m", "sagectl", "local", "events", "--follow", "-o", "jsonl")
RECORDS = [
    {"TrainingJob": {"TrainingJobName": "first", "LastModifiedTime": "2020-07-24T12:00:00Z"}},
    {"TrainingJob": {"TrainingJobName": "second", "LastModifiedTime": 1595592001}},
    {"Experiment": {"ExperimentName": "nodules"}},
    {"Trial": {"TrialName": "lungs"}},
    {
        "TrialComponent": {
            "TrialComponentName": "transformed",
            "SourceDetail": {
                "SourceArn": "arn:aws:sagemaker:us-east-1:123456789012:transform-job/t",
                "TransformJob": {"TransformJobName": "t"},
            },
        }
    },
]


def records(place: Path, *rows: Any) -> str:
    place.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(place)


def test_a_backup_that_is_not_there_is_said_before_anything_is_asked(local: Run) -> None:
    for agreed in ("--yes", "--dry-run"):
        done = local("local", "restore", "nowhere.tar.gz", agreed)

        assert (done.code, "there is no file nowhere.tar.gz" in done.err) == (2, True)


def test_loaded_records_are_found_by_search(local: Run, tmp_path: Path) -> None:
    done = local("local", "load", records(tmp_path / "r.jsonl", *RECORDS))
    assert (done.code, "5 records" in done.err) == (0, True)
    found = local("search", "TrainingJob", "-o", "json")
    names = [row["TrainingJob"]["TrainingJobName"] for row in json.loads(found.out)["Results"]]
    assert names == ["second", "first"]
    found = local("search", "ExperimentTrialComponent", "-o", "json")
    (row,) = json.loads(found.out)["Results"]
    detail = row["TrialComponent"]["SourceDetail"]["TransformJob"]
    assert detail == {"TransformJobName": "t"}


def test_records_come_from_stdin_too(local: Run) -> None:
    assert local("local", "load", stdin=json.dumps(RECORDS[0])).code == 0
    assert "first" in local("search", "TrainingJob").out


def test_one_bad_record_keeps_the_whole_file_out(local: Run, tmp_path: Path) -> None:
    bad = {"TrainingJob": {"TrainingJobName": "bad", "Moon": 1}}
    refused = local("local", "load", records(tmp_path / "r.jsonl", RECORDS[0], bad))
    assert refused.code == 2
    assert "line 2" in refused.err
    assert local("search", "TrainingJob").out == ""
    assert local("local", "load", str(tmp_path / "nowhere")).code == 2


def test_a_backup_undoes_a_reset(local: Run, home: Path, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB), "--yes")
    file = str(tmp_path / "backup.tar.gz")
    assert local("local", "backup", file).code == 0
    local("local", "reset", "--yes")
    assert local("local", "restore", file).code == 2  # nobody there to agree
    assert local("local", "restore", file, "--dry-run").code == 0
    assert local("workforce", "list", "-o", "name").out == ""
    assert local("local", "restore", file, "--yes").code == 0
    assert local("workforce", "list", "-o", "name").out == "workforce/crowd\n"
    assert local("local", "check").code == 0


def test_a_backup_of_nothing_and_from_nothing_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("local", "backup", str(tmp_path / "b")).code == 3
    assert run("local", "restore", str(tmp_path / "b"), "--yes").code == 2


def test_check_answers_no_with_its_own_exit_code(
    local: Run, home: Path, tmp_path: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    (home / "plane.db").chmod(0o644)
    asked = local("local", "check", "-o", "json")
    assert asked.code == 1
    rows = json.loads(asked.out)["Checks"]
    assert [row["Question"] for row in rows if row["Answer"] == "no"] == [
        "nobody else may read it"
    ]


def test_events_are_what_happened(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    rows = [
        json.loads(line) for line in local("local", "events", "-o", "jsonl").out.splitlines()
    ]
    assert [row["detail-type"] for row in rows] == [
        "SageMaker Workforce State Change",
        "SageMaker Work Team State Change",
    ]


def test_followed_events_reach_a_command_and_a_webhook(
    local: Run, home: Path, tmp_path: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    posted: list[Any] = []

    class Hook(Quiet):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"", 204)

    heard = f"cat >> {tmp_path}/heard; exit 3"
    with answering(Hook) as url:
        follower = subprocess.Popen(
            [*FOLLOW, "--exec", heard, "--post", f"{url}/"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            assert follower.stdout
            assert follower.stderr
            # What was before is not followed; until the follower looks, a change is before.
            made = 0
            while not posted:
                made += 1
                local("local", "load", stdin="")
                name = f"t{made}"
                members = [{"OidcMemberDefinition": {"Groups": ["g"]}}]
                spec = {"Description": "d", "MemberDefinitions": members}
                team = {"kind": "Workteam", "name": name, "spec": spec}
                local("apply", "-f", "-", "--yes", stdin=json.dumps(team))
            event = json.loads(follower.stdout.readline())
            follower.kill()
            assert event == posted[0]
            assert event["detail"]["WorkteamStatus"] == "Created"
            heard = (tmp_path / "heard").read_text().splitlines()
            assert json.loads(heard[0]) == event
            assert "ended with code 3" in follower.stderr.readline()
        finally:
            follower.kill()
            follower.communicate()
