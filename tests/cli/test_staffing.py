"""``sagectl workforce report`` on the embedded control plane."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

STAFF = """\
email,name,groups
ann@example.com,,doctors;nurses
bob@example.com,,nurses
cleo@example.com,,cooks
"""
NIGHT = TEAM.replace("radiology", "night").replace("[doctors, nurses]", "[<owls>]")


@pytest.fixture
def ward(local: Run, tmp_path: Path) -> Run:
    """A plane with two teams, one of them of nobody, and a person in neither."""
    assert local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, NIGHT), "--yes").code == 0
    people = tmp_path / "people.csv"
    people.write_text(STAFF)
    assert local("workforce", "sync", "-f", str(people), "--yes").code == 0
    return local


def test_a_report_tells_who_is_where_and_what_to_think_of_it(ward: Run) -> None:
    found = json.loads(ward("workforce", "report", "-o", "json").out)

    teams = {row["WorkteamName"]: row for row in found["Teams"]}
    assert teams["radiology"]["People"] == ["ann@example.com", "bob@example.com"]
    assert teams["radiology"]["Cidrs"] == ["203.0.113.0/24", "198.51.100.0/24"]
    assert teams["radiology"]["Portal"].startswith("https://")
    remarks = {(row["About"], row["Remark"]) for row in found["Remarks"]}
    assert remarks >= {
        ("night", "has nobody in it"),
        ("cooks", "no team uses this group"),
        ("cleo@example.com", "is in no team"),
        ("night", "has no notification topic"),
    }


def test_what_is_near_its_limit_is_remarked(ward: Run) -> None:
    more = [f"--group=g{index}" for index in range(7)]
    ward("workteam", "members", "add", "radiology", *more, "--yes")

    assert "has 9 of 10 groups" in ward("workforce", "report").out


def test_a_report_on_all_regions_tells_which(ward: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, TEAM.replace("radiology", "west"))
    ward("apply", "-f", path, "--yes", "--region", "us-west-2")

    found = json.loads(ward("workforce", "report", "--all-regions", "-o", "json").out)

    places = {(row["Region"], row["WorkteamName"]) for row in found["Teams"]}
    assert places == {
        ("us-east-1", "radiology"),
        ("us-east-1", "night"),
        ("us-west-2", "west"),
    }
    # The people of one region are nobody to the other.
    assert next(row for row in found["Teams"] if row["Region"] == "us-west-2")["People"] == []
    assert "REGION" in ward("workforce", "report", "--all-regions").out
    assert "REGION" not in ward("workforce", "report").out


def test_a_report_is_csv_too(ward: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(ward("workforce", "report", "-o", "csv").out)))

    assert {row["TEAM"]: row["PEOPLE"] for row in rows} == {"radiology": "2", "night": "0"}


def test_a_page_needs_nothing_else_and_quotes_what_it_shows(ward: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    assert ward("workforce", "report", "--html", str(path)).code == 0

    text = path.read_text()
    assert "&lt;owls&gt;" in text
    assert not any(word in text for word in ("<owls>", "<script", "src=", "href="))


def test_a_redacted_report_names_nobody(ward: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    done = ward("workforce", "report", "--redact", "-o", "json", "--html", str(path))

    assert "@example" not in done.out + done.err + path.read_text()


def test_a_page_that_cannot_be_written_is_said(ward: Run, tmp_path: Path) -> None:
    assert ward("workforce", "report", "--html", str(tmp_path / "no" / "x.html")).code == 2


def test_where_there_is_nothing_the_report_is_empty(local: Run) -> None:
    done = local("workforce", "report", "-o", "json")

    assert json.loads(done.out) == {"Workforces": [], "Teams": [], "Remarks": []}
