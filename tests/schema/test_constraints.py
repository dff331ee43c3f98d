"""What the shapes find in Python values, as flags and API calls bring them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.errors import FindingsError
from sagectl.manifest.document import Reference, Upload
from sagectl.schema.request import findings, operation_request

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel

JOB: dict[str, Any] = {
    "CompilationJobName": "resnet",
    "RoleArn": "arn:aws:iam::123456789012:role/compile",
    "InputConfig": {
        "S3Uri": "s3://models/resnet/model.tar.gz",
        "DataInputConfig": '{"data": [1, 3, 224, 224]}',
        "Framework": "ONNX",
    },
    "OutputConfig": {"S3OutputLocation": "s3://models/out", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 900},
}


def job(path: str, value: Any) -> dict[str, Any]:
    """JOB with another value at ``path``; ``...`` takes the field away."""
    name, _, rest = path.partition(".")
    changed = dict(JOB)
    if rest:
        changed[name] = dict(JOB[name]) | {rest: value}
        if value is ...:
            del changed[name][rest]
    else:
        changed[name] = value
        if value is ...:
            del changed[name]
    return changed


def test_a_sound_request_has_no_findings(model: ServiceModel) -> None:
    assert findings("CreateCompilationJob", JOB, model) == ()


@pytest.mark.parametrize(
    ("path", "value", "rule", "summary", "hint"),
    [
        pytest.param("RoleArn", ..., "schema.required", "is required, and missing", None,
                     id="required"),
        pytest.param("Rolearn", "x", "schema.unknown", "'Rolearn' is not a field here",
                     "Did you mean 'RoleArn'?", id="unknown-near-another"),
        pytest.param("InputConfig.Xyz", 1, "schema.unknown", "'Xyz' is not a field here",
                     "The fields are S3Uri, DataInputConfig, Framework, FrameworkVersion.",
                     id="unknown"),
        pytest.param("InputConfig", [], "schema.type", "must be a mapping, not a list", None,
                     id="list-for-mapping"),
        pytest.param("Tags", {"a": "b"}, "schema.type", "must be a list, not a mapping", None,
                     id="mapping-for-list"),
        pytest.param("CompilationJobName", 5, "schema.type", "must be text, not 5", None,
                     id="number-for-text"),
        pytest.param("CompilationJobName", True, "schema.type", "must be text, not true", None,
                     id="truth-for-text"),
        pytest.param("StoppingCondition.MaxRuntimeInSeconds", "900", "schema.type",
                     "must be an integer, not '900'",
                     "Write it without quotes and without leading zeros.",
                     id="text-for-integer"),
        pytest.param("StoppingCondition.MaxRuntimeInSeconds", True, "schema.type",
                     "must be an integer, not true", None, id="truth-for-integer"),
        pytest.param("StoppingCondition.MaxRuntimeInSeconds", 1.0, "schema.type",
                     "must be an integer, not 1.0", None, id="fraction-for-integer"),
        pytest.param("StoppingCondition.MaxRuntimeInSeconds", 0, "schema.min",
                     "must be at least 1, not 0", None, id="below-the-least"),
        pytest.param("StoppingCondition.MaxPendingTimeInSeconds", 10**9, "schema.max",
                     "must be at most 2419200, not 1000000000", None, id="above-the-most"),
        pytest.param("CompilationJobName", "", "schema.min",
                     "has 0 characters, needs at least 1", None, id="too-short"),
        pytest.param("CompilationJobName", "a" * 64, "schema.max",
                     "has 64 characters, takes at most 63", None, id="too-long"),
        pytest.param("CompilationJobName", "a_b", "schema.pattern",
                     "'a_b' does not match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
                     "Letters, digits and hyphens; it starts and ends with a letter or digit.",
                     id="pattern"),
        pytest.param("CompilationJobName", "name\n", "schema.pattern",
                     "'name\\n' does not match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
                     "Letters, digits and hyphens; it starts and ends with a letter or digit.",
                     id="whole-value"),
        pytest.param("InputConfig.Framework", "onnx", "schema.enum",
                     "'onnx' is not one of TENSORFLOW, KERAS, MXNET, ONNX, PYTORCH, XGBOOST, "
                     "TFLITE, DARKNET, SKLEARN", "Did you mean 'ONNX'?",
                     id="choice-in-other-case"),
        pytest.param("VpcConfig", {"SecurityGroupIds": [], "Subnets": ["s"]}, "schema.min",
                     "has 0 items, needs at least 1", None, id="too-few-items"),
        pytest.param("Tags", None, "schema.null", "has no value",
                     "Give it a value, or leave the field out.", id="null"),
    ],
)  # fmt: skip
def test_a_breach_is_one_finding_that_says_what_to_do(
    path: str, value: Any, rule: str, summary: str, hint: str | None, model: ServiceModel
) -> None:
    [finding] = findings("CreateCompilationJob", job(path, value), model)
    assert (finding.rule, finding.summary, finding.hint) == (rule, summary, hint)
    assert finding.path.startswith(path)


def test_all_findings_are_given_at_once(model: ServiceModel) -> None:
    broken = job("CompilationJobName", "a_b") | {"Nothing": 1, "RoleArn": 5}
    with pytest.raises(FindingsError) as caught:
        operation_request("CreateCompilationJob", broken, model)
    paths = [finding.path for finding in caught.value.diagnostics]
    assert paths == ["CompilationJobName", "RoleArn", "Nothing"]


def test_of_many_choices_those_that_are_like_it_are_shown(model: ServiceModel) -> None:
    [finding] = findings(
        "CreateCompilationJob", job("OutputConfig.TargetDevice", "jetson_nanu"), model
    )
    assert finding.hint == "Did you mean 'jetson_nano'?"
    assert "jetson_nano" in finding.summary
    assert finding.summary.endswith("more")


def test_items_are_counted_from_zero_in_paths(model: ServiceModel) -> None:
    tags = [{"Key": "a", "Value": "b"}, {"Key": "c"}]
    [finding] = findings("CreateCompilationJob", job("Tags", tags), model)
    assert finding.path == "Tags[1].Value"


def test_a_secret_is_never_repeated(model: ServiceModel) -> None:
    config = dict.fromkeys(
        (
            *("Issuer", "AuthorizationEndpoint", "TokenEndpoint"),
            *("UserInfoEndpoint", "LogoutEndpoint", "JwksUri"),
        ),
        "https://idp.example.com/",
    )
    params = {
        "WorkforceName": "crowd",
        "OidcConfig": config | {"ClientId": "id", "ClientSecret": "geheim-ß"},
    }
    [finding] = findings("CreateWorkforce", params, model)
    assert finding.path == "OidcConfig.ClientSecret"
    assert "geheim" not in str(finding)


@pytest.mark.parametrize("rule", ["max", "pattern", "enum"])
def test_what_the_service_may_judge_otherwise_warns_when_lenient(
    rule: str, model: ServiceModel
) -> None:
    broken = {
        "max": job("CompilationJobName", "a" * 64),
        "pattern": job("CompilationJobName", "a_b"),
        "enum": job("InputConfig.Framework", "JAX"),
    }[rule]
    with pytest.raises(FindingsError):
        operation_request("CreateCompilationJob", broken, model)
    request = operation_request("CreateCompilationJob", broken, model, lenient=True)
    assert [warning.rule for warning in request.warnings] == [f"schema.{rule}"]


def test_what_botocore_itself_refuses_stays_an_error_when_lenient(model: ServiceModel) -> None:
    with pytest.raises(FindingsError):
        operation_request("CreateCompilationJob", job("RoleArn", ...), model, lenient=True)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2020, 7, 24, 12, tzinfo=UTC), id="datetime"),
        pytest.param(datetime(2020, 7, 24, 12), id="without-zone"),
        pytest.param("2020-07-24T12:00:00Z", id="iso"),
        pytest.param("2020-07-24T14:00:00+02:00", id="offset"),
        pytest.param(1595592000, id="epoch"),
        pytest.param(1595592000.0, id="epoch-with-fraction"),
    ],
)
def test_a_moment_is_taken_in_any_writing(moment: Any, model: ServiceModel) -> None:
    request = operation_request("ListCompilationJobs", {"CreationTimeAfter": moment}, model)
    assert request.params == {"CreationTimeAfter": datetime(2020, 7, 24, 12, tzinfo=UTC)}


@pytest.mark.parametrize("moment", ["yesterday", "2020-13-01", True, 1e30, float("nan")])
def test_what_is_no_moment_is_refused(moment: Any, model: ServiceModel) -> None:
    [finding] = findings("ListCompilationJobs", {"CreationTimeAfter": moment}, model)
    assert finding.rule == "schema.type"
    assert finding.hint is not None


def test_json_text_may_be_given_as_a_mapping_and_keeps_its_order(model: ServiceModel) -> None:
    inputs = {"b": [1, 3], "a": [2]}
    params = job("InputConfig.DataInputConfig", inputs)
    request = operation_request("CreateCompilationJob", params, model)
    assert request.params["InputConfig"]["DataInputConfig"] == '{"b":[1,3],"a":[2]}'
    assert params["InputConfig"]["DataInputConfig"] is inputs


def test_what_json_cannot_hold_is_refused(model: ServiceModel) -> None:
    params = job("InputConfig.DataInputConfig", {"a": float("nan")})
    [finding] = findings("CreateCompilationJob", params, model)
    assert finding.rule == "schema.json"


def test_an_upload_stands_only_where_something_is_read(
    model: ServiceModel, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    file.touch()
    read = operation_request(
        "CreateCompilationJob", job("InputConfig.S3Uri", Upload(file)), model
    )
    assert read.params["InputConfig"]["S3Uri"] == Upload(file)
    written = job("OutputConfig.S3OutputLocation", Upload(file))
    [finding] = findings("CreateCompilationJob", written, model)
    assert (finding.rule, finding.summary) == ("schema.form", "does not take {upload: …}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("no.onnx", "there is no file", id="missing"),
        pytest.param("x" * 300, "File name too long", id="impossible"),
        pytest.param("a\0b", "there is no file", id="nul"),
    ],
)
def test_an_upload_of_nothing_is_found(
    name: str, said: str, model: ServiceModel, tmp_path: Path
) -> None:
    params = job("InputConfig.S3Uri", Upload(tmp_path / name))
    [finding] = findings("CreateCompilationJob", params, model)
    assert said in finding.summary


def test_a_folder_is_uploaded_only_where_it_is_packed(
    model: ServiceModel, tmp_path: Path
) -> None:
    packed = job("InputConfig.S3Uri", Upload(tmp_path))
    assert findings("CreateCompilationJob", packed, model) == ()
    labels = {"LabelCategoryConfigS3Uri": Upload(tmp_path)}
    found = findings("CreateLabelingJob", labels, model)
    [finding] = [one for one in found if one.rule == "schema.upload"]
    assert finding.summary == f"{tmp_path} is a folder"


def test_a_reference_is_to_the_kind_its_field_names(model: ServiceModel) -> None:
    team = {
        "WorkteamName": "radiology",
        "Description": "reads scans",
        "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["readers"]}}],
    }
    sound = team | {"WorkforceName": Reference("Workforce", "crowd")}
    assert findings("CreateWorkteam", sound, model) == ()
    [finding] = findings(
        "CreateWorkteam", team | {"WorkforceName": Reference("Workteam", "x")}, model
    )
    assert finding.summary == "must be a reference to a Workforce, not to 'Workteam'"


def test_deeply_nested_search_is_walked(model: ServiceModel) -> None:
    expression: dict[str, Any] = {"Filters": [{}]}
    for _ in range(40):
        expression = {"SubExpressions": [expression]}
    [finding] = findings(
        "Search", {"Resource": "TrainingJob", "SearchExpression": expression}, model
    )
    assert finding.path.endswith("SubExpressions[0].Filters[0].Name")


def test_a_value_nested_beyond_reason_is_a_finding(model: ServiceModel) -> None:
    expression: dict[str, Any] = {}
    for _ in range(3000):
        expression = {"SubExpressions": [expression]}
    [finding] = findings(
        "Search", {"Resource": "TrainingJob", "SearchExpression": expression}, model
    )
    assert finding.rule == "schema.depth"
