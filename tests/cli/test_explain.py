"""``sagectl explain`` and ``sagectl schema``: what manifests may say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import yaml

from sagectl.catalog.kinds import KINDS
from tests.support.manifests import JOB, TEAM, WORKFORCE

if TYPE_CHECKING:
    from tests.conftest import Run

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))


def test_a_kind_is_explained_with_its_fields_and_rules(run: Run) -> None:
    shown = run("explain", "compilationjob")

    assert shown.code == 0
    assert "OutputConfig  mapping, required" in shown.out
    assert "compile.nvidia-options" in shown.out


def test_a_field_is_explained_with_its_limits_and_source(run: Run) -> None:
    shown = run("explain", "CompilationJob.spec.OutputConfig.TargetPlatform")

    assert "one of: ANDROID, LINUX" in shown.out
    assert "API_OutputConfig.html" in shown.out


def test_value_forms_and_defaults_are_told(run: Run) -> None:
    assert "{upload: PATH}" in run("explain", "CompilationJob.InputConfig").out
    assert "{env: NAME}" in run("explain", "Workforce.OidcConfig").out
    assert "{ref: Workforce/NAME}" in run("explain", "Workteam").out
    assert (
        "default: The default value is 1000"
        in run("explain", "LabelingJob.HumanTaskConfig").out
    )


def test_an_explanation_is_data_too(run: Run) -> None:
    shown = json.loads(run("explain", "Workteam.MemberDefinitions", "-o", "json").out)

    assert shown["Type"] == "list of mappings"
    assert [field["Path"] for field in shown["Fields"]] == [
        "spec.MemberDefinitions[].CognitoMemberDefinition",
        "spec.MemberDefinitions[].OidcMemberDefinition",
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param("Worktem", "Did you mean 'Workteam'?", id="kind"),
        pytest.param("Workteam.Descripton", "Did you mean 'Description'?", id="field"),
        pytest.param("Workteam.Description.Deeper", "has no field", id="leaf"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(run: Run, words: str, hint: str) -> None:
    refused = run("explain", words)

    assert refused.code == 2
    assert hint in refused.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_skeleton_has_only_fields_that_exist(run: Run, tmp_path: Path, kind: str) -> None:
    """Also when every comment is taken away: what it leaves out then clashes, no more."""
    skeleton = run("explain", kind, "--skeleton").out
    full = tmp_path / "full.yaml"
    full.write_text(re.sub(r"^# ", "", skeleton, flags=re.MULTILINE), encoding="utf-8")

    refused = json.loads(run("--local", "validate", "-f", str(full), "-o", "json").err)
    rules = {finding["rule"] for finding in refused["error"]["findings"]}
    assert rules.isdisjoint({"schema.unknown", "schema.type", "manifest.unknown-key"})
    assert not any(rule.startswith("yaml") for rule in rules)


@pytest.mark.parametrize("kind", ["Workteam", "CompilationJob", "Workforce"])
def test_a_skeleton_is_valid_as_it_is(run: Run, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "skeleton.yaml"
    path.write_text(run("explain", kind, "--skeleton").out, encoding="utf-8")

    checked = run("--local", "validate", "-f", str(path))
    assert checked.code == 0, checked.err


class Judge(Protocol):
    def __call__(self, *documents: Any) -> bool: ...


@pytest.fixture
def judged(run: Run, tmp_path: Path) -> Judge:
    """Whether check-jsonschema, which editors agree with, takes all of some documents."""
    schema = tmp_path / "schema.json"
    schema.write_text(run("schema").out, encoding="utf-8")

    def judge(*documents: Any) -> bool:
        paths = [tmp_path / f"document-{index}.json" for index in range(len(documents))]
        for path, document in zip(paths, documents, strict=True):
            path.write_text(json.dumps(document), encoding="utf-8")
        command = ["check_jsonschema", "--schemafile", str(schema), *map(str, paths)]
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0

    return judge


def test_the_schema_is_one(run: Run, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(run("schema").out, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(schema)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_schema_takes_what_we_take(judged: Judge) -> None:
    documents = [
        item
        for path in EXAMPLES
        for item in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if item and "kind" in item
    ]
    documents += [yaml.safe_load(text) for text in (JOB, TEAM, WORKFORCE)]
    kinds = {document["kind"] for document in documents}

    assert {"CompilationJob", "Workteam", "Workforce"} <= kinds
    assert judged(*documents)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(("ONNX", "ONNY"), id="a-choice"),
        pytest.param(("Framework:", "Framewok:"), id="an-unknown-field"),
        pytest.param(("MaxRuntimeInSeconds: 900", "MaxRuntimeInSeconds: soon"), id="a-type"),
        pytest.param(("kind: CompilationJob", "kind: Compilation"), id="a-kind"),
        pytest.param(("arn:aws:iam::123456789012:role/compiler", "compiler"), id="a-pattern"),
    ],
)
def test_the_schema_refuses_what_we_refuse(judged: Judge, changed: tuple[str, str]) -> None:
    assert not judged(yaml.safe_load(JOB.replace(*changed)))
