from __future__ import annotations

import sys
import time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import numpy_helper, parser, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.bench import bench
from sagectl.compiler.bench.peak import peak
from sagectl.compiler.bench.results import measurement, verdict
from sagectl.compiler.bench.timing import WARM_UP, interleaved
from sagectl.compiler.request import compile_request
from sagectl.compiler.verify import compared
from sagectl.errors import InputError, MissingExtraError
from sagectl.render.bench_page import page

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from sagectl.compiler.bench import Benchmark
    from sagectl.compiler.packaging import Package


@pytest.fixture(scope="module")
def found(package: Package, model: Path) -> Benchmark:
    return bench(
        package.path, model, threads=(1, 2), runs=5, with_memory=True, with_profile=True
    )


def test_all_engines_are_measured_in_one_run(found: Benchmark) -> None:
    ours, theirs, *_ = found.rows

    assert [row.threads for row in found.rows] == [1, 1, 2, 2]
    assert (ours.engine, ours.runs) == ("sagectl", 5)
    assert theirs.engine.startswith("onnxruntime ")
    assert 0 < ours.fastest_ms <= ours.p50_ms <= ours.p90_ms <= ours.p99_ms
    assert len(ours.wall_samples) == len(ours.cpu_samples) == 5
    assert found.machine["Processor"]


def test_each_number_of_threads_has_a_verdict(found: Benchmark) -> None:
    assert [(each.threads, each.clock) for each in found.verdicts] == [(1, "cpu"), (2, "wall")]
    assert all(each.low <= each.ratio <= each.high for each in found.verdicts)
    assert found.ratio == max(each.ratio for each in found.verdicts)


def test_outputs_are_compared_in_the_same_run(found: Benchmark) -> None:
    (agreement,) = found.agreements

    assert agreement.passed
    assert {row.output for row in agreement.rows} == {"scores", "features/relu"}


@pytest.mark.parametrize(
    ("change", "differing"),
    [({"shift": 0.003}, []), ({"factor": 1.01}, ["fine"])],
    ids=["values-between-levels", "wrong"],
)
def test_answers_are_judged_as_verification_judges_them(
    tmp_path: Path, change: dict[str, float], differing: list[str]
) -> None:
    for name, given in (("compiled", {}), ("compared", change)):
        save(_partly_quantised(**given), tmp_path / f"{name}.onnx")
    made = compile_model(compile_request(tmp_path / "compiled.onnx", output=tmp_path))
    other = tmp_path / "compared.onnx"

    (agreement,) = bench(made.path, other, runs=1).agreements

    assert agreement.rows == compared(made.path, other).rows
    assert [row.output for row in agreement.rows if not row.passed] == differing


def _partly_quantised(shift: float = 0.0, factor: float = 1.0) -> ModelProto:
    """An output on levels 0.05 apart, of values moved by ``shift``, and one on none."""
    text = """< ir_version: 9, opset_import: ["": 17] >
        g (float[2,64] x, float s, uint8 zero, float shift, float factor) =>
            (float[2,64] rough, float[2,64] fine) {
          moved = Add(x, shift) q = QuantizeLinear(moved, s, zero)
          rough = DequantizeLinear(q, s, zero) fine = Mul(x, factor) }"""
    model = parser.parse_model(text)
    values = {"s": 0.05, "shift": shift, "factor": factor}
    held = {name: np.array(value, np.float32) for name, value in values.items()}
    for name, value in {**held, "zero": np.array(128, np.uint8)}.items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    return model


def test_an_engine_of_several_threads_rests_until_those_of_the_other_sleep() -> None:
    calls: list[tuple[str, float, float]] = []

    def engine(name: str) -> None:
        began = time.monotonic()
        time.sleep(0.002)
        calls.append((name, began, time.monotonic()))

    engines = {name: partial(engine, name) for name in ("ours", "theirs")}
    rows = interleaved(engines, threads=2, runs=4)

    # What engines keep awake they keep awake for 45 ms at most.
    turns = pairwise(calls[2 * WARM_UP :])
    rests = [now[1] - last[2] for last, now in turns if now[0] != last[0]]
    assert len(rests) == 7
    assert min(rests) > 0.045
    # One run of each turn wakes the threads and does not count.
    assert [row.runs for row in rows] == [4, 4]
    assert len(calls) == 2 * (WARM_UP + 4 + 4)


def test_an_engine_of_one_thread_needs_no_rest() -> None:
    began = time.monotonic()

    interleaved({name: lambda: time.sleep(0.001) for name in ("a", "b")}, threads=1, runs=4)

    assert time.monotonic() - began < 0.1


