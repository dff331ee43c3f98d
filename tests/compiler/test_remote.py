"""Packages measured through TVM's RPC server in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.remote import bench_remotely, place
from sagectl.compiler.request import Platform, compile_request
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.packaging import Package


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from tvm import rpc

    started = rpc.Server("127.0.0.1", 9300, 9399, silent=True)
    yield f"127.0.0.1:{started.port}"
    started.terminate()


def test_a_package_is_measured_and_compared_where_the_server_runs(
    package: Package, model: Path, server: str
) -> None:
    found = bench_remotely(package.path, place(server), model=model, runs=3)

    (row,) = found["Engines"]
    assert row["runs"] == 3
    assert 0 < row["fastest_ms"] <= row["p50_ms"] <= row["p99_ms"]
    assert found["Passed"]
    assert [each["output"] for each in found["Outputs"]] == ["scores", "features/relu"]


def test_weights_beside_are_sent_too(model: Path, server: str, tmp_path: Path) -> None:
    asked = compile_request(model, output=tmp_path, params="beside", verify=False)

    found = bench_remotely(compile_model(asked).path, place(server), model=model, runs=1)

    assert found["Passed"]


def test_inputs_are_held_against_the_model_first(package: Package, server: str) -> None:
    wrong = {"side": np.ones((1, 4))}

    with pytest.raises(InputError, match="has type float64, not float32"):
        bench_remotely(package.path, place(server), data=wrong)


def test_a_package_for_another_machine_is_refused_by_the_board(
    model: Path, server: str, tmp_path: Path
) -> None:
    asked = compile_request(model, output=tmp_path, platform=Platform("LINUX", "X86"))

    with pytest.raises(InputError, match="cannot run the package"):
        bench_remotely(compile_model(asked).path, place(server))


def test_where_no_server_listens_the_command_that_starts_one_is_said(package: Package) -> None:
    with pytest.raises(InputError, match="No RPC server answers at 127") as caught:
        bench_remotely(package.path, place("127.0.0.1:9"))
    assert "tvm.exec.rpc_server" in (caught.value.hint or "")
    assert "pip install apache-tvm cloudpickle" in (caught.value.hint or "")


@pytest.mark.targets
def test_a_tracker_chooses_the_board(package: Package, model: Path) -> None:
    from tvm import rpc
    from tvm.rpc.tracker import Tracker

    tracker = Tracker("127.0.0.1", 9400, 9499, silent=True)
    board = rpc.Server(
        "127.0.0.1", 9500, 9599, key="pi", tracker_addr=("127.0.0.1", tracker.port), silent=True
    )
    try:
        word = f"127.0.0.1:{tracker.port},tracker,pi"
        assert bench_remotely(package.path, place(word), model=model, runs=1)["Passed"]
    finally:
        board.terminate()
        tracker.terminate()


@pytest.mark.parametrize(
    "word",
    ["board", "board:", ":9090", "board:0", "board:99999", "board:1,pi", "board:1,tracker,"],
    ids=["no-port", "empty", "no-host", "zero", "large", "no-tracker", "no-key"],
)
def test_what_names_no_server_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="names no"):
        place(word)


def test_a_tracker_is_named_with_its_key() -> None:
    assert str(place("10.0.0.1:9190,tracker,rpi4")) == "rpi4 of 10.0.0.1:9190"
    assert place("[::1]:9090").host == "::1"
