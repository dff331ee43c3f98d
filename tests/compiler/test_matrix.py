"""One model for many targets: what words name, what is kept, what a failure stops."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.cells import cells
from sagectl.compiler.errors import RequestError
from sagectl.compiler.matrix import affordable, compile_matrix
from sagectl.compiler.request import Platform, compile_request
from sagectl.compiler.targets.rows import rows
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.compiler.matrix import Outcome


def test_words_name_all_platforms_all_processors_or_all_devices() -> None:
    served = [row for row in rows() if row["Status"] == "served"]

    assert len(cells(["all"])) == sum(row["Device"] is None for row in served)
    assert len(cells(["devices"])) == sum(row["Device"] is not None for row in served)
    assert all(cell.platform and not cell.platform.accelerator for cell in cells(["cpus"]))


def test_a_file_names_a_target_a_line_with_options_and_remarks(tmp_path: Path) -> None:
    (file := tmp_path / "targets").write_text(
        '# boards\nml_c5\nLINUX_ARM64_NVIDIA {"gpu-code": "sm_87"}  # Orin\n\nml_c5\n'
    )

    device, board = cells([str(file)])

    assert device.device == "ml_c5"
    assert board.platform == Platform("LINUX", "ARM64", "NVIDIA")
    assert board.options == {"gpu-code": "sm_87"}


def test_one_target_with_other_options_twice_is_refused_for_one_package_would_be_lost(
    tmp_path: Path,
) -> None:
    name = "LINUX_ARM64_NVIDIA"
    (file := tmp_path / "targets").write_text(
        f'{name} {{"gpu-code": "sm_87"}}\n{name} {{"gpu-code": "sm_72"}}\n'
    )

    with pytest.raises(InputError, match="named twice") as caught:
        cells([str(file)])
    assert "sm_87" in caught.value.message
    assert "sm_72" in caught.value.message


def test_options_of_a_target_go_before_those_that_a_word_for_many_gives_it() -> None:
    found = {
        cell.name: cell for cell in cells(["all", 'LINUX_ARM64_NVIDIA {"gpu-code": "sm_87"}'])
    }
    assert found["LINUX_ARM64_NVIDIA"].options == {"gpu-code": "sm_87"}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("LINUX_ARM65", "'LINUX_ARM65' is no target"),
        ("LINUX_ARM64 {mcpu}", "are not JSON"),
        ('LINUX_ARM64 {"mcpu"', "are not JSON"),
        (" , ", "no targets are named"),
    ],
    ids=["unknown", "no-json", "cut-short", "empty"],
)
def test_words_that_name_no_target_are_refused(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        cells([word])
    assert "LINUX_ARM64" in (caught.value.hint or "")


def test_a_failing_target_stops_no_other_and_what_was_built_is_not_built_again(
    model: Path, tmp_path: Path
) -> None:
    asked = compile_request(model, output=tmp_path / "out", verify=False)
    targets = cells(["LINUX_X86_64,ml_c5,ml_inf1"])
    told: list[Outcome] = []

    first = compile_matrix(asked, targets, cache=tmp_path / "cache", report=told.append)
    again = compile_matrix(asked, targets, cache=tmp_path / "cache")

    assert [row.status for row in first] == ["built", "built", "refused"]
    assert {row.name for row in told} == {cell.name for cell in targets}
    assert "Neuron" in (first[2].reason or "")
    assert "only. Use --device ml_c5." in (first[2].reason or "")
    assert [row.status for row in again] == ["cached", "cached", "refused"]
    assert [row.digest for row in again] == [row.digest for row in first]


@pytest.mark.parametrize("damaged", ["package", "outcome"])
def test_what_was_damaged_in_the_cache_is_built_again(
    model: Path, tmp_path: Path, damaged: str
) -> None:
    request = compile_request(model, output=tmp_path / "out", verify=False)
    chosen = cells(["LINUX_ARM64"])
    (first,) = compile_matrix(request, chosen, cache=tmp_path / "cache", workers=1)
    pattern = "*.tar.gz" if damaged == "package" else "outcome.json"
    (kept,) = (tmp_path / "cache").rglob(pattern)
    kept.write_bytes(b"[]")

    (again,) = compile_matrix(request, chosen, cache=tmp_path / "cache", workers=1)

    assert (again.status, again.digest) == ("built", first.digest)


def test_a_package_that_cannot_be_put_where_it_is_asked_fails_for_that_reason(
    model: Path, tmp_path: Path
) -> None:
    request = compile_request(model, output=tmp_path / "out", verify=False)
    (tmp_path / "out/small-LINUX_ARM64.tar.gz").mkdir(parents=True)

    for _ in ("built", "cached"):
        (row,) = compile_matrix(
            request, cells(["LINUX_ARM64"]), cache=tmp_path / "cache", workers=1
        )
        assert row.status == "failed"
        assert "cannot be written: Is a directory" in str(row.reason)
        assert [path.name for path in (tmp_path / "out").iterdir()] == [
            "small-LINUX_ARM64.tar.gz"
        ]


def test_an_output_that_is_a_file_is_refused_before_anything_is_compiled(
    model: Path, tmp_path: Path
) -> None:
    request = compile_request(model, output=model, verify=False)

    with pytest.raises(RequestError, match="cannot be used"):
        compile_matrix(request, cells(["LINUX_ARM64"]), cache=tmp_path / "cache")


def test_a_model_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    request = compile_request(tmp_path / "pipe.onnx", output=tmp_path / "out")

    with pytest.raises(RequestError, match="is no plain file"):
        compile_model(request)
    with pytest.raises(InputError, match="is no plain file"):
        compile_matrix(request, cells(["LINUX_ARM64"]), cache=tmp_path / "cache")


def test_another_shape_is_another_package(model: Path, tmp_path: Path) -> None:
    targets = cells(["LINUX_X86_64"])
    for sizes, status in (((1, 4), "built"), ((1, 4), "cached"), (None, "built")):
        asked = compile_request(
            model,
            output=tmp_path / "out",
            inputs={"side": sizes} if sizes else {},
            verify=False,
        )
        (outcome,) = compile_matrix(asked, targets, cache=tmp_path / "cache")
        assert outcome.status == status


def test_a_model_too_large_for_memory_is_compiled_alone(tmp_path: Path) -> None:
    with (large := tmp_path / "large.onnx").open("wb") as file:
        file.truncate(1 << 40)
    assert affordable(large) == 1


def test_a_process_of_the_pool_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    inner = (
        "import time; from sagectl.compiler.matrix import end_with; import os; "
        "end_with(os.getppid()); print(os.getpid(), flush=True); time.sleep(60)"
    )
    outer = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}]).wait()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    started = subprocess.Popen(
        [sys.executable, "-c", outer], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    child = int(started.stdout.readline())

    started.kill()
    started.wait()

    until = time.monotonic() + 30
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}/stat").exists()
    started.stdout.close()
