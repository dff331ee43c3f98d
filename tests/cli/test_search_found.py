"""What a search found: columns, groups, plots, files, comparisons and kinds out of reach."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

JOBS = [
    ("chest-1", "0.9", 0.8, "vision"),
    ("chest-2", "0.1", 0.6, "vision"),
    ("talk", "0.5", 0.7, "audio"),
]


@pytest.fixture
def jobs(local: Run, tmp_path: Path) -> Run:
    """A plane with three training jobs and a trial component that came from a transform."""
    records = [
        {
            "TrainingJob": {
                "TrainingJobName": name,
                "TrainingJobStatus": "Completed",
                "LastModifiedTime": f"2026-01-0{day}T00:00:00Z",
                "HyperParameters": {"lr": rate},
                "FinalMetricDataList": [{"MetricName": "accuracy", "Value": accuracy}],
                "Tags": [{"Key": "team", "Value": team}],
            }
        }
        for day, (name, rate, accuracy, team) in enumerate(reversed(JOBS), start=1)
    ]
    transform = {"TransformJobName": "scan", "TransformInput": {"CompressionType": "Gzip"}}
    component = {"TrialComponentName": "scan", "SourceDetail": {"TransformJob": transform}}
    path = tmp_path / "records.jsonl"
    lines = [*records, {"TrialComponent": component}]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert local("local", "load", str(path)).code == 0
    return local


def test_columns_are_properties(jobs: Run) -> None:
    done = jobs(
        "search", "TrainingJob", "--columns", "Metrics.accuracy, Tags.team", "-o", "csv"
    )

    assert list(csv.reader(io.StringIO(done.out))) == [
        ["NAME", "Metrics.accuracy", "Tags.team"],
        ["chest-1", "0.8", "vision"],
        ["chest-2", "0.6", "vision"],
        ["talk", "0.7", "audio"],
    ]


def test_groups_have_their_aggregates(jobs: Run) -> None:
    flags = ("--agg", "max Metrics.accuracy", "--agg", "mean HyperParameters.lr")
    done = jobs("search", "TrainingJob", "--group-by", "Tags.team", *flags, "-o", "json")

    assert json.loads(done.out)["Groups"] == [
        {
            "Tags.team": "audio",
            "count": 1,
            "max Metrics.accuracy": 0.7,
            "mean HyperParameters.lr": 0.5,
        },
        {
            "Tags.team": "vision",
            "count": 2,
            "max Metrics.accuracy": 0.8,
            "mean HyperParameters.lr": 0.5,
        },
    ]


def test_a_plot_draws_the_largest_number_longest(jobs: Run) -> None:
    lines = jobs("search", "TrainingJob", "--plot", "Metrics.accuracy").out.splitlines()

    assert [line.split()[:2] for line in lines] == [
        ["chest-1", "0.8"],
        ["chest-2", "0.6"],
        ["talk", "0.7"],
    ]
    assert lines[1].count("█") < lines[2].count("█") < lines[0].count("█")


def test_a_plot_of_groups_draws_one_of_their_columns(jobs: Run) -> None:
    best = "max Metrics.accuracy"
    args = ("--group-by", "Tags.team", "--agg", best, "--plot", best)
    lines = jobs("search", "TrainingJob", *args).out.splitlines()

    assert [line.split()[:2] for line in lines] == [["audio", "0.7"], ["vision", "0.8"]]


def test_parquet_keeps_times_and_numbers_beside_what_is_missing(
    jobs: Run, tmp_path: Path
) -> None:
    path = tmp_path / "found.parquet"
    bare = {"TrainingJob": {"TrainingJobName": "bare"}}
    jobs("local", "load", stdin=json.dumps(bare))
    columns = "Metrics.accuracy,LastModifiedTime"
    jobs("search", "TrainingJob", "--columns", columns, "--save", str(path))

    rows = {row["NAME"]: row for row in read(path)}
    assert rows["bare"] == {"NAME": "bare", "Metrics.accuracy": None, "LastModifiedTime": None}
    when = datetime(2026, 1, 3, tzinfo=UTC)
    assert rows["chest-1"] == {
        "NAME": "chest-1",
        "Metrics.accuracy": 0.8,
        "LastModifiedTime": when,
    }


def test_fields_of_a_kind_out_of_reach_are_suggested(local: Run) -> None:
    assert local("search", "suggest", "workteam", "desc", "-o", "name").out.split() == [
        "property/Description"
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_rows_are_saved(jobs: Run, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"found.{ending}"

    done = jobs("search", "TrainingJob", "--columns", "Metrics.accuracy", "--save", str(path))

    assert done.code == 0, done.err
    assert read(path) == [
        {"NAME": "chest-1", "Metrics.accuracy": 0.8},
        {"NAME": "chest-2", "Metrics.accuracy": 0.6},
        {"NAME": "talk", "Metrics.accuracy": 0.7},
    ]


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    rows = csv.DictReader(io.StringIO(path.read_text()))
    return [row | {"Metrics.accuracy": float(row["Metrics.accuracy"])} for row in rows]


def test_two_jobs_are_compared_side_by_side(jobs: Run) -> None:
    done = jobs("search", "diff", "TrainingJob", "chest-1", "talk", "-o", "tsv")

    assert done.code == 1
    assert done.out.splitlines() == [
        "PROPERTY\tchest-1\ttalk",
        "HyperParameters.lr\t0.9\t0.5",
        "Metrics.accuracy\t0.8\t0.7",
        "Tags.team\tvision\taudio",
    ]


def test_a_job_is_no_different_from_itself(jobs: Run) -> None:
    assert jobs("search", "diff", "TrainingJob", "talk", "talk").code == 0


def test_teams_have_no_metrics_and_are_compared_whole(local: Run) -> None:
    pool = {"UserPool": "us-east-1_Pool1", "ClientId": "portal"}
    documents = [{"kind": "Workforce", "name": "crowd", "spec": {"CognitoConfig": pool}}]
    for name in ("north", "south"):
        members = [{"CognitoMemberDefinition": {**pool, "UserGroup": "all"}}]
        told = {"Description": f"Read the {name}", "MemberDefinitions": members}
        spec = {"WorkforceName": "crowd", **told}
        documents.append({"kind": "Workteam", "name": name, "spec": spec})
    text = "\n---\n".join(map(json.dumps, documents))
    assert local("apply", "-f", "-", "--yes", stdin=text).code == 0

    done = local("search", "diff", "Workteam", "north", "south", "-o", "tsv")

    assert done.code == 1
    assert "Description\tRead the north\tRead the south" in done.out.splitlines()


NOWHERE = {
    "in a file": "file/found.csv",
    "in no folder": "nowhere/found.parquet",
    "too long": f"{'x' * 300}.jsonl",
}


@pytest.mark.parametrize("place", NOWHERE.values(), ids=NOWHERE)
def test_where_nothing_can_be_saved_is_said(jobs: Run, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()

    done = jobs("search", "TrainingJob", "--save", str(tmp_path / place))

    assert done.code == 2
    assert "cannot be written: " in done.err
    assert "Detail" not in done.err


def test_a_property_nearly_right_is_suggested(jobs: Run) -> None:
    done = jobs("search", "TrainingJob", "TrainingJobStatu = 'Completed'")

    assert done.code == 3
    assert "Did you mean 'TrainingJobStatus'?" in done.err


def test_a_trial_component_shows_the_transform_job_it_came_from(jobs: Run) -> None:
    done = jobs("search", "describe", "ExperimentTrialComponent", "scan")

    assert "TransformJobName: scan" in done.out
    assert "CompressionType: Gzip" in done.out


def test_an_unknown_name_is_not_found(jobs: Run) -> None:
    done = jobs("search", "describe", "TrainingJob", "nobody")

    assert done.code == 3
    assert "there is no TrainingJob called nobody" in done.err


def test_a_condition_is_explained_as_json_and_json_as_a_condition(
    jobs: Run, tmp_path: Path
) -> None:
    text = "exists Tags.team and (Metrics.accuracy > 0.5 or HyperParameters.lr in ('1', '2'))"
    path = tmp_path / "expression.json"

    path.write_text(jobs("search", "TrainingJob", text, "--explain").out)

    assert jobs("search", "TrainingJob", "-f", str(path), "--explain").out == f"{text}\n"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        pytest.param(["Metrics.accuracy >"], "column 19", id="expression"),
        pytest.param(["--columns", "Nonsense"], "'Nonsense' is not a property", id="column"),
        pytest.param(["--agg", "max Metrics.x"], "--group-by", id="no-group"),
        pytest.param(
            ["--group-by", "Tags.team", "--agg", "median x"], "not FUNCTION PROPERTY", id="agg"
        ),
        pytest.param(
            ["--group-by", "Tags.team", "--agg", "max TrainingJobName"],
            "no result has a number in TrainingJobName",
            id="text-agg",
        ),
        pytest.param(
            ["--group-by", "Tags.team", "--plot", "Metrics.accuracy"],
            "groups have no 'Metrics.accuracy'",
            id="group-plot",
        ),
        pytest.param(["--plot", "Tags.team"], "no result has a number", id="plot"),
        pytest.param(["--plot", "Metrics.accuracy", "-o", "json"], "-o json", id="plot-json"),
        pytest.param(["--plot", "a", "--save", "found.csv"], "--save asks", id="plot-save"),
        pytest.param(["--plot", "a", "--query", "b"], "--query asks", id="plot-query"),
        pytest.param(["--save", "found.xls"], "the ending says no format", id="ending"),
        pytest.param(["--explain"], "no expression to explain", id="explain"),
    ],
)
def test_bad_input_is_said(jobs: Run, args: list[str], problem: str) -> None:
    done = jobs("search", "TrainingJob", *args)

    assert done.code == 2
    assert problem in done.err
    assert done.out == ""


TEAMS = """
kind: Workforce
name: crowd
spec: {CognitoConfig: {UserPool: us-east-1_x, ClientId: c}}
---
kind: Workteam
name: radiology
tags: {site: north}
spec:
  WorkforceName: crowd
  Description: X-rays
  MemberDefinitions:
  - CognitoMemberDefinition: {UserPool: us-east-1_x, UserGroup: a, ClientId: c}
