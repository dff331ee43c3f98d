"""What an expression means is what its compiled form finds, on random records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagectl.controlplane.query import predicate
from sagectl.schema.expression.conditions import Comparison, Either, Every, Nested, joined
from sagectl.schema.expression.parser import parsed
from sagectl.schema.expression.tree import search_expression, written
from sagectl.schema.model import service_model

if TYPE_CHECKING:
    from sagectl.schema.model import Shape

ORDERS = {
    "Equals": lambda here, there: here == there,
    "GreaterThan": lambda here, there: here > there,
    "GreaterThanOrEqualTo": lambda here, there: here >= there,
    "LessThan": lambda here, there: here < there,
    "LessThanOrEqualTo": lambda here, there: here <= there,
}


@pytest.fixture(scope="session")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Shape:
    """A training job, as Search sees it."""
    model = service_model(tmp_path_factory.mktemp("cache"))
    return (
        model.operation("Search").output_shape.members["Results"].member.members["TrainingJob"]
    )


def meant(condition, record) -> bool:
    """The meaning of a condition, straight from the API reference."""
    match condition:
        case Every(parts):
            return all(meant(part, record) for part in parts)
        case Either(parts):
            return any(meant(part, record) for part in parts)
        case Nested(_, parts):
            return any(
                all(meant(part, channel) for part in parts)
                for channel in record.get("InputDataConfig", ())
            )
        case Comparison(name, operator, value):
            found = values(record, name)
            if operator in ("Exists", "NotExists"):
                return bool(found) == (operator == "Exists")
            if operator == "NotEquals":
                return not any(same(one, value) for one in found)
            if operator == "In":
                return any(one in value.split(",") for one in found)
            if operator == "Equals":
                return any(same(one, value) for one in found)
            return any(ORDERS[operator](float(one), float(value)) for one in found)
    raise AssertionError(condition)


def same(found, value) -> bool:
    return found == value if isinstance(found, str) else float(found) == float(value)


def values(record, name):
    head, _, rest = name.partition(".")
    if head == "Tags":
        return [tag["Value"] for tag in record.get("Tags", ()) if tag["Key"] == rest]
    if head == "Metrics":
        metrics = record.get("FinalMetricDataList", ())
        return [metric["Value"] for metric in metrics if metric["MetricName"] == rest]
    return [record[name]] if name in record else []


WORDS = st.sampled_from(["vision", "audio", "north"])
NUMBERS = st.integers(-3, 3)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "TrainingJobName": WORDS,
        "TrainingTimeInSeconds": NUMBERS,
        "Tags": st.lists(
            st.fixed_dictionaries({"Key": st.sampled_from(["team", "site"]), "Value": WORDS}),
            unique_by=lambda tag: tag["Key"],
        ),
        "FinalMetricDataList": st.lists(
            st.fixed_dictionaries(
                {"MetricName": st.sampled_from(["loss", "f1"]), "Value": NUMBERS}
            ),
            unique_by=lambda metric: metric["MetricName"],
        ),
        "InputDataConfig": st.lists(
            st.fixed_dictionaries({"ChannelName": WORDS}, optional={"ContentType": WORDS}),
            max_size=3,
        ),
    },
)
TEXTUAL = st.builds(
    Comparison,
    st.sampled_from(["TrainingJobName", "Tags.team", "Tags.site"]),
    st.sampled_from(["Equals", "NotEquals"]),
    WORDS,
    st.just(True),
)
NUMERIC = st.builds(
    Comparison,
    st.sampled_from(["Metrics.loss", "Metrics.f1", "TrainingTimeInSeconds"]),
    st.sampled_from([*ORDERS, "NotEquals"]),
    NUMBERS.map(str),
)
PRESENT = st.builds(
    Comparison,
    st.sampled_from(["Tags.team", "Metrics.f1"]),
    st.sampled_from(["Exists", "NotExists"]),
)
CHANNEL = st.builds(
    Comparison,
    st.sampled_from(["ChannelName", "ContentType"]),
    st.sampled_from(["Equals", "NotEquals"]),
    WORDS,
    st.just(True),
)
LEAVES = st.one_of(
    TEXTUAL,
    NUMERIC,
    PRESENT,
    st.builds(
        Nested, st.just("InputDataConfig"), st.lists(CHANNEL, min_size=1, max_size=2).map(tuple)
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        joined,
        st.sampled_from([Every, Either]),
        st.lists(inner, min_size=2, max_size=3).map(tuple),
    ),
    max_leaves=8,
)


@given(condition=CONDITIONS, record=RECORDS)
def test_the_compiled_expression_finds_what_was_meant(shape, condition, record) -> None:
    fits = predicate(search_expression(parsed(written(condition))), "TrainingJob", shape)

    assert fits(record) == meant(condition, record)


NEGATABLE = st.recursive(
    st.one_of(TEXTUAL, PRESENT),
    lambda inner: st.builds(
        joined,
        st.sampled_from([Every, Either]),
        st.lists(inner, min_size=2, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


@given(condition=NEGATABLE, record=RECORDS)
def test_not_turns_the_meaning_round(shape, condition, record) -> None:
    text = f"not ({written(condition)})"
    fits = predicate(search_expression(parsed(text)), "TrainingJob", shape)

    assert fits(record) != meant(condition, record)
