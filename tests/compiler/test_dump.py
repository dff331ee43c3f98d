from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request

if TYPE_CHECKING:
    from pathlib import Path


def dumped(model: Path, folder: Path, dump: Path) -> dict[str, str]:
    request = compile_request(model, output=folder, dump=dump, verify=False)
    compile_model(request)
    return {path.name: path.read_text() for path in sorted(dump.iterdir())}


def test_each_phase_is_a_file_and_the_same_each_time(model: Path, tmp_path: Path) -> None:
    first = dumped(model, tmp_path, tmp_path / "first")

    assert first == dumped(model, tmp_path, tmp_path / "second")
    names = list(first)
    assert names[0] == "000-imported.tvm"
    assert [name[:3] for name in names] == [f"{place:03}" for place in range(len(names))]
    for part in ("layout-layout-blocked", "fuse-fusetir", "scheduled", "rules", "llvm"):
        assert any(part in name for name in names), part
    assembly = next(text for name, text in first.items() if name.endswith(".s"))
    assert "vfmadd" in assembly or "fmla" in assembly or "mulps" in assembly


def test_a_dump_says_which_rule_served_and_why_others_declined(
    model: Path, tmp_path: Path
) -> None:
    files = dumped(model, tmp_path, tmp_path / "dump")
    rules = next(text for name, text in files.items() if name.endswith("rules.txt"))
    lines = rules.splitlines()

    (convolution,) = [line for line in lines if line.startswith("fused_conv2d")]
    assert convolution.endswith(": convolution")
    after = lines[lines.index(convolution) + 1]
    assert after == "    winograd declined: it has no block 'winograd_result'"
    assert "no reason given" not in rules


def test_an_earlier_dump_goes_and_other_files_stay(model: Path, tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "999-old.tvm").write_text("old")
    (dump / "notes.txt").write_text("mine")

    files = dumped(model, tmp_path, dump)

    assert "999-old.tvm" not in files
    assert files["notes.txt"] == "mine"


def test_a_place_that_is_no_folder_is_said(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RequestError, match="cannot be used for a dump"):
        dumped(model, tmp_path, tmp_path / "file")
