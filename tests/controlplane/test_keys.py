"""Searches that find their records by kept keys find what reading all records finds."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import keys, records
from sagectl.controlplane.operations import search
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.resources import Place

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.support.planes import TestClock

HERE = Place("123456789012", "us-east-1")
SORTS = (
    "LastModifiedTime",
    "Metrics.f1",
    "HyperParameters.lr",
    "HyperParameters.kind",
    "Tags.team",
    "TrainingTimeInSeconds",
    "EnableManagedSpotTraining",
    "CreationTime",
    "InputDataConfig.ChannelName",
)
NUMBERS = ("-2", "-0.5", "0", "0.3", "1", "1.5", "7")
VALUES = {
    "Metrics.f1": NUMBERS,
    "HyperParameters.lr": NUMBERS,
    "HyperParameters.kind": ("adam", "sgd", "1", "1.0"),
    "TrainingTimeInSeconds": ("0", "3", "7"),
    "CreationTime": ("2020-07-24T10:00:00", "2020-07-24T10:00:05"),
}
ORDERINGS = ("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
TEXTS = {"Tags.team": ("vision", "audio", "v"), "InputDataConfig.ChannelName": ("a", "b")}


@pytest.fixture
def keyed(
    state: Path, model: ServiceModel, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> ControlPlane:
    """A plane that makes keys for whatever it is asked."""
    monkeypatch.setattr(search, "KEYED_FROM", 0)
    monkeypatch.setattr(search, "MANY_READ", -1)
    return ControlPlane(state, model, clock=clock)


def job(name: str, luck: random.Random) -> dict[str, Any]:
    """A training job that has, or lacks, a bit of everything."""
    fields: dict[str, Any] = {
        "LastModifiedTime": 1_595_584_800 + luck.randrange(5),
        "CreationTime": 1_595_584_800 + luck.randrange(10),
        "TrainingTimeInSeconds": luck.randrange(9),
        "EnableManagedSpotTraining": luck.random() < 0.5,
        "FinalMetricDataList": [
            {"MetricName": "f1", "Value": float(luck.choice(NUMBERS)), "Timestamp": 0}
        ],
        "HyperParameters": {
            "lr": luck.choice([*NUMBERS, "1e-3", "often"]),
            "kind": luck.choice(["adam", "sgd", "1", "01.0"]),
        },
        "Tags": [{"Key": "team", "Value": luck.choice(["vision", "audio", "7"])}],
        "InputDataConfig": [
            {"ChannelName": channel} for channel in luck.sample("abc", luck.randint(0, 3))
        ],
    }
    held = {field: value for field, value in fields.items() if luck.random() < 0.8}
    return {"TrainingJob": {"TrainingJobName": name, **held}}


def load(plane: ControlPlane, *lines: dict[str, Any]) -> None:
    texts = map(json.dumps, lines)
    records.load(plane.store, texts, place=HERE, model=plane.model, now=1)


def names(plane: ControlPlane, **params: Any) -> list[str]:
    """What all pages hold."""
    asked = {"Resource": "TrainingJob", "MaxResults": 7, **params}
    found = []
    while True:
        page = plane.handle("Search", asked)
        found += [row["TrainingJob"]["TrainingJobName"] for row in page["Results"]]
        if "NextToken" not in page:
            return found
        asked["NextToken"] = page["NextToken"]


def filters(luck: random.Random) -> list[dict[str, str]]:
    found = []
    for name in luck.sample([*VALUES, *TEXTS], luck.randint(0, 2)):
        values = VALUES.get(name) or TEXTS[name]
        orders = () if name in TEXTS or name.endswith("kind") else ORDERINGS
        operators = ["Equals", "NotEquals", *orders]
        if name in TEXTS or name.startswith("Hyper"):
            operators.append("In")
        operator = luck.choice(operators)
        value = ",".join(values[:2]) if operator == "In" else luck.choice(values)
        found.append({"Name": name, "Operator": operator, "Value": value})
    return found


@pytest.mark.parametrize("seed", range(6))
def test_keys_change_no_answer(
    tmp_path: Path, model: ServiceModel, keyed: ControlPlane, seed: int
) -> None:
    luck = random.Random(seed)
    lines = [job(f"job-{number}", luck) for number in range(60)]
    for plane in (read := ControlPlane(tmp_path / "read", model), keyed):
        load(plane, *lines[:40])
    for _ in range(25):
        params: dict[str, Any] = {"SortBy": luck.choice(SORTS)}
        params["SortOrder"] = luck.choice(["Ascending", "Descending"])
        if asked := filters(luck):
            params["SearchExpression"] = {"Filters": asked, "Operator": "And"}
        assert names(keyed, **params) == names(read, **params), params
        # Records come and change while keys are kept.
        changed = luck.choice(lines)
        changed = job(changed["TrainingJob"]["TrainingJobName"], luck)
        for plane in (read, keyed):
            load(plane, changed)


def test_an_expression_is_looked_up_only_where_all_of_it_must_hold(
    keyed: ControlPlane,
) -> None:
    for name, team in (("a", "vision"), ("b", "audio"), ("c", "north")):
        tags = [{"Key": "team", "Value": team}]
        load(keyed, {"TrainingJob": {"TrainingJobName": name, "Tags": tags}})
    one, other = (
        {"Name": "Tags.team", "Operator": "Equals", "Value": team}
        for team in ("vision", "audio")
    )
    either = {"Filters": [one, other], "Operator": "Or"}
    for _ in range(2):
        assert names(keyed, SearchExpression=either, SortBy="TrainingJobName") == ["b", "a"]
        inner = {"SubExpressions": [either, {"Filters": [one]}], "Operator": "And"}
        assert names(keyed, SearchExpression=inner) == ["a"]


def test_a_database_keeps_the_keys_of_so_many_properties(keyed: ControlPlane) -> None:
    load(keyed, *(job(f"job-{number}", random.Random(number)) for number in range(5)))
    for number in range(keys.MOST_PROPERTIES + 5):
        assert len(names(keyed, SortBy=f"Metrics.m{number}")) == 5
    with keyed.store.reading() as db:
        kept = db.execute("SELECT name FROM search_properties ORDER BY id").fetchall()
        (orphans,) = db.execute(
            "SELECT count(*) FROM search_keys"
            " WHERE property NOT IN (SELECT id FROM search_properties)"
        ).fetchone()
    assert len(kept) == keys.MOST_PROPERTIES
    assert kept[-1] == (f"Metrics.m{keys.MOST_PROPERTIES + 4}",)
    assert orphans == 0


def test_where_no_keys_can_be_kept_records_are_read(keyed: ControlPlane) -> None:
    load(keyed, *(job(f"job-{number}", random.Random(number)) for number in range(500)))
    with keyed.store.writing() as db:
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    assert len(names(keyed, SortBy="Metrics.f1", MaxResults=100)) == 500
    with keyed.store.reading() as db:
        assert db.execute("SELECT count(*) FROM search_properties").fetchone() == (0,)


def test_records_of_an_older_layout_are_sorted_by_keys_too(
    state: Path, model: ServiceModel, monkeypatch: pytest.MonkeyPatch, keyed: ControlPlane
) -> None:
    from sagectl.controlplane import migrations
    from sagectl.controlplane.store import Store

    with monkeypatch.context() as older:
        older.setattr(migrations, "CURRENT", 3)
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:3])
        with Store(state).writing() as db:
            for number in range(3):
                body = json.dumps({"TrainingJobName": f"job-{number}", "CreationTime": -number})
                db.execute(
                    "INSERT INTO records (kind, account, region, name, modified, body)"
                    " VALUES ('TrainingJob', ?, ?, ?, 0, ?)",
                    (*HERE, f"job-{number}", body),
                )
    found = names(keyed, SortBy="CreationTime", SortOrder="Ascending")
    assert found == ["job-2", "job-1", "job-0"]