def test_memory_is_that_of_processes_of_their_own(found: Benchmark) -> None:
    ours, theirs = found.memory

    assert ours.engine == "sagectl"
    assert 0 < ours.own_bytes < ours.peak_bytes
    assert found.memory_ratio == ours.peak_bytes / theirs.peak_bytes


def test_a_package_tells_its_calls_and_what_planning_knows(package: Package) -> None:
    ours = package.meta["Sagectl"]

    # 8 x 3 x 3 x 3 weights at least, and one image of 8 channels to work on.
    assert ours["Memory"]["WeightsBytes"] >= 4 * 8 * 27
    assert ours["Memory"]["WorkingBytes"] >= 4 * 8 * 12 * 12
    assert any("conv2d" in row["Function"] and row["Flops"] for row in ours["Operators"])


def test_a_profile_names_the_nodes_of_the_model(found: Benchmark) -> None:
    assert found.profile is not None
    rows = found.profile["Operators"]
    nodes = [node.split(" ")[0] for row in rows for node in row["nodes"]]

    assert {"Conv", "Relu", "GlobalAveragePool", "Gemm"} <= set(nodes)
    assert len(nodes) == len({node for row in rows for node in row["nodes"]})
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    convolution = next(row for row in rows if "Conv" in str(row["nodes"]))
    # 12 x 12 pixels of 8 channels, each of 27 products and as many sums.
    assert convolution["flops"] >= 2 * 27 * 8 * 12 * 12
    assert convolution["gflops"] == pytest.approx(
        convolution["flops"] / convolution["ms"] / 1e6
    )


def test_the_peak_of_this_machine_is_plausible() -> None:
    assert 1 < peak().gflops < 1000
    assert 0.1 < peak().gbps < 1000


def test_a_page_needs_nothing_and_is_the_same_each_time(found: Benchmark) -> None:
    described = found.as_dict()
    text = page(described)

    assert text == page(described)
    assert text.count("<svg") == text.count("</svg>") == 5
    assert "http" not in text
    assert "<script" not in text


def test_a_page_without_comparison_still_shows_times(package: Package) -> None:
    text = page(bench(package.path, runs=2).as_dict())

    assert "Latency" in text
    assert "Roofline" not in text


def test_a_ratio_comes_with_an_interval_that_is_the_same_each_time() -> None:
    ours = measurement("sagectl", 1, 1, [1.0] * 9, [1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0, 1, 1])
    theirs = measurement("other", 1, 1, [2.0] * 9, [2.0, 2.1, 1.9, 2.0, 2.2, 1.8, 2.0, 2, 2])

    made = verdict(ours, theirs)

    assert made == verdict(ours, theirs)
    assert made.ratio == pytest.approx(0.5)
    assert 0.4 < made.low <= 0.5 <= made.high < 0.6


def test_a_package_alone_has_no_ratio(package: Package) -> None:
    assert bench(package.path, runs=2).ratio is None


def test_what_is_no_package_is_said(model: Path) -> None:
    with pytest.raises(InputError, match="not a package"):
        bench(model)


def test_another_model_is_said(package: Package, tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    names = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("a", "b", "c")
    ]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["c"])], "sum", names[:2], names[2:]
    )
    opset = helper.make_opsetid("", 17)
    path = tmp_path / "sum.onnx"
    save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)

    with pytest.raises(InputError, match=r"other inputs or outputs|cannot run the model"):
        bench(package.path, path, runs=1)


def test_a_package_for_another_machine_is_said(model: Path, tmp_path: Path) -> None:
    from sagectl.compiler.request import Platform

    request = compile_request(model, output=tmp_path, platform=Platform("LINUX", "ARM64"))
    made: Any = compile_model(request)

    with pytest.raises(InputError, match="ARM64"):
        bench(made.path, runs=1)


def test_an_engine_that_is_not_installed_is_named_with_the_command(
    package: Package, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What importlib finds where a package is not installed.
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    monkeypatch.delitem(sys.modules, "openvino", raising=False)

    with pytest.raises(MissingExtraError) as caught:
        bench(package.path, model, against=("openvino",))

    assert caught.value.hint == "Run: pip install 'sagectl[bench]'"


def test_openvino_takes_its_turns(package: Package, model: Path) -> None:
    pytest.importorskip("openvino", reason="needs pip install 'sagectl[bench]'")

    found = bench(package.path, model, against=("onnxruntime", "openvino"), runs=2)

    assert [row.engine.split(" ")[0] for row in found.rows] == [
        "sagectl",
        "onnxruntime",
        "openvino",
    ]
    assert all(each.passed for each in found.agreements)
