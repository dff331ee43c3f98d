"""``sagectl workforce addresses`` on the embedded control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

ADDRESSES = ("workforce", "addresses")


@pytest.fixture
def staffed(local: Run, tmp_path: Path) -> Run:
    """A plane with the workforce ``crowd`` and two ranges."""
    done = local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    assert done.code == 0, done.err
    return local


def ranges(run: Run) -> list[str]:
    rows = json.loads(run(*ADDRESSES, "list", "crowd", "-o", "json").out)["Addresses"]
    return [row["Cidr"] for row in rows]


def test_ranges_are_added_as_networks_and_each_once(staffed: Run) -> None:
    cidrs = ("192.0.2.9/25", "192.0.2.0/25", "2001:DB8::/32", "203.0.113.0/24")

    done = staffed(*ADDRESSES, "add", "crowd", *cidrs, "--yes")

    assert done.code == 0, done.err
    wanted = ["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/25", "2001:db8::/32"]
    assert ranges(staffed) == wanted


def test_an_overlap_is_warned_of_in_that_word(staffed: Run) -> None:
    done = staffed(*ADDRESSES, "add", "crowd", "203.0.113.128/25", "--yes")

    assert done.code == 0
    assert "overlap: 203.0.113.128/25 lies within 203.0.113.0/24" in done.err


def test_a_range_is_removed_however_it_is_written(staffed: Run) -> None:
    assert staffed(*ADDRESSES, "remove", "crowd", "203.0.113.99/24", "--yes").code == 0
    assert ranges(staffed) == ["198.51.100.0/24"]


def test_without_any_range_everyone_gets_in(staffed: Run) -> None:
    done = staffed(*ADDRESSES, "remove", "crowd", *ranges(staffed), "--yes")

    assert done.code == 0, done.err
    assert "from anywhere" in done.err
    assert staffed(*ADDRESSES, "check", "crowd", "192.0.2.1").code == 0


def test_the_one_who_asks_is_warned_of_being_shut_out(staffed: Run) -> None:
    change = (*ADDRESSES, "remove", "crowd", "203.0.113.0/24", "--my-address", "203.0.113.7")

    assert "shuts out 203.0.113.7" in staffed(*change, "--dry-run").err
    assert len(ranges(staffed)) == 2


@pytest.mark.parametrize(
    ("address", "code"),
    [
        pytest.param("203.0.113.7", 0, id="in"),
        pytest.param("192.0.2.7", 1, id="out"),
        pytest.param("2001:db8::7", 1, id="another-family"),
        pytest.param("203.0.113", 2, id="no-address"),
    ],
)
def test_check_answers_by_its_exit_code(staffed: Run, address: str, code: int) -> None:
    assert staffed(*ADDRESSES, "check", "crowd", address).code == code


def test_check_names_the_range(staffed: Run) -> None:
    done = staffed(*ADDRESSES, "check", "crowd", "203.0.113.7", "-o", "json")

    answer = {"Address": "203.0.113.7", "Admitted": True, "Range": "203.0.113.0/24"}
    assert json.loads(done.out) == answer


def test_every_bad_range_in_a_file_is_shown_where_it_stands(
    staffed: Run, tmp_path: Path
) -> None:
    file = tmp_path / "offices.txt"
    file.write_text("192.0.2.0/24\n300.0.0.0/8\n # moved\n  somewhere\n")

    done = staffed(*ADDRESSES, "add", "crowd", "--from", str(file), "--yes")

    assert done.code == 2
    assert f"{file}:2:1" in done.err
    assert f"{file}:4:3" in done.err
    assert len(ranges(staffed)) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("add", "crowd", "10.0.0.0/33"), "not a range", id="no-range"),
        pytest.param(("remove", "crowd", "10.0.0.0/8"), "not in the list", id="not-there"),
        pytest.param(("add", "crowd"), "nothing to go by", id="none"),
        pytest.param(
            ("add", "crowd", *(f"10.{index}.0.0/16" for index in range(9))),
            "at most 10",
            id="eleven",
        ),
        pytest.param(
            ("add", "crowd", "10.0.0.0/8", "--my-address", "me"), "not an address", id="me"
        ),
    ],
)
def test_what_cannot_be_is_refused(staffed: Run, args: tuple[str, ...], said: str) -> None:
    done = staffed(*ADDRESSES, *args, "--yes")

    assert (done.code, said in done.err) == (2, True), done.err
    assert len(ranges(staffed)) == 2
