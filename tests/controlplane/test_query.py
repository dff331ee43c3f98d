"""Search expressions over loaded records, through the plane's one door."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import records
from sagectl.controlplane.resources import Place
from sagectl.errors import InputError
from tests.support.planes import refusal

if TYPE_CHECKING:
    from sagectl.controlplane.plane import ControlPlane

HERE = Place("123456789012", "us-east-1")


def training(name: str, **changes: Any) -> dict[str, Any]:
    return {"TrainingJob": {"TrainingJobName": name, **changes}}


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3Uri": uri}}}


def metric(name: str, value: float) -> dict[str, Any]:
    return {"MetricName": name, "Value": value, "Timestamp": 1595592000}


JOBS = [
    training(
        "alpha",
        TrainingJobStatus="Completed",
        TrainingTimeInSeconds=90,
        EnableManagedSpotTraining=True,
        LastModifiedTime="2020-07-24T10:00:00Z",
        HyperParameters={"lr": "0.5", "layers": "12", "optimizer": "adam"},
        FinalMetricDataList=[metric("accuracy", 0.91)],
        Tags=[{"Key": "team", "Value": "vision"}, {"Key": "cost.centre", "Value": "7"}],
        InputDataConfig=[channel("train", "s3://data/cats"), channel("test", "s3://data/dogs")],
        ResourceConfig={"InstanceCount": 2},
    ),
    training(
        "beta",
        TrainingJobStatus="Failed",
        TrainingTimeInSeconds=100,
        EnableManagedSpotTraining=False,
        LastModifiedTime="2020-07-24T11:00:00Z",
        HyperParameters={"lr": "0.10", "layers": "5.7", "optimizer": "sgd"},
        FinalMetricDataList=[metric("accuracy", 0.5), metric("loss", 1.5)],
        Tags=[{"Key": "team", "Value": "speech"}],
        InputDataConfig=[channel("train", "s3://data/dogs"), channel("test", "s3://data/cats")],
    ),
    training("gamma", LastModifiedTime="2020-07-24T12:00:00Z"),
]
TRIALS = [
    {
        "TrialComponent": {
            "TrialComponentName": "fit",
            "DisplayName": "fit one",
            "Parameters": {"lr": {"NumberValue": 0.25}, "kind": {"StringValue": "cnn"}},
            "Metrics": [{"MetricName": "loss", "Max": 3.0, "Min": 1.0, "Last": 2.0}],
            "InputArtifacts": {"data": {"Value": "s3://data/cats", "MediaType": "text/csv"}},
            "Parents": [{"TrialName": "t1", "ExperimentName": "e1"}],
            "SourceDetail": {
                "TransformJob": {"TransformJobName": "batch", "MaxConcurrentTransforms": 4}
            },
        }
    }
]


@pytest.fixture
def searched(plane: ControlPlane) -> ControlPlane:
    loaded(plane, *JOBS, *TRIALS)
    return plane


def loaded(plane: ControlPlane, *lines: Any, place: Place = HERE) -> int:
    texts = [json.dumps(line) for line in lines]
    return records.load(plane.store, texts, place=place, model=plane.model, now=1)


def names(plane: ControlPlane, resource: str = "TrainingJob", **params: Any) -> list[str]:
    found = plane.handle("Search", {"Resource": resource, **params})["Results"]
    return [
        value for row in found for body in row.values() for key, value in body.items()
        if key in ("TrainingJobName", "TrialComponentName")
    ]  # fmt: skip


def condition(
    name: str, operator: str | None = None, value: str | None = None
) -> dict[str, str]:
    given = {"Name": name, "Operator": operator, "Value": value}
    return {key: text for key, text in given.items() if text is not None}


def matching(plane: ControlPlane, *given: Any, resource: str = "TrainingJob") -> str:
    """The initials of what fits a filter, in the order of the alphabet."""
    expression = {"Filters": [condition(*given)]}
    return "".join(
        sorted(name[0] for name in names(plane, resource, SearchExpression=expression))
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("TrainingJobName", "Equals", "alpha"), "a"),
        (("TrainingJobName", None, "alpha"), "a"),
        (("trainingjobname", "Equals", "alpha"), "a"),
        (("TrainingJobName", "Equals", "Alpha"), ""),
        (("TrainingJobName", "NotEquals", "alpha"), "bg"),
        (("TrainingJobStatus", "NotEquals", "Failed"), "ag"),
        (("TrainingJobName", "Contains", "amm"), "g"),
        (("TrainingJobName", "In", "alpha,gamma"), "ag"),
        (("TrainingJobStatus", "Exists"), "ab"),
        (("TrainingJobStatus", "NotExists"), "g"),
        (("ResourceConfig.InstanceCount", "Equals", "2"), "a"),
        (("ResourceConfig.InstanceCount", "Equals", "2.0"), "a"),
        (("TrainingTimeInSeconds", "GreaterThan", "90"), "b"),
        (("TrainingTimeInSeconds", "GreaterThanOrEqualTo", "90"), "ab"),
        (("TrainingTimeInSeconds", "LessThan", "100"), "a"),
        (("TrainingTimeInSeconds", "LessThanOrEqualTo", "99.5"), "a"),
        (("EnableManagedSpotTraining", "Equals", "true"), "a"),
        (("EnableManagedSpotTraining", "NotEquals", "true"), "bg"),
        (("LastModifiedTime", "GreaterThan", "2020-07-24T11:00:00"), "g"),
        (("LastModifiedTime", "LessThanOrEqualTo", "2020-07-24T11:00:00Z"), "ab"),
        (("Metrics.accuracy", "GreaterThan", "0.9"), "a"),
        (("metrics.accuracy", "Equals", "0.91"), "a"),
        (("Metrics.loss", "Exists"), "b"),
        (("Metrics.recall", "NotExists"), "abg"),
        (("Tags.team", "Equals", "vision"), "a"),
        (("Tags.team", "In", "vision,speech"), "ab"),
        (("Tags.cost.centre", "Equals", "7"), "a"),
        (("HyperParameters.optimizer", "Equals", "sgd"), "b"),
        (("HyperParameters.optimizer", "Contains", "a"), "a"),
        (("HyperParameters.lr", "LessThan", "0.5"), "b"),
        (("HyperParameters.lr", "Equals", "0.1"), "b"),
        (("HyperParameters.optimizer", "GreaterThan", "1"), ""),
        (("InputDataConfig.ChannelName", "Equals", "train"), "ab"),
        (("InputDataConfig", "NotExists"), "g"),
    ],
    ids=lambda value: (
        "-".join(filter(None, value)) if isinstance(value, tuple) else value or "none"
    ),
)
def test_a_filter_finds_its_records(
    searched: ControlPlane, given: tuple[str, ...], expected: str
) -> None:
    assert matching(searched, *given) == expected


def test_decimals_are_integers_beside_an_integer(searched: ControlPlane) -> None:
    assert matching(searched, "HyperParameters.layers", "Equals", "5") == "b"
    assert matching(searched, "HyperParameters.layers", "LessThanOrEqualTo", "5") == "b"
    assert matching(searched, "HyperParameters.layers", "GreaterThan", "5") == "a"
    assert matching(searched, "HyperParameters.layers", "GreaterThan", "5.0") == "ab"
    assert matching(searched, "HyperParameters.lr", "Equals", "0") == "ab"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("Parameters.lr", "LessThan", "0.3"), "f"),
        (("Parameters.kind", "Equals", "cnn"), "f"),
        (("Metrics.loss.Max", "GreaterThan", "2.5"), "f"),
        (("metrics.loss.min", "GreaterThan", "1"), ""),
        (("Metrics.loss", "Equals", "2"), "f"),
        (("Parents.TrialName", "Equals", "t1"), "f"),
        (("InputArtifacts.data.Value", "Contains", "cats"), "f"),
        (("SourceDetail.TransformJob.MaxConcurrentTransforms", "Equals", "4"), "f"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value or "none",
)
def test_trial_components_are_searched_by_parameter_metric_parent_and_source(
    searched: ControlPlane, given: tuple[str, ...], expected: str
) -> None:
    assert matching(searched, *given, resource="ExperimentTrialComponent") == expected


def test_one_object_of_a_list_must_fit_every_nested_filter(searched: ControlPlane) -> None:
    def cats_in(channel_name: str) -> dict[str, Any]:
        uri = "InputDataConfig.DataSource.S3DataSource.S3Uri"
        return {
            "NestedPropertyName": "InputDataConfig",
            "Filters": [
                condition("InputDataConfig.ChannelName", "Equals", channel_name),
                condition(uri, "Contains", "cats"),
            ],
        }

    assert names(searched, SearchExpression={"NestedFilters": [cats_in("train")]}) == ["alpha"]
    assert names(searched, SearchExpression={"NestedFilters": [cats_in("test")]}) == ["beta"]


def test_and_or_and_sub_expressions_combine(searched: ControlPlane) -> None:
    alpha = {"Filters": [condition("TrainingJobName", "Equals", "alpha")]}
    slow = {"Filters": [condition("TrainingTimeInSeconds", "GreaterThan", "95")]}
    both = {"SubExpressions": [alpha, slow]}
    assert names(searched, SearchExpression=both) == []
    assert names(searched, SearchExpression={**both, "Operator": "Or"}) == ["beta", "alpha"]
    nested = {"SubExpressions": [{**both, "Operator": "Or"}, slow]}
    assert names(searched, SearchExpression=nested) == ["beta"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("Nonsense", "Exists"), "'Nonsense' is not a property"),
        (("ResourceConfig.Nonsense", "Exists"), "not a property"),
        (("TrainingJobName", "GreaterThan", "a"), "not supported"),
        (("Tags.team", "LessThan", "1"), "not supported"),
        (("TrainingTimeInSeconds", "Contains", "1"), "not supported"),
        (("Metrics.accuracy", "In", "1,2"), "not supported"),
        (("EnableManagedSpotTraining", "LessThan", "true"), "not supported"),
        (("InputDataConfig", "Equals", "x"), "not supported"),
        (("TrainingTimeInSeconds", "Equals", "many"), "neither an integer nor a decimal"),
        (("TrainingTimeInSeconds", "Equals", "NaN"), "neither an integer nor a decimal"),
        (("HyperParameters.lr", "LessThan", "small"), "neither an integer nor a decimal"),
        (("EnableManagedSpotTraining", "Equals", "yes"), "neither true nor false"),
        (("LastModifiedTime", "LessThan", "yesterday"), "is not a time"),
        (("LastModifiedTime", "LessThan", "2020-02-30T00:00:00"), "is not a time"),
        (("TrainingJobName", "Equals"), "needs a Value"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_filter_that_cannot_be_is_refused(
    searched: ControlPlane, given: tuple[str, ...], said: str
) -> None:
    params = {"Resource": "TrainingJob", "SearchExpression": {"Filters": [condition(*given)]}}
    fault = refusal(searched, "Search", params)
    assert fault.code == "ValidationException"
    assert said in fault.message


@pytest.mark.parametrize(
    "nested",
    [
        pytest.param(("ResourceConfig", "ResourceConfig.InstanceCount"), id="no-list"),
        pytest.param(("InputDataConfig", "ResourceConfig.InstanceCount"), id="other-property"),
    ],
)
def test_a_nested_filter_stays_inside_its_list(
    searched: ControlPlane, nested: tuple[str, str]
) -> None:
    inner = {"NestedPropertyName": nested[0], "Filters": [condition(nested[1], "Exists")]}
    params = {"Resource": "TrainingJob", "SearchExpression": {"NestedFilters": [inner]}}
    assert refusal(searched, "Search", params).code == "ValidationException"


def test_an_empty_expression_is_refused(searched: ControlPlane) -> None:
    for expression in ({}, {"SubExpressions": [{}]}):
        params = {"Resource": "TrainingJob", "SearchExpression": expression}
        assert "at least one" in refusal(searched, "Search", params).message


def test_fifty_conditions_are_the_most(searched: ControlPlane) -> None:
    exists = condition("TrainingJobName", "Exists")
    parts = [{"Filters": [exists] * count} for count in (16, 16, 15)]
    assert len(names(searched, SearchExpression={"SubExpressions": parts})) == 3
    one_more = {"SubExpressions": parts, "Filters": [exists]}
    params = {"Resource": "TrainingJob", "SearchExpression": one_more}
    assert "may have 50" in refusal(searched, "Search", params).message


def test_contains_may_be_used_once(searched: ControlPlane) -> None:
    twice = [condition("TrainingJobName", "Contains", "a")] * 2
    params = {"Resource": "TrainingJob", "SearchExpression": {"Filters": twice}}
    assert refusal(searched, "Search", params).message == (
        "'CONTAINS' operator usage limit of 1 exceeded."
    )
    spread = {"Filters": twice[:1], "SubExpressions": [{"Filters": twice[:1]}]}
    assert (
        "'CONTAINS'"
        in refusal(
            searched, "Search", {"Resource": "TrainingJob", "SearchExpression": spread}
        ).message
    )


def test_contains_may_be_repeated_on_the_names_of_a_trial_component(
    searched: ControlPlane,
) -> None:
    filters = [
        condition("DisplayName", "Contains", "fit"),
        condition("InputArtifacts.data.Value", "Contains", "cats"),
        condition("TrialComponentName", "Contains", "i"),
    ]
    expression = {"SearchExpression": {"Filters": filters}}
    assert names(searched, "ExperimentTrialComponent", **expression) == ["fit"]


def test_results_are_newest_first_unless_told_otherwise(searched: ControlPlane) -> None:
    assert names(searched) == ["gamma", "beta", "alpha"]
    assert names(searched, SortOrder="Ascending") == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    ("sort_by", "ascending"),
    [
        ("TrainingJobName", ["alpha", "beta", "gamma"]),
        ("Metrics.accuracy", ["beta", "alpha", "gamma"]),
        ("HyperParameters.lr", ["beta", "alpha", "gamma"]),
        ("HyperParameters.layers", ["beta", "alpha", "gamma"]),
        ("LastModifiedTime", ["alpha", "beta", "gamma"]),
        ("EnableManagedSpotTraining", ["beta", "alpha", "gamma"]),
        ("Tags.team", ["beta", "alpha", "gamma"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_results_sort_by_any_property_and_page_by_any_size(
    searched: ControlPlane, sort_by: str, ascending: list[str], size: int
) -> None:
    assert walked(searched, size, SortBy=sort_by, SortOrder="Ascending") == ascending
    # What lacks the property comes last either way.
    lacking = [] if sort_by in ("TrainingJobName", "LastModifiedTime") else ["gamma"]
    down = [name for name in ascending[::-1] if name not in lacking] + lacking
    assert walked(searched, size, SortBy=sort_by, SortOrder="Descending") == down


def walked(plane: ControlPlane, size: int, **params: Any) -> list[str]:
    params = {"Resource": "TrainingJob", "MaxResults": size, **params}
    seen: list[str] = []
    while True:
        page = plane.handle("Search", params)
        seen += [row["TrainingJob"]["TrainingJobName"] for row in page["Results"]]
        if "NextToken" not in page:
            return seen
        params["NextToken"] = page["NextToken"]


def test_pages_of_a_filtered_search_hold_only_what_fits(searched: ControlPlane) -> None:
    fits = {"Filters": [condition("TrainingJobStatus", "Exists")]}
    assert walked(searched, 1, SearchExpression=fits) == ["beta", "alpha"]


def test_a_token_of_another_search_is_refused(searched: ControlPlane) -> None:
    given = {"Resource": "TrainingJob", "MaxResults": 1}
    token = searched.handle("Search", given)["NextToken"]
    other = {**given, "NextToken": token, "SortBy": "TrainingJobName"}
    assert refusal(searched, "Search", other).code == "ValidationException"


def test_an_unknown_sort_property_is_refused(searched: ControlPlane) -> None:
    params = {"Resource": "TrainingJob", "SortBy": "Nonsense"}
    assert "'Nonsense'" in refusal(searched, "Search", params).message


@pytest.mark.parametrize("resource", ["Workteam", "CompilationJob", "Trial", "trainingjob"])
def test_what_is_no_resource_of_search_is_refused(plane: ControlPlane, resource: str) -> None:
    fault = refusal(plane, "Search", {"Resource": resource})
    assert f"Value '{resource}' at 'resource'" in fault.message


def test_every_resource_of_the_model_can_be_searched(plane: ControlPlane) -> None:
    shape = plane.model.operation("Search").input_shape.members["Resource"]
    for resource in shape.enum:
        assert plane.handle("Search", {"Resource": resource}) == {"Results": []}


def test_times_come_back_as_datetimes_wherever_they_are(searched: ControlPlane) -> None:
    expression = {"Filters": [condition("TrainingJobName", "Equals", "alpha")]}
    params = {"Resource": "TrainingJob", "SearchExpression": expression}
    found = searched.handle("Search", params)["Results"][0]["TrainingJob"]
    assert found["LastModifiedTime"] == datetime(2020, 7, 24, 10, tzinfo=UTC)
    assert found["FinalMetricDataList"][0]["Timestamp"] == datetime(2020, 7, 24, 12, tzinfo=UTC)
    assert found["HyperParameters"] == JOBS[0]["TrainingJob"]["HyperParameters"]


def test_a_record_loaded_again_replaces_the_old_one(searched: ControlPlane) -> None:
    assert loaded(searched, training("alpha", TrainingJobStatus="Stopped")) == 1
    assert matching(searched, "TrainingJobStatus", "Equals", "Stopped") == "a"
    assert len(names(searched)) == 3


def test_records_belong_to_an_account_and_region(searched: ControlPlane) -> None:
    loaded(searched, training("delta"), place=Place("123456789012", "eu-west-1"))
    found = searched.handle("Search", {"Resource": "TrainingJob"}, region="eu-west-1")
    assert len(found["Results"]) == 1
    assert "delta" not in names(searched)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ('{"TrainingJob": {"TrainingTimeInSeconds": NaN}}', "line 2: not JSON"),
        ('{"Workteam": {}}', "line 2: not a search record"),
        ("[]", "line 2: not a search record"),
        ('{"TrainingJob": {}}', "line 2: TrainingJob has no TrainingJobName"),
        ('{"TrainingJob": {"Nonsense": 1}}', "TrainingJob has no field 'Nonsense'"),
        ('{"TrainingJob": {"TrainingJobName": 1}}', "TrainingJobName must be of type string"),
        ('{"TrainingJob": {"CreationTime": "soon"}}', "line 2: TrainingJob.CreationTime"),
        ('{"TrainingJob": {"CreationTime": true}}', "is not a time"),
        ('{"TrainingJob": {"TrainingTimeInSeconds": true}}', "must be of type integer"),
        ('{"TrainingJob": {"Tags": [{"Key": 1}]}}', "TrainingJob.Tags[0].Key"),
    ],
)
def test_a_line_that_is_no_record_is_named_and_nothing_is_loaded(
    plane: ControlPlane, line: str, said: str
) -> None:
    lines = [json.dumps(JOBS[0]), line]
    with pytest.raises(InputError) as caught:
        records.load(plane.store, lines, place=HERE, model=plane.model, now=1)
    assert said in caught.value.message
    assert names(plane) == []


def suggestions(plane: ControlPlane, hint: str, resource: str = "TrainingJob") -> list[str]:
    query = {"PropertyNameQuery": {"PropertyNameHint": hint}}
    params = {"Resource": resource, "SuggestionQuery": query}
    found = plane.handle("GetSearchSuggestions", params)["PropertyNameSuggestions"]
    return [row["PropertyName"] for row in found]


def test_suggestions_begin_with_the_hint_in_lower_case(searched: ControlPlane) -> None:
    assert suggestions(searched, "HyperParameters.l") == [
        "hyperparameters.layers",
        "hyperparameters.lr",
    ]
    assert suggestions(searched, "tags.") == ["tags.cost.centre", "tags.team"]
    assert suggestions(searched, "metrics.") == ["metrics.accuracy", "metrics.loss"]
    component = "ExperimentTrialComponent"
    assert suggestions(searched, "parameters.", component) == [
        "parameters.kind",
        "parameters.lr",
    ]
    assert suggestions(searched, "nothing") == []
