"""The pruned model: what it holds, how it is kept, and what happens when it cannot be."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sagectl.errors import InputError
from sagectl.schema.model import ServiceModel, service_model
from sagectl.schema.pruning import MANAGED, SEARCH

CREATE = "CreateCompilationJob"


@pytest.fixture(scope="module")
def installed() -> dict[str, dict[str, object]]:
    """The whole model, as botocore ships it."""
    spec = find_spec("botocore")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    [root] = spec.submodule_search_locations
    [file] = Path(root, "data", "sagemaker").glob("*/service-2.json*")
    full: dict[str, dict[str, object]] = json.loads(gzip.decompress(file.read_bytes()))
    return full


@pytest.mark.parametrize("name", MANAGED + SEARCH)
def test_every_operation_has_its_shapes_as_botocore_does(
    name: str, model: ServiceModel, installed: dict[str, dict[str, dict[str, dict[str, str]]]]
) -> None:
    raw = installed["operations"][name]
    operation = model.operation(name)
    assert operation.input_shape.name == raw["input"]["shape"]
    shape = installed["shapes"][raw["input"]["shape"]]
    assert list(operation.input_shape.members) == list(shape["members"])


def test_every_operation_on_our_kinds_is_known(
    installed: dict[str, dict[str, object]], model: ServiceModel
) -> None:
    words = ("Workforce", "Workteam", "CompilationJob", "LabelingJob")
    ours = {name for name in installed["operations"] if any(word in name for word in words)}
    assert ours <= set(MANAGED)
    assert all(name in model for name in ours)
    assert "CreateEndpoint" not in model


def test_a_shape_is_found_by_the_path_of_its_field(model: ServiceModel) -> None:
    shape = model.operation("CreateWorkteam").input_shape
    group = shape.at("MemberDefinitions[0].OidcMemberDefinition.Groups[2]")
    assert group is not None
    assert (group.name, group.max) == ("Group", 63)
    assert shape.at("MemberDefinitions[0].Nothing") is None


def test_shapes_may_contain_themselves(model: ServiceModel) -> None:
    shape = model.operation("Search").input_shape.at("SearchExpression.SubExpressions[0]")
    assert shape is not None
    assert shape.at("SubExpressions[0].Filters[0].Name") is not None


def test_documentation_is_kept_apart(model: ServiceModel) -> None:
    assert "tar" in model.documentation("InputConfig", "S3Uri")
    assert "documentation" not in model.operation(CREATE).input_shape.raw


def test_an_unknown_operation_is_refused_with_those_known(model: ServiceModel) -> None:
    with pytest.raises(InputError, match="CreateEndpoint") as caught:
        model.operation("CreateEndpoint")
    assert caught.value.hint is not None
    assert "CreateWorkteam" in caught.value.hint


def test_the_second_process_reads_what_the_first_kept(tmp_path: Path) -> None:
    service_model(tmp_path).operation(CREATE)
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    service_model(tmp_path).operation("Search")
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == kept
    assert len(kept) == 3


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data.replace(b"Workteam", b"Workbeam", 1), id="altered"),
        pytest.param(lambda data: os.urandom(100), id="noise"),
    ],
)
def test_a_damaged_cache_is_made_anew(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    service_model(tmp_path).operation(CREATE)
    for file in tmp_path.iterdir():
        file.write_bytes(damage(file.read_bytes()))
    assert "RoleArn" in service_model(tmp_path).operation(CREATE).input_shape.members
    assert "RoleArn" in service_model(tmp_path).operation(CREATE).input_shape.members


@pytest.mark.parametrize("obstacle", ["file", "missing-parent"])
def test_a_cache_that_takes_nothing_is_done_without(obstacle: str, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    cache = blocked if obstacle == "file" else blocked / "cache"
    assert service_model(cache).operation(CREATE).input_shape.required
    assert blocked.read_text() == "not a folder"


def test_processes_that_start_together_share_a_cache(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from sagectl.schema.model import service_model;"
        f"m = service_model(Path({str(tmp_path)!r})); print(len(m.operation('Search').name));"
        "sys.exit('botocore' in sys.modules)"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [start.communicate()[0].strip() for start in starts] == [b"6"] * 4
    assert [start.returncode for start in starts] == [0] * 4
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json"] * 3
