"""Manifests read by the shapes: values, and where every finding stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.diagnostics import Severity
from sagectl.manifest.document import Reference, Upload
from sagectl.schema.documents import read_documents
from sagectl.schema.request import create_request, update_request

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.schema.conftest import OnlyFinding, ReadText

JOB = """\
kind: CompilationJob
name: resnet
spec:
  RoleArn: arn:aws:iam::123456789012:role/compile
  InputConfig:
    S3Uri: s3://models/resnet/model.tar.gz
    DataInputConfig: {data: [1, 3, 224, 224]}
    Framework: PYTORCH
    FrameworkVersion: 1.10
  OutputConfig:
    S3OutputLocation: s3://models/out
    TargetDevice: ml_c5
  StoppingCondition:
    MaxRuntimeInSeconds: 900
"""
TEAM = """\
kind: Workteam
name: radiology
spec:
  Description: reads scans
  WorkforceName: {ref: Workforce/crowd}
  MemberDefinitions:
    - OidcMemberDefinition:
        Groups: [readers]
"""


def with_line(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_document_is_read_whole(read: ReadText) -> None:
    [document] = read(JOB).documents
    assert (document.kind, document.name, document.label) == (
        "CompilationJob",
        "resnet",
        "compilationjob/resnet",
    )
    assert document.spec["InputConfig"]["FrameworkVersion"] == "1.10"
    assert document.spec["InputConfig"]["DataInputConfig"] == '{"data":[1,3,224,224]}'
    assert document.spec["StoppingCondition"] == {"MaxRuntimeInSeconds": 900}
    assert str(document.spans["spec.InputConfig.FrameworkVersion"]) == "<stdin>:9:23"


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "012345670123",
        "NO",
        "12:30:45",
        "2024-01-02",
        "1e3",
        "0x1F",
        "yes",
        "+1",
        "1_000",
    ],
)
def test_text_keeps_its_writing(text: str, read: ReadText) -> None:
    manifest = with_line(TEAM, "reads scans", text)
    [document] = read(manifest).documents
    assert document.spec["Description"] == text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("900", 900),
        ("+900", 900),
        pytest.param('"900"', None, id="quoted"),
        pytest.param("0900", None, id="leading-zero"),
        pytest.param("900.0", None, id="fraction"),
        pytest.param("1_000", None, id="underscore"),
        pytest.param("true", None, id="truth"),
        pytest.param("[900]", None, id="list"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_integers_are_read_by_yaml_1_2(written: str, value: int | None, read: ReadText) -> None:
    found = read(with_line(JOB, "MaxRuntimeInSeconds: 900", f"MaxRuntimeInSeconds: {written}"))
    if value is None:
        [finding] = found.findings
        assert finding.path == "spec.StoppingCondition.MaxRuntimeInSeconds"
        assert finding.span is not None
        assert (finding.span.line, finding.span.column) == (14, 26 if written else 25)
    else:
        [document] = found.documents
        assert document.spec["StoppingCondition"]["MaxRuntimeInSeconds"] == value


@pytest.mark.parametrize(
    ("old", "new", "place", "rule"),
    [
        pytest.param("  RoleArn: arn:aws:iam::123456789012:role/compile\n", "", "3:1",
                     "schema.required", id="missing-in-the-spec-at-its-key"),
        pytest.param("    Framework: PYTORCH\n", "", "5:3", "schema.required",
                     id="missing-below-at-the-key-of-the-mapping"),
        pytest.param("name: resnet\n", "", "1:1", "manifest.missing-key",
                     id="missing-at-the-top-at-the-first-key"),
        pytest.param("    Framework:", "    Framwork:", "8:5", "schema.unknown",
                     id="unknown-at-the-key"),
        pytest.param("Framework: PYTORCH", "Framework: Pytorch", "8:16", "schema.enum",
                     id="wrong-value-at-the-value"),
        pytest.param("ml_c5", "ml_c5\n    TargetDevice: ml_c5", "13:5", "schema.duplicate",
                     id="duplicate-at-the-second-key"),
        pytest.param("    TargetDevice: ml_c5\n", "", "10:3", "compile.one-target",
                     id="missing-by-a-rule-at-the-key-of-the-mapping"),
        pytest.param("[1, 3, 224, 224]", "[1, -3]", "7:22", "compile.inputs-shapes",
                     id="rule-at-the-value"),
        pytest.param("name: resnet", "name: res_net", "2:7", "schema.pattern", id="name"),
        pytest.param("spec:\n", "tags: {aws:x: y}\nspec:\n", "3:15", "tags.reserved", id="tag"),
        pytest.param("s3://models/out", "{upload: model.onnx}", "11:23", "schema.form",
                     id="form-where-none-may-be"),
        pytest.param("{data: [1, 3, 224, 224]}", "{data: [1], data: [2]}", "7:34",
                     "schema.duplicate", id="duplicate-in-json"),
    ],
)  # fmt: skip
def test_a_finding_stands_where_its_author_looks(
    old: str, new: str, place: str, rule: str, read: ReadText
) -> None:
    errors = [one for one in read(with_line(JOB, old, new)).findings if one.rule == rule]
    assert [str(error.span) for error in errors] == [f"<stdin>:{place}"]


def test_a_document_with_an_error_is_left_out_and_the_others_stay(read: ReadText) -> None:
    broken = TEAM.replace("Description", "Descripton").replace("name: r", "name: other-r")
    found = read(f"{JOB}---\n{broken}---\n{TEAM}")
    assert [document.label for document in found.documents] == [
        "compilationjob/resnet",
        "workteam/radiology",
    ]
    assert [error.rule for error in found.errors] == ["schema.required", "schema.unknown"]


def test_a_reference_is_a_value(read: ReadText) -> None:
    [team] = read(TEAM).documents
    span = team.spans["spec.WorkforceName"]
    assert team.spec["WorkforceName"] == Reference("Workforce", "crowd", span)


def test_an_upload_is_relative_to_the_file_that_says_it(
    model: ServiceModel, tmp_path: Path
) -> None:
    (tmp_path / "m.onnx").touch()
    (tmp_path / "set").mkdir()
    file = tmp_path / "set" / "job.yaml"
    file.write_text(with_line(JOB, "s3://models/resnet/model.tar.gz", "{upload: ../m.onnx}"))
    [document] = read_documents([file], model=model).documents
    upload = document.spec["InputConfig"]["S3Uri"]
    assert isinstance(upload, Upload)
    assert upload.path.samefile(tmp_path / "m.onnx")
    assert str(upload.span) == f"{file}:6:12"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param("{ref: crowd}", "ref must be Kind/name, not 'crowd'", id="no-kind"),
        pytest.param("{ref: Workforce/}", "ref must be Kind/name, not 'Workforce/'",
                     id="no-name"),
        pytest.param("{ref: 5}", "ref must be Kind/name, not 5", id="number"),
        pytest.param("{ref: Workteam/x}",
                     "must be a reference to a Workforce, not to 'Workteam'", id="other-kind"),
        pytest.param("{upload: x}", "does not take {upload: …}", id="upload"),
        pytest.param("{a: b}", "must be text, not a mapping", id="mapping"),
    ],
)  # fmt: skip
def test_a_reference_that_is_none_is_found(written: str, said: str, only: OnlyFinding) -> None:
    finding = only(with_line(TEAM, "{ref: Workforce/crowd}", written))
    assert (finding.summary, str(finding.span)) == (said, "<stdin>:5:18")


def test_a_plain_name_in_a_reference_field_stays_text(read: ReadText) -> None:
    [document] = read(with_line(TEAM, "{ref: Workforce/crowd}", "crowd")).documents
    assert document.spec["WorkforceName"] == "crowd"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param('"{mcpu: x}"', None, id="text-that-is-no-json"),
        pytest.param('\'{"mcpu": "x"}\'', '{"mcpu": "x"}', id="text"),
        pytest.param("{mcpu: 'x', mattr: [+a]}", '{"mcpu":"x","mattr":["+a"]}', id="mapping"),
        pytest.param("\"{'mcpu': 'x'}\"", "{'mcpu': 'x'}", id="python-literal"),
        pytest.param(
            "{dtype: ü, a: null, b: 1.50, c: 0x1, d: no, e: '1'}", None, id="core-rules"
        ),
    ],
)
def test_json_text_may_be_written_as_yaml(
    written: str, text: str | None, read: ReadText
) -> None:
    found = read(with_line(JOB, "ml_c5", f"ml_c5\n    CompilerOptions: {written}"))
    if text is None:
        assert found.errors
    else:
        [document] = found.documents
        assert document.spec["OutputConfig"]["CompilerOptions"] == text


def test_scalars_in_json_text_are_read_by_yaml_1_2(read: ReadText) -> None:
    written = "{data: [1, 3], x: {shape: [2], a: ~, b: 1.50, c: no, d: '1', e: true, f: 0o7}}"
    [document] = read(with_line(JOB, "{data: [1, 3, 224, 224]}", written)).documents
    assert document.spec["InputConfig"]["DataInputConfig"] == (
        '{"data":[1,3],"x":{"shape":[2],"a":null,"b":1.5,"c":"no","d":"1","e":true,"f":"0o7"}}'
    )


def test_tags_may_stand_in_the_spec(read: ReadText) -> None:
    tags = "\n  Tags: [{Key: b, Value: 'x'}]"
    [document] = read(
        with_line(f"tags: {{a: 1.10}}\n{TEAM}", "spec:", f"spec:{tags}")
    ).documents
    assert document.tags == {"a": "1.10", "b": "x"}
    assert "Tags" not in document.spec


def test_a_tag_given_in_both_places_is_found(only: OnlyFinding) -> None:
    tags = "\n  Tags: [{Key: a, Value: x}]"
    finding = only(with_line(f"tags: {{a: y}}\n{TEAM}", "spec:", f"spec:{tags}"))
    assert (finding.rule, str(finding.span)) == ("tags.duplicate", "<stdin>:5:10")


def test_the_name_in_the_spec_is_pointed_to_its_place(only: OnlyFinding) -> None:
    finding = only(with_line(TEAM, "spec:", "spec:\n  WorkteamName: x"))
    assert finding.hint == "The name stands at the top of the document, as `name`."


@pytest.mark.parametrize(
    ("second", "is_repeated"),
    [
        pytest.param(TEAM, True, id="same"),
        pytest.param(TEAM.replace("name: r", "name: R"), False, id="other-case"),
        pytest.param(f"region: eu-west-1\n{TEAM}", False, id="other-region"),
    ],
)
def test_a_document_is_in_a_set_once(second: str, is_repeated: bool, read: ReadText) -> None:
    found = read(f"{TEAM}---\n{second}")
    assert [finding.rule for finding in found.findings] == ["manifest.repeated"] * is_repeated
    if is_repeated:
        assert found.findings[0].hint == "The first is at <stdin>:1:1."


def test_lenient_reading_warns_of_what_the_service_may_know_better(read: ReadText) -> None:
    manifest = with_line(JOB, "PYTORCH", "JAX")
    assert read(manifest).documents == ()
    found = read(manifest, lenient=True)
    assert len(found.documents) == 1
    assert [finding.severity for finding in found.findings] == [Severity.WARNING] * 2


def test_a_read_document_becomes_a_request(read: ReadText, model: ServiceModel) -> None:
    [document] = read(f"tags: {{team: a}}\n{TEAM}").documents
    request = create_request(document, model)
    assert request.operation == "CreateWorkteam"
    assert request.params["WorkteamName"] == "radiology"
    assert request.params["Tags"] == [{"Key": "team", "Value": "a"}]
    update = update_request(document, model)
    assert update.operation == "UpdateWorkteam"
    assert sorted(update.params) == ["Description", "MemberDefinitions", "WorkteamName"]


def test_kinds_that_cannot_change_have_no_update(read: ReadText, model: ServiceModel) -> None:
    [document] = read(JOB).documents
    with pytest.raises(ValueError, match="compilation job"):
        update_request(document, model)


@pytest.mark.parametrize(
    "field", ["Description", "MemberDefinitions", "NotificationConfiguration"]
)
@pytest.mark.parametrize(
    "value", ["5", "[]", "{}", "''", "~", "[[a]]", "{? [a] : b}", "- x", "{ref: x}", "!x y"]
)
def test_yaml_of_any_shape_is_a_finding_not_a_crash(
    field: str, value: str, read: ReadText
) -> None:
    assert read(f"kind: Workteam\nname: x\nspec:\n  {field}: {value}\n").findings
