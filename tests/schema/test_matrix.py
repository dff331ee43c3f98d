"""Documents with a matrix: what they expand to, and what is said of those that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.manifest.reader import Draft, read_drafts
from sagectl.schema.documents import read_documents

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.document import Document
    from sagectl.schema.model import ServiceModel

HEAD = "kind: CompilationJob\nname: {name}\n"
SPEC = """\
spec:
  RoleArn: arn:aws:iam::123456789012:role/compiler
  InputConfig:
    S3Uri: s3://models/${model}.tar.gz
    Framework: ONNX
    DataInputConfig: {image: [1, 64]}
  OutputConfig:
    S3OutputLocation: s3://models/compiled
  StoppingCondition: {MaxRuntimeInSeconds: 900}
"""
MATRIX = """\
matrix:
  model: [digits, faces]
  board:
    - {name: ml_c5, spec: {OutputConfig: {TargetDevice: ml_c5}}}
    - {name: arm, spec: {OutputConfig: {TargetPlatform: {Os: LINUX, Arch: ARM64}}}}
"""


def written(tmp_path: Path, matrix: str, name: str = "${model}-${board}") -> Path:
    path = tmp_path / "jobs.yaml"
    path.write_text(HEAD.format(name=name) + matrix + SPEC, encoding="utf-8")
    return path


def made(path: Path, model: ServiceModel) -> dict[str, Document]:
    read = read_documents([path], model=model)
    assert read.findings == ()
    return {document.name: document for document in read.documents}


def found(path: Path, model: ServiceModel) -> list[Diagnostic]:
    read = read_documents([path], model=model)
    assert read.documents == ()
    return list(read.findings)


def test_every_combination_becomes_a_document(tmp_path: Path, model: ServiceModel) -> None:
    documents = made(written(tmp_path, MATRIX), model)

    assert list(documents) == ["digits-ml-c5", "digits-arm", "faces-ml-c5", "faces-arm"]
    assert documents["faces-arm"].spec["InputConfig"]["S3Uri"] == "s3://models/faces.tar.gz"
    assert documents["faces-arm"].spec["OutputConfig"] == {
        "S3OutputLocation": "s3://models/compiled",
        "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64"},
    }
    assert documents["digits-ml-c5"].spec["OutputConfig"]["TargetDevice"] == "ml_c5"


def test_what_is_excluded_is_not_made_and_what_is_included_is(
    tmp_path: Path, model: ServiceModel
) -> None:
    rest = "  exclude:\n    - {model: faces, board: arm}\n"
    rest += "  include:\n    - {model: cats, board: arm}\n"

    documents = made(written(tmp_path, MATRIX + rest), model)

    assert list(documents) == ["digits-ml-c5", "digits-arm", "faces-ml-c5", "cats-arm"]
    assert "TargetPlatform" in documents["cats-arm"].spec["OutputConfig"]


def test_a_matrix_may_only_include(tmp_path: Path, model: ServiceModel) -> None:
    row = "{model: cats, board: {name: arm, spec: {OutputConfig: {TargetDevice: rk3399}}}}"

    documents = made(written(tmp_path, f"matrix:\n  include:\n    - {row}\n"), model)

    assert list(documents) == ["cats-arm"]


def test_a_whole_value_may_be_a_mapping_of_the_matrix(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "kind: CompilationJob\nname: a-${b}\n"
        "matrix:\n  b: [{name: one, platform: {Os: LINUX}, text: 5}]\n"
        "spec:\n  OutputConfig:\n    TargetPlatform: ${b.platform}\n    Plain: ${b.text}\n"
        '    Quoted: "${b.text}"\n    Escaped: $${b}\n',
        encoding="utf-8",
    )
    draft = next(iter(read_drafts([path])))
    assert isinstance(draft, Draft)
    output = draft.spec.value[0][1]
    nodes = {key.value: value for key, value in output.value}

    assert nodes["TargetPlatform"].id == "mapping"
    assert nodes["TargetPlatform"].start_mark.line == 3  # where the matrix has it
    assert (nodes["Plain"].value, nodes["Plain"].style or "") == ("5", "")
    assert nodes["Quoted"].style == '"'
    assert nodes["Escaped"].value == "${b}"


def test_tags_and_the_region_are_filled_in_too(tmp_path: Path, model: ServiceModel) -> None:
    path = tmp_path / "teams.yaml"
    path.write_text(
        "kind: Workteam\nname: readers\nregion: ${place}\ntags: {home: '${place}'}\n"
        "matrix: {place: [us-east-1, eu-west-1]}\n"
        "spec:\n  Description: Read in ${place}\n"
        "  MemberDefinitions: [{OidcMemberDefinition: {Groups: [doctors]}}]\n",
        encoding="utf-8",
    )
    read = read_documents([path], model=model)

    assert [document.region for document in read.documents] == ["us-east-1", "eu-west-1"]
    assert read.documents[1].tags == {"home": "eu-west-1"}
    assert read.documents[1].spec["Description"] == "Read in eu-west-1"


def test_a_finding_stands_in_the_matrix_and_names_the_combination(
    tmp_path: Path, model: ServiceModel
) -> None:
    path = written(tmp_path, MATRIX.replace("TargetDevice: ml_c5", "TargetDevice: ml_c55"))
    read = read_documents([path], model=model)

    [finding] = read.findings
    assert finding.span is not None
    assert finding.span.line == 6
    assert "(with model=digits, board=ml_c5 and 1 more)" in finding.summary
    assert len(read.documents) == 2


def test_a_finding_about_all_combinations_is_said_once(
    tmp_path: Path, model: ServiceModel
) -> None:
    path = written(tmp_path, MATRIX)
    path.write_text(path.read_text().replace("Framework: ONNX", "Framework: ONNY"))

    [finding] = found(path, model)

    assert "with" not in finding.summary
    assert finding.hint == "Did you mean 'ONNX'?"


def test_an_unknown_kind_is_said_once(tmp_path: Path, model: ServiceModel) -> None:
    path = written(tmp_path, MATRIX)
    path.write_text(path.read_text().replace("CompilationJob", "CompilationJo"))

    assert [finding.rule for finding in found(path, model)] == ["manifest.kind"]


def test_two_combinations_of_one_name_are_told(tmp_path: Path, model: ServiceModel) -> None:
    [finding] = found(written(tmp_path, MATRIX, "job-${model}"), model)

    assert finding.summary == (
        "'job-digits' is made by model=digits, board=ml_c5, by model=digits, board=arm"
    )
    assert "${model}-${board}" in str(finding.hint)


def test_a_limit_keeps_a_slip_from_making_hundreds(tmp_path: Path, model: ServiceModel) -> None:
    [finding] = found(written(tmp_path, MATRIX + "  limit: 3\n"), model)

    assert finding.summary == "makes 4 documents, and the limit is 3"
    assert finding.rule == "matrix.limit"


def test_a_product_beyond_reason_is_never_made(tmp_path: Path, model: ServiceModel) -> None:
    axes = "".join(
        f"  a{axis}: [{', '.join(f'x{item}' for item in range(100))}]\n" for axis in range(6)
    )
    finding = found(written(tmp_path, f"matrix:\n  model: [a]\n{axes}"), model)[0]

    assert "1000000000000 documents" in finding.summary


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        pytest.param("matrix: 3\n", "must be a mapping with axes", id="a-number"),
        pytest.param("matrix: {}\n", "must be a mapping with axes", id="empty"),
        pytest.param("matrix: {limit: 3}\n", "has no axis", id="no-axis"),
        pytest.param("matrix: {model: digits}\n", "must be a list", id="axis-no-list"),
        pytest.param("matrix: {model: []}\n", "must be a list", id="axis-empty"),
        pytest.param("matrix: {model: [a, a]}\n", "in this axis twice", id="twice"),
        pytest.param("matrix: {model: [{spec: {}}]}\n", "has no name", id="no-name"),
        pytest.param("matrix: {model: [~]}\n", "has no name", id="null"),
        pytest.param("matrix: {model: [a], model: [b]}\n", "given twice", id="axis-twice"),
        pytest.param("matrix: {a b: [c]}\n", "cannot name an axis", id="axis-name"),
        pytest.param(MATRIX + "  limit: many\n", "must be a number", id="limit"),
        pytest.param(MATRIX + "  exclude: arm\n", "must be a list", id="exclude-text"),
        pytest.param(MATRIX + "  exclude: [arm]\n", "mapping of axes", id="exclude-word"),
        pytest.param(
            MATRIX + "  exclude: [{boad: arm}]\n", "'boad' is not an axis", id="exclude-axis"
        ),
        pytest.param(
            MATRIX + "  exclude: [{board: amr}]\n", "is not in the axis", id="exclude-item"
        ),
        pytest.param(
            MATRIX + "  exclude: [{board: arm}, {board: arm}]\n",
            "leaves out nothing",
            id="exclude-nothing",
        ),
        pytest.param(
            MATRIX + "  exclude: [{board: arm}, {board: ml_c5}]\n",
            "makes no document",
            id="exclude-everything",
        ),
        pytest.param(
            MATRIX + "  include: [{board: arm}]\n",
            "does not say which model",
            id="include-part",
        ),
        pytest.param(
            "matrix: {modl: [a], board: [b]}\n", "'model' is not an axis", id="template"
        ),
    ],
)
def test_what_is_wrong_with_a_matrix_is_said_at_its_place(
    tmp_path: Path, model: ServiceModel, matrix: str, said: str
) -> None:
    findings = found(written(tmp_path, matrix), model)

    assert said in findings[0].summary
    assert all(finding.span is not None for finding in findings)


def test_a_key_that_an_item_lacks_is_told(tmp_path: Path, model: ServiceModel) -> None:
    path = written(tmp_path, MATRIX, "${model.short}-${board}")

    [finding] = found(path, model)

    assert finding.summary == "digits, of the axis model, has no short"


def test_a_mapping_is_no_part_of_a_text(tmp_path: Path, model: ServiceModel) -> None:
    path = written(tmp_path, MATRIX, "${model}-${board.spec}")

    [finding] = found(path, model)

    assert "is not always text" in finding.summary
