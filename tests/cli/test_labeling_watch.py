"""Labeling jobs watched from the shell: by people, and by programs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sagectl.render.console import Console
from sagectl.render.labeling_view import Watched, watch_table
from sagectl.settings import Home, Settings
from tests.cli.test_labeling import answers, pets  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from tests.conftest import Run

ALL = ((0, "ann", "cat"), (1, "ann", "dog"), (0, "bob", "cat"), (1, "bob", "cat"))
COUNTERS = {
    "TotalLabeled": 1200,
    "HumanLabeled": 1000,
    "MachineLabeled": 200,
    "FailedNonRetryableError": 3,
    "Unlabeled": 4797,
}


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_watch_tells_a_program_of_each_change_as_a_wait_does(
    local: Run,
    pets: Path,  # noqa: F811
    form: str,
) -> None:
    found = local("labeling", "watch", "--once", "-o", form)
    [line] = found.out.splitlines()
    event = json.loads(line)
    assert event.pop("counters")["Unlabeled"] == 2
    assert event.pop("seconds") >= 0
    assert event == {
        "event": "status",
        "label": "labelingjob/pets",
        "status": "InProgress",
        "final": False,
    }
    answers(pets, *ALL)
    local("local", "annotate", "pets", "answers.jsonl", "--yes")
    waited = local("labeling", "wait", "pets", "--progress", "json")
    watched = local("labeling", "watch", "pets", "-o", form)
    told, seen = json.loads(waited.err.splitlines()[-1]), json.loads(watched.out)
    assert {**seen, "seconds": 0} == {**told, "seconds": 0, "counters": seen["counters"]}


def test_watch_answers_a_query_and_prints_names(local: Run, pets: Path) -> None:  # noqa: F811
    found = local("labeling", "watch", "--once", "--query", "counters.Unlabeled")
    assert found.out == "2\n"
    assert local("labeling", "watch", "--once", "-o", "name").out == "labelingjob/pets\n"


def test_watch_refuses_yaml_before_it_looks(local: Run, pets: Path) -> None:  # noqa: F811
    found = local("labeling", "watch", "-o", "yaml")
    assert (found.code, found.out) == (2, "")
    assert "which YAML cannot" in found.err


def drawn(width: int, *jobs: Watched) -> list[str]:
    out = io.StringIO()
    settings = Settings(Home(Path("/c"), Path("/s"), Path("/h")), color="never")
    console = Console(out, io.StringIO(), settings, environ={}, width=width)
    console.rich().print(watch_table(jobs, console))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("name", ["pets", "chest-x-rays-of-the-northern-site-of-2020"])
@pytest.mark.parametrize(
    ("width", "seen", "spared"),
    [
        pytest.param(40, {"STATUS", "LEFT", "4797", "20%"}, {"HUMAN", "COST"}, id="phone"),
        pytest.param(80, {"STATUS", "LEFT", "TO GO", "$36.00"}, {"█"}, id="terminal"),
        pytest.param(160, {"LEFT", "TO GO", "$36.00", "HUMAN", "█"}, set(), id="wide"),
    ],
)
def test_a_narrow_terminal_spares_columns_rather_than_cutting_them(
    width: int, seen: set[str], spared: set[str], name: str
) -> None:
    heading, row = drawn(width, Watched(name, "InProgress", COUNTERS, 0.5, 36.0))
    assert len(heading.rstrip()) <= width
    assert len(row.rstrip()) <= width
    both = heading + row
    assert {word for word in seen if word not in both} == set()
    assert {word for word in spared if word in both} == set()
    assert row.startswith(name[:7])
    assert row.count("…") == (len(name) > 20 and "…" in row)
