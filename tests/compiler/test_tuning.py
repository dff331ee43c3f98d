from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends import frontend
from sagectl.compiler.packaging import described
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.request import compile_request
from sagectl.compiler.schedules import Decision, scheduled
from sagectl.compiler.targets import resolve
from sagectl.compiler.tuning import read_database, tune
from sagectl.compiler.tuning.candidates import Choice, applied, candidates
from sagectl.compiler.tuning.database import key_of, write_record
from sagectl.compiler.tuning.timing import contenders

if TYPE_CHECKING:
    from pathlib import Path

TARGET = resolve(None, None, {})


@pytest.fixture(scope="module")
def module(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small model, ready to be scheduled."""
    request = compile_request(model, output=tmp_path_factory.mktemp("unused"))
    return optimized(frontend("ONNX").load(request).module, TARGET)


@pytest.fixture(scope="module")
def convolution(module: Any) -> Any:
    from sagectl.compiler.schedules.narrow import narrowed

    name = next(name for name in module.get_global_vars() if "conv" in name.name_hint)
    return narrowed(module[name])


def record(func: Any, choice: Any) -> dict[str, Any]:
    return {"Key": key_of(func), "Operator": "conv2d", "Choice": choice.as_dict()}


def test_candidates_differ_and_come_in_an_order_of_the_seed(convolution: Any) -> None:
    def first(seed: int) -> list[Choice]:
        return [
            choice for choice, _ in islice(candidates(convolution, TARGET, Random(seed)), 3)
        ]

    made = first(1)
    assert len(set(made)) == len(made) == 3
    assert made == first(1)
    assert made[0].registers == TARGET.registers


def test_every_candidate_computes_the_same(convolution: Any) -> None:
    import numpy as np

    made = [func for _, func in islice(candidates(convolution, TARGET, Random(0)), 4)]
    rivals = contenders(made, TARGET)
    for each in rivals:
        each()

    for each in rivals[1:]:
        np.testing.assert_allclose(each.result(), rivals[0].result(), rtol=1e-4, atol=1e-5)


def test_a_key_forgets_names_and_knows_shapes(module: Any, convolution: Any) -> None:
    renamed = convolution.with_attr("global_symbol", "another_name")
    others = [
        func
        for name, func in module.functions_items()
        if name.name_hint != "main" and "conv" not in name.name_hint
    ]

    assert key_of(renamed) == key_of(convolution)
    assert key_of(convolution) not in map(key_of, others)


def test_a_key_is_the_same_in_another_process(module: Any, model: Path) -> None:
    keys = sorted(
        key_of(func) for name, func in module.functions_items() if name.name_hint != "main"
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from sagectl.compiler.frontends import frontend\n"
        "from sagectl.compiler.passes.pipeline import optimized\n"
        "from sagectl.compiler.request import compile_request\n"
        "from sagectl.compiler.targets import resolve\n"
        "from sagectl.compiler.tuning.database import key_of\n"
        "request = compile_request(Path(sys.argv[1]), output=Path())\n"
        "module = optimized(frontend('ONNX').load(request).module, resolve(None, None, {}))\n"
        "print(*sorted(key_of(f) for n, f in module.functions_items()"
        " if n.name_hint != 'main'))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True
    )

    assert ended.stdout.split() == keys


def test_a_record_is_used_and_all_else_is_scheduled_by_default(
    module: Any, convolution: Any, tmp_path: Path
) -> None:
    _, (choice, func) = islice(candidates(convolution, TARGET, Random(0)), 2)
    write_record(tmp_path, TARGET, record(convolution, choice))
    decisions: list[Decision] = []

    made = scheduled(
        module, TARGET, first=read_database(tmp_path, TARGET), note=decisions.append
    )

    rules = {each.function: each.rule for each in decisions}
    (tuned,) = [name for name, rule in rules.items() if rule == "tuned"]
    assert "conv" in tuned
    assert set(rules.values()) > {"tuned"}
    import tvm_ffi

    bare = made[made.get_global_var(tuned)].without_attr("global_symbol")
    assert tvm_ffi.structural_hash(bare.without_attr("tirx.is_scheduled")) == (
        tvm_ffi.structural_hash(func.without_attr("global_symbol"))
    )


def test_packages_from_a_database_are_verified_and_the_same_each_time(
    model: Path, convolution: Any, tmp_path: Path
) -> None:
    _, (choice, _) = islice(candidates(convolution, TARGET, Random(0)), 2)
    write_record(tmp_path / "db", TARGET, record(convolution, choice))

    made = [
        compile_model(
            compile_request(
                model, output=tmp_path / name, database=tmp_path / "db", verify=verify
            )
        )
        for name, verify in (("one", True), ("other", False))
    ]

    libraries = [described(each.path)["Files"]["compiled.so"]["Sha256"] for each in made]
    assert libraries[0] == libraries[1]
    assert made[0].meta["Sagectl"]["Verification"]["Result"] == "passed"


def test_databases_merge_by_being_copied(convolution: Any, tmp_path: Path) -> None:
    import shutil
    from dataclasses import replace

    choice, _ = next(candidates(convolution, TARGET, Random(0)))
    write_record(tmp_path / "mine", TARGET, record(convolution, choice))
    theirs = replace(TARGET, mcpu="skylake")
    write_record(tmp_path / "theirs", theirs, record(convolution, choice))

    shutil.copytree(tmp_path / "theirs", tmp_path / "mine", dirs_exist_ok=True)

    assert len(list((tmp_path / "mine").rglob("*.json"))) == 2
    assert read_database(tmp_path / "mine", theirs)(convolution, TARGET) is not None


def test_a_record_for_another_target_is_not_used(convolution: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    choice, _ = next(candidates(convolution, TARGET, Random(0)))
    write_record(tmp_path, replace(TARGET, mcpu="skylake"), record(convolution, choice))

    assert read_database(tmp_path, TARGET)(convolution, TARGET) is None


def test_a_damaged_record_is_named(convolution: Any, tmp_path: Path) -> None:
    choice, _ = next(candidates(convolution, TARGET, Random(0)))
    path = write_record(tmp_path, TARGET, record(convolution, choice))
    path.write_text(path.read_text()[:20])

    with pytest.raises(RequestError, match=r"\.json is no record of tuning"):
        read_database(tmp_path, TARGET)


def test_a_choice_whose_rule_is_no_more_gives_nothing(convolution: Any) -> None:
    from dataclasses import replace

    choice, _ = next(candidates(convolution, TARGET, Random(0)))

    assert applied(replace(choice, rule="of-yesterday"), convolution, TARGET) is None


def test_a_search_keeps_to_its_trials_and_to_what_wins(model: Path, tmp_path: Path) -> None:
    request = compile_request(model, output=tmp_path)

    found = tune(request, tmp_path / "db", trials=5, seconds=60, seed=3)

    assert 0 < sum(each.trials for each in found) <= 5
    assert [each.share for each in found] == sorted((e.share for e in found), reverse=True)
    kept = [json.loads(path.read_text()) for path in (tmp_path / "db").rglob("*.json")]
    assert len(kept) == sum(each.kept for each in found)
    assert all(each["BestMs"] < each["DefaultMs"] for each in kept)


def test_a_search_without_time_finds_nothing(model: Path, tmp_path: Path) -> None:
    assert tune(compile_request(model, output=tmp_path), tmp_path, trials=9, seconds=0) == []


@pytest.mark.load
def test_a_search_that_is_killed_leaves_a_database_that_works(
    model: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from sagectl.compiler.request import compile_request\n"
        "from sagectl.compiler.tuning import tune\n"
        "tune(compile_request(Path(sys.argv[1]), output=Path()), Path(sys.argv[2]),"
        " trials=500, seconds=60, report=lambda _: print('done', flush=True))\n"
    )
    database = tmp_path / "db"
    database.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(model), str(database)],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)

    read_database(database, TARGET)
    request = compile_request(model, output=tmp_path, database=database)
    assert compile_model(request).meta["Sagectl"]["Verification"]["Result"] == "passed"
