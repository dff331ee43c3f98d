"""The stages of a job, written and followed."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.stages import (
    STAGES,
    Stage,
    StageLog,
    job_directory,
    job_stages,
    make_job_directory,
)
from sagectl.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = ("123456789012", "us-east-1", "job")


def test_stages_are_followed_while_they_are_written(tmp_path: Path) -> None:
    ticks = count(1)
    log = StageLog(make_job_directory(tmp_path, *ADDRESS), lambda: float(next(ticks)))
    assert job_stages(tmp_path, *ADDRESS) == ()
    log.begin("import")
    assert job_stages(tmp_path, *ADDRESS) == (Stage("import", 1.0),)
    log.begin("link")
    log.end()
    log.end()
    assert job_stages(tmp_path, *ADDRESS) == (
        Stage("import", 1.0, 2.0),
        Stage("link", 3.0, 4.0),
    )


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    directory = make_job_directory(tmp_path, *ADDRESS)
    (directory / STAGES).write_text('{"name": "import", "started": 1.0}\n{"name": "li')
    assert job_stages(tmp_path, *ADDRESS) == (Stage("import", 1.0),)


def test_a_job_directory_never_makes_the_state_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_job_directory(tmp_path / "gone", *ADDRESS)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("part", ["..", "a/b", "", ".", "a\0"])
def test_an_address_cannot_leave_the_state_directory(tmp_path: Path, part: str) -> None:
    with pytest.raises(InputError):
        job_directory(tmp_path, "123456789012", part, "job")
