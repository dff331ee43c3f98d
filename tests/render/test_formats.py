"""The output formats, through a console."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.errors import InputError
from sagectl.manifest.document import Document
from sagectl.render.console import Console
from sagectl.render.formats import FORMATS
from sagectl.render.tables import LOOK_AHEAD
from sagectl.render.views import Manifest, Record, listing, record
from sagectl.settings import CHOICES, Home, Settings

MADE = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
TEAM = {
    "WorkteamName": "radiology",
    "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["doctors", "nurses"]}}],
    "Description": "Chest",
    "CreateDate": MADE,
    "WorkteamArn": "arn:aws:sagemaker:us-east-1:1:workteam/private-crowd/radiology",
}
OTHER = {"WorkteamName": "knees", "Description": "K", "CreateDate": MADE, "WorkteamArn": "arn"}
HOME = Home(Path("/c"), Path("/s"), Path("/h"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(view: Any, output: str, *, query: str | None = None, **more: Any) -> str:
    """What ``view`` looks like in a pipe."""
    return streams(view, output, query=query, **more)[0]


def streams(
    view: Any,
    output: str,
    *,
    query: str | None = None,
    terminal: bool = False,
    environ: dict[str, str] | None = None,
    width: int | None = None,
) -> tuple[str, str]:
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    settings = Settings(HOME, output=output, query=query)
    Console(out, err, settings, environ=environ or {}, width=width).show(view)
    return out.getvalue(), err.getvalue()


def teams(*rows: Any) -> Any:
    return listing(WORKTEAM_KIND, iter(rows))


def test_the_formats_are_those_of_the_settings() -> None:
    assert tuple(FORMATS) == CHOICES["output"]


def test_a_table_in_a_pipe_is_aligned_and_exact() -> None:
    assert shown(teams(TEAM, OTHER), "table").splitlines() == [
        "NAME       GROUPS           DESCRIPTION  CREATED",
        "radiology  doctors, nurses  Chest        2026-01-02T03:04:05Z",
        "knees                       K            2026-01-02T03:04:05Z",
    ]


def test_wide_has_every_column() -> None:
    head = shown(teams(TEAM), "wide").splitlines()[0]

    assert head.split("  ")[-1] == "ARN"


def test_a_long_cell_is_never_cut() -> None:
    long = "x" * 500

    assert long in shown(teams({**OTHER, "Description": long}), "table")


def test_rows_after_the_look_ahead_are_written_too() -> None:
    late = {**OTHER, "WorkteamName": "y" * 40}

    lines = shown(teams(*[OTHER] * LOOK_AHEAD, late), "table").splitlines()

    assert len(lines) == LOOK_AHEAD + 2
    assert lines[-1].startswith("y" * 40 + "  ")


@pytest.mark.parametrize("output", ["table", "wide", "tsv"])
def test_nothing_in_a_cell_steers_the_terminal(output: str) -> None:
    text = shown(teams({**OTHER, "Description": "a\tb\n\x1b[31mred\u202e"}), output)

    assert r"a\tb\n\x1b[31mred\u202e" in text
    assert text.count("\n") == 2


def test_json_is_the_response_with_all_pages() -> None:
    text = shown(teams(TEAM, OTHER), "json")

    assert (
        text
        == json.dumps({"Workteams": [plain(TEAM), plain(OTHER)]}, indent=2).replace(
            "2026-01-02T03:04:05.678000+00:00", "2026-01-02T03:04:05.678Z"
        )
        + "\n"
    )


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "CreateDate": row["CreateDate"].isoformat()}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param("json", '{\n  "Workteams": []\n}\n', id="json"),
        pytest.param("yaml", "Workteams: []\n", id="yaml"),
        pytest.param("jsonl", "", id="jsonl"),
        pytest.param("name", "", id="name"),
        pytest.param("table", "", id="table"),
    ],
)
def test_an_empty_list(output: str, expected: str) -> None:
    assert shown(teams(), output) == expected


def test_only_a_table_remarks_on_an_empty_list() -> None:
    assert streams(teams(), "table")[1] == "No work teams.\n"
    assert streams(teams(), "json")[1] == ""


@pytest.mark.parametrize("count", [1, 200, 450])
def test_yaml_is_one_document_however_long(count: int) -> None:
    found = yaml.safe_load(shown(teams(*[OTHER] * count), "yaml"))

    assert [row["WorkteamName"] for row in found["Workteams"]] == ["knees"] * count


def test_jsonl_is_a_row_a_line() -> None:
    lines = shown(teams(TEAM, OTHER), "jsonl").splitlines()

    assert [json.loads(line)["WorkteamName"] for line in lines] == ["radiology", "knees"]


def test_tsv_has_every_column_and_a_head() -> None:
    head, row = (line.split("\t") for line in shown(teams(TEAM), "tsv").splitlines())

    assert head[:3] == ["NAME", "GROUPS", "DESCRIPTION"]
    assert len(head) == len(row) == len(WORKTEAM_KIND.columns)


def test_name_is_kind_and_name() -> None:
    assert shown(teams(TEAM, OTHER), "name") == "workteam/radiology\nworkteam/knees\n"


def test_a_stream_is_not_read_to_its_end_first() -> None:
    out = io.StringIO()

    def rows():
        yield TEAM
        assert "radiology" in out.getvalue()
        yield OTHER

    console = Console(out, io.StringIO(), Settings(HOME, output="jsonl"), environ={})
    console.show(listing(WORKTEAM_KIND, rows()))


@pytest.mark.parametrize("output", CHOICES["output"])
def test_a_list_that_cannot_be_had_writes_nothing(output: str) -> None:
    def rows():
        raise InputError("refused")
        yield

    out = io.StringIO()
    console = Console(out, io.StringIO(), Settings(HOME, output=output), environ={})

    with pytest.raises(InputError):
        console.show(listing(WORKTEAM_KIND, rows()))
    assert out.getvalue() == ""


def test_a_record_is_its_fields() -> None:
    text = shown(record(WORKTEAM_KIND, "radiology", {"Workteam": TEAM}), "table")

    assert "WorkteamName:      radiology\n" in text
    assert "  - OidcMemberDefinition:\n      Groups: doctors, nurses\n" in text


def test_a_record_of_one_value_is_that_value() -> None:
    assert shown(Record({"WorkteamArn": "arn:x"}), "table") == "arn:x\n"


def test_a_record_keeps_its_member_in_json() -> None:
    found = json.loads(shown(record(WORKTEAM_KIND, "r", {"Workteam": OTHER}), "json"))

    assert found["Workteam"]["WorkteamName"] == "knees"


def test_a_record_in_tsv_is_a_line_per_leaf() -> None:
    text = shown(record(WORKTEAM_KIND, "radiology", {"Workteam": TEAM}), "tsv")

    assert "MemberDefinitions[0].OidcMemberDefinition.Groups[1]\tnurses\n" in text


def test_a_record_has_a_name() -> None:
    assert shown(record(WORKTEAM_KIND, "r", {"Workteam": OTHER}), "name") == "workteam/r\n"


def test_a_manifest_is_yaml_unless_told_otherwise() -> None:
    manifest = Manifest((Document("Workteam", "radiology", {"Description": "x"}),))

    assert shown(manifest, "table").startswith("kind: Workteam\nname: radiology\n")
    assert json.loads(shown(manifest, "json"))["spec"] == {"Description": "x"}
    assert shown(manifest, "name") == "workteam/radiology\n"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("Workteams[].WorkteamName", "radiology\nknees\n", id="scalars"),
        pytest.param("Workteams[0].WorkteamName", "radiology\n", id="scalar"),
        pytest.param(
            "Workteams[].[WorkteamName, Description]",
            "radiology  Chest\nknees      K\n",
            id="lists",
        ),
        pytest.param(
            "Workteams[].{name: WorkteamName, what: Description}",
            "name       what\nradiology  Chest\nknees      K\n",
            id="mappings",
        ),
        pytest.param("length(Workteams)", "2\n", id="number"),
        pytest.param(
            "Workteams[0].{n: WorkteamName, d: Description}",
            "n: radiology\nd: Chest\n",
            id="mapping",
        ),
        pytest.param("Nothing", "", id="nothing"),
    ],
)
def test_a_query_reads_the_response(query: str, expected: str) -> None:
    assert shown(teams(TEAM, OTHER), "table", query=query) == expected


def test_a_query_is_json_in_json() -> None:
    assert (
        shown(teams(TEAM), "json", query="Workteams[].WorkteamName") == '[\n  "radiology"\n]\n'
    )
    assert shown(teams(), "json", query="Nothing") == "null\n"


def test_a_query_that_cannot_be_read_says_where() -> None:
    with pytest.raises(InputError, match="--query"):
        shown(teams(TEAM), "table", query="a[")


def test_a_terminal_gets_relative_times_and_colour() -> None:
    lately = datetime.now(UTC) - timedelta(hours=3)

    text, _ = streams(teams({**TEAM, "CreateDate": lately}), "table", terminal=True, width=120)

    assert "3h ago" in text
    assert "\x1b[" in text


def test_a_narrow_terminal_folds_and_cuts_nothing() -> None:
    text, _ = streams(
        teams({**TEAM, "Description": "abcdefghij" * 8}), "table", terminal=True, width=60
    )

    letters = "".join(text.split())
    assert letters.count("a") >= 8
    assert "…" not in text


def test_many_rows_on_a_terminal_are_plain() -> None:
    text, _ = streams(teams(*[TEAM] * 501), "table", terminal=True)

    assert text.count("\n") == 502
    assert "2026-01-02T03:04:05Z" in text