---
kind: Workteam
name: audit
spec:
  WorkforceName: crowd
  Description: Spot checks
  MemberDefinitions:
  - CognitoMemberDefinition: {UserPool: us-east-1_x, UserGroup: b, ClientId: c}
"""


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        pytest.param("Description contains 'ray'", ["radiology"], id="contains"),
        pytest.param("Tags.site = 'north'", ["radiology"], id="tag"),
        pytest.param("not exists Tags.site", ["audit"], id="no-tag"),
        pytest.param("CreateDate > '2020-01-01T00:00:00'", ["audit", "radiology"], id="time"),
        pytest.param(
            "MemberDefinitions[CognitoMemberDefinition.UserGroup = 'b']", ["audit"], id="nested"
        ),
    ],
)
def test_work_teams_are_searched_here(local: Run, condition: str, names: list[str]) -> None:
    assert local("apply", "-f", "-", "--yes", stdin=TEAMS).code == 0

    done = local("search", "workteam", condition, "--sort-by", "WorkteamName", "-o", "name")

    assert done.out.splitlines() == [f"workteam/{name}" for name in names]
    assert "out of reach of the service's Search" in done.err


def test_the_services_own_search_still_refuses_a_work_team(home: Path) -> None:
    from sagectl import local as door
    from sagectl.errors import SagectlError

    client = door.client(home)

    with pytest.raises(Exception, match=r"(?i)resource") as caught:
        client.search(Resource="Workteam")

    assert not isinstance(caught.value, SagectlError)
