"""``sagectl search``: conditions in, results out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

VISION = {"Name": "Tags.team", "Operator": "Equals", "Value": "vision"}


def params(local: Run, *args: str) -> dict[str, object]:
    done = local("search", "TrainingJob", *args, "--dry-run", "-o", "json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_a_condition_becomes_an_expression(local: Run) -> None:
    found = params(local, "Metrics.accuracy > 0.9 and Tags.team = 'vision'")

    assert found["SearchExpression"]["Filters"] == [
        {"Name": "Metrics.accuracy", "Operator": "GreaterThan", "Value": "0.9"},
        VISION,
    ]


def test_a_name_joins_the_condition(local: Run) -> None:
    found = params(local, "Tags.team = 'vision'", "--name-contains", "it's")

    assert found["SearchExpression"]["Filters"] == [
        VISION,
        {"Name": "TrainingJobName", "Operator": "Contains", "Value": "it's"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps({"Filters": [VISION]}), id="json"),
        pytest.param(
            "Filters:\n- {Name: Tags.team, Operator: Equals, Value: vision}", id="yaml"
        ),
    ],
)
def test_an_expression_comes_from_a_file(local: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "expression"
    path.write_text(text)

    assert params(local, "-f", str(path))["SearchExpression"] == {"Filters": [VISION]}


def test_an_expression_does_not_come_from_a_folder(local: Run, tmp_path: Path) -> None:
    for name in ("one.yaml", "other.yaml"):
        (tmp_path / name).write_text("Filters: []")

    done = local("search", "TrainingJob", "-f", str(tmp_path))

    assert done.code == 2
    assert f"{tmp_path} is a folder\n  hint: Name one file." in done.err


def test_a_number_in_a_file_stays_as_written(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "expression.yaml"
    path.write_text("Filters: [{Name: HyperParameters.lr, Operator: LessThan, Value: 1e-3}]")

    (condition,) = params(local, "-f", str(path))["SearchExpression"]["Filters"]

    assert condition["Value"] == "1e-3"


def test_the_other_parameters_have_flags(local: Run) -> None:
    found = params(
        local,
        *("--sort-by", "CreationTime", "--sort-order", "ascending", "--page-size", "7"),
        *("--visible", "a=b", "--accounts", "CrossAccount", "--starting-token", "t"),
    )

    assert found == {
        "Resource": "TrainingJob",
        "SortBy": "CreationTime",
        "SortOrder": "Ascending",
        "MaxResults": 7,
        "NextToken": "t",
        "CrossAccountFilterOption": "CrossAccount",
        "VisibilityConditions": [{"Key": "a", "Value": "b"}],
    }


def test_an_empty_result_is_an_empty_object(local: Run) -> None:
    assert local("search", "TrainingJob", "-o", "json").out == '{\n  "Results": []\n}\n'
    assert local("search", "TrainingJob").err.endswith("No results.\n")


def test_results_are_rows_with_columns_of_their_own(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    record = {"TrainingJobStatus": "Completed", "CreationTime": "2026-01-02T03:04:05Z"}
    path.write_text(
        "".join(
            json.dumps({"TrainingJob": {"TrainingJobName": f"chest-{number}", **record}}) + "\n"
            for number in (1, 2)
        )
    )
    assert local("local", "load", str(path)).code == 0
    search = ("search", "TrainingJob", "--sort-by", "TrainingJobName")

    assert local(*search, "--sort-order", "Ascending").out.splitlines() == [
        "NAME     STATUS     CREATED",
        "chest-1  Completed  2026-01-02T03:04:05Z",
        "chest-2  Completed  2026-01-02T03:04:05Z",
    ]
    assert local(*search, "--limit", "1", "-o", "name").out == "trainingjob/chest-2\n"
    one = local(*search, "TrainingJobName = 'chest-1'", "-o", "json", "--page-size", "1")
    assert json.loads(one.out)["Results"][0]["TrainingJob"]["TrainingJobName"] == "chest-1"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("Trainingjob",), "Did you mean 'TrainingJob'?", id="resource"),
        pytest.param(("Zork",), "Resources are TrainingJob, Experiment", id="no-resource"),
        pytest.param(("suggest", "Zork"), "ModelCard", id="suggest"),
        pytest.param(("describe", "Zork", "a"), "Workteam", id="describe"),
        pytest.param(("TrainingJob", "Tags.team ="), "column 12", id="expression"),
        pytest.param(("TrainingJob", " "), "Leave it out", id="empty"),
        pytest.param(("TrainingJob", "--watch=0"), "0.1s is the least", id="no-pause"),
        pytest.param(("TrainingJob", "a = 'b'", "-f", "x"), "-f FILE is the whole", id="both"),
        pytest.param(("TrainingJob", "-f", "nowhere.json"), "nowhere.json", id="no-file"),
    ],
)
def test_a_wrong_search_is_refused(local: Run, args: tuple[str, ...], said: str) -> None:
    done = local("search", *args)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Filter: []", ":1:1  Filter", id="unknown-field"),
        pytest.param("{", "expression", id="broken"),
        pytest.param("Filters: []\n---\nFilters: []", "2 documents", id="several"),
    ],
)
def test_a_wrong_file_is_shown_where_it_is_wrong(
    local: Run, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "expression"
    path.write_text(text)

    done = local("search", "TrainingJob", "-f", str(path))

    assert (done.code, said in done.err) == (2, True), done.err


def test_suggest_lists_properties(local: Run) -> None:
    done = local("search", "suggest", "TrainingJob", "TrainingJobSta", "-o", "json")

    assert done.code == 0, done.err
    assert "PropertyNameSuggestions" in json.loads(done.out)
