"""Names that were told, and for how long they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.gateway.names import LASTS_SECONDS, MOST, Names

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0


def names(cache: Path, now: float = NOW) -> Names:
    return Names(cache, ("profile", None), now)


def listed(*teams: str, token: str | None = None) -> dict[str, Any]:
    rows = {"Workteams": [{"WorkteamName": name} for name in teams]}
    return {**rows, "NextToken": token} if token else rows


def test_names_are_forgotten_after_a_while(tmp_path: Path) -> None:
    told = names(tmp_path)
    told.hear("ListWorkteams", {"MaxResults": 100}, listed("b", "a"))
    told.save()

    assert names(tmp_path, NOW + LASTS_SECONDS - 1).known(WORKTEAM_KIND) == ["b", "a"]
    assert names(tmp_path, NOW + LASTS_SECONDS).known(WORKTEAM_KIND) == []
    assert names(tmp_path, NOW - 1).known(WORKTEAM_KIND) == []


def test_all_pages_of_a_list_are_one(tmp_path: Path) -> None:
    told = names(tmp_path)
    told.hear("ListWorkteams", {"MaxResults": 1}, listed("a", token="t"))
    told.hear("ListWorkteams", {"MaxResults": 1, "NextToken": "t"}, listed("b"))
    told.save()

    assert names(tmp_path).known(WORKTEAM_KIND) == ["a", "b"]


@pytest.mark.parametrize(
    ("params", "left"),
    [
        pytest.param({}, ["b"], id="whole"),
        pytest.param({"NameContains": "b"}, ["b", "a"], id="filtered"),
    ],
)
def test_only_a_whole_list_drops_what_it_does_not_tell(
    tmp_path: Path, params: dict[str, str], left: list[str]
) -> None:
    for query, found in (({}, "a"), (params, "b")):
        told = names(tmp_path)
        told.hear("ListWorkteams", query, listed(found))
        told.save()

    assert names(tmp_path).known(WORKTEAM_KIND) == left


def test_of_very_many_names_a_part_is_kept(tmp_path: Path) -> None:
    told = names(tmp_path)
    told.hear("ListWorkteams", {}, listed(*(f"team-{number}" for number in range(2 * MOST))))
    told.save()

    assert len(names(tmp_path).known(WORKTEAM_KIND)) == MOST


def test_a_damaged_or_unwritable_cache_is_done_without(tmp_path: Path) -> None:
    told = names(tmp_path)
    told.hear("CreateWorkteam", {"WorkteamName": "a"}, {})
    told.save()
    (file,) = tmp_path.rglob("*.json")
    file.write_text("{")
    assert names(tmp_path).known(WORKTEAM_KIND) == []

    (tmp_path / "file").touch()
    blocked = names(tmp_path / "file")
    blocked.hear("CreateWorkteam", {"WorkteamName": "a"}, {})
    blocked.save()
    assert blocked.known(WORKTEAM_KIND) == []
