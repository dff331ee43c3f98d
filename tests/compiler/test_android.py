"""The oldest Android that a library runs on, as measured from the library."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.android import FIRST_LEVEL, checked_level
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from pathlib import Path


def library(folder: Path, source: str, *flags: str) -> Path:
    (folder / "x.c").write_text(source)
    command = ["cc", "-shared", "-fPIC", "-nostdlib", *flags, "-o", "x.so", "x.c"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "x.so"


BOTH = "-Wl,--hash-style=both"
GNU = "-Wl,--hash-style=gnu"


@pytest.mark.parametrize(
    ("source", "hashes", "level"),
    [
        ("float expf(float); float f(float x) { return expf(x); }", BOTH, FIRST_LEVEL),
        ("int f(void) { return 1; }", GNU, 23),
        ("__thread int x; int f(void) { return x; }", BOTH, 29),
    ],
    ids=["mathematics", "gnu-hash-alone", "thread-local"],
)
def test_the_level_follows_from_what_the_library_asks_of_the_system(
    tmp_path: Path, source: str, hashes: str, level: int
) -> None:
    assert checked_level(library(tmp_path, source, hashes), None) == level


def test_symbols_that_are_not_known_take_the_level_that_was_linked_for(tmp_path: Path) -> None:
    made = library(tmp_path, "int getrandom(); int f(void) { return getrandom(); }", BOTH)

    assert checked_level(made, None) == 28
    assert checked_level(made, 29) == 29


def test_a_library_that_needs_more_than_was_promised_is_refused(tmp_path: Path) -> None:
    made = library(tmp_path, "__thread int x; int f(void) { return x; }", BOTH)

    with pytest.raises(CompileError, match="needs API level 29") as caught:
        checked_level(made, 24)
    assert "ANDROID_PLATFORM 29" in (caught.value.hint or "")
