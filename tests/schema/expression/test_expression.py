"""The expression language: what people write, what goes over the wire, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.errors import InputError
from sagectl.schema.expression.errors import ExpressionError
from sagectl.schema.expression.parser import parsed
from sagectl.schema.expression.tree import conditions, search_expression, written
from tests.support.expressions import (
    CONDITIONS,
    WRONG,
    require_column_and_hint,
    require_round_trip,
)


def compiled(text: str, resource: str | None = None):
    return search_expression(parsed(text), resource=resource, text=text)


def condition(name, operator, value=None):
    filters = {"Name": name, "Operator": operator}
    return filters if value is None else filters | {"Value": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Metrics.f1 > 0.9", ("Metrics.f1", "GreaterThan", "0.9"), id="number"),
        pytest.param("Tags.team = 'vision'", ("Tags.team", "Equals", "vision"), id="text"),
        pytest.param('Tags."my team" = "x"', ("Tags.my team", "Equals", "x"), id="quoted-name"),
        pytest.param("A != 1", ("A", "NotEquals", "1"), id="not-equal"),
        pytest.param("A <> 1", ("A", "NotEquals", "1"), id="sql-not-equal"),
        pytest.param("not A = 1", ("A", "NotEquals", "1"), id="not"),
        pytest.param("not not A = 1", ("A", "Equals", "1"), id="double-not"),
        pytest.param("not A >= 1e-3", ("A", "LessThan", "1e-3"), id="negated-order"),
        pytest.param("A contains 'x'", ("A", "Contains", "x"), id="contains"),
        pytest.param("exists A.b", ("A.b", "Exists"), id="exists"),
        pytest.param("A.b exists", ("A.b", "Exists"), id="exists-after"),
        pytest.param("not exists A", ("A", "NotExists"), id="not-exists"),
        pytest.param("A in ('x', 'y')", ("A", "In", "x,y"), id="in"),
        pytest.param("A IN ('x')", ("A", "In", "x"), id="upper-case"),
        pytest.param("A = 'it\\'s'", ("A", "Equals", "it's"), id="escape"),
        pytest.param(
            "CreationTime > '2026-01-02T03:04:05'",
            ("CreationTime", "GreaterThan", "2026-01-02T03:04:05"),
            id="time",
        ),
    ],
)  # fmt: skip
def test_a_single_condition_becomes_one_filter(text, expected) -> None:
    assert compiled(text) == {"Filters": [condition(*expected)], "Operator": "And"}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-01-31", "2026-01-31T00:00:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00"),
        ("2026-01-31 12:30", "2026-01-31T12:30:00"),
    ],
    ids=["day", "utc", "zone", "space"],
)
def test_times_are_sent_as_the_service_takes_them(written: str, sent: str) -> None:
    tree = compiled(f"CreationTime >= '{written}'")
    assert tree["Filters"] == [condition("CreationTime", "GreaterThanOrEqualTo", sent)]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Tags.team like 'v%'", "contains"),
        ("Tags.team is null", "not exists"),
        ("A between 1 and 2", ">= LEAST"),
        ("A => 1", "Write >=."),
        ("A = \u201cx\u201d", "straight"),
    ],
    ids=["like", "is", "between", "arrow", "quotes"],
)
def test_what_another_language_says_is_put_into_this_one(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parsed(text)
    assert hint in str(caught.value.hint)


def test_and_binds_tighter_than_or() -> None:
    assert compiled("A = 1 or B = 2 and C = 3") == {
        "Filters": [condition("A", "Equals", "1")],
        "SubExpressions": [
            {
                "Filters": [condition("B", "Equals", "2"), condition("C", "Equals", "3")],
                "Operator": "And",
            }
        ],
        "Operator": "Or",
    }


def test_brackets_ask_for_one_element_that_meets_all() -> None:
    text = "InputDataConfig[DataSource.S3Uri contains 'cats' and ChannelName = 'train']"

    assert compiled(text)["NestedFilters"] == [
        {
            "NestedPropertyName": "InputDataConfig",
            "Filters": [
                condition("InputDataConfig.DataSource.S3Uri", "Contains", "cats"),
                condition("InputDataConfig.ChannelName", "Equals", "train"),
            ],
        }
    ]


def test_or_inside_brackets_becomes_two_nested_filters() -> None:
    assert compiled("A[x = 1 or y = 2]") == {
        "NestedFilters": [
            {"NestedPropertyName": "A", "Filters": [condition("A.x", "Equals", "1")]},
            {"NestedPropertyName": "A", "Filters": [condition("A.y", "Equals", "2")]},
        ],
        "Operator": "Or",
    }


def test_not_is_pushed_down_to_the_operators_the_service_has() -> None:
    assert compiled("not (A = 1 and (B > 2 or C in ('x', 'y')))") == compiled(
        "A != 1 or (B <= 2 and C != 'x' and C != 'y')"
    )


def test_a_list_over_twenty_is_split_into_nested_ones() -> None:
    tree = compiled(" or ".join(f"A = {number}" for number in range(45)))

    def lists(node):
        yield from (node[name] for name in ("Filters", "SubExpressions") if name in node)
        for inner in node.get("SubExpressions", ()):
            yield from lists(inner)

    assert all(len(items) <= 20 for items in lists(tree))
    assert sum(len(items) for items in lists(tree) if "Name" in items[0]) == 45


@pytest.mark.parametrize("text", [
    pytest.param(" or ".join(f"A = {number}" for number in range(45)), id="plain"),
    pytest.param(" and ".join(f"A[x = {number}]" for number in range(45)), id="nested"),
    pytest.param(" and ".join(f"(A = {n} or B = {n})" for n in range(25)), id="grouped"),
    pytest.param(
        " or ".join(f"A = {n} or (A = {n} and B[x = 1])" for n in range(16)), id="mixed"
    ),
])  # fmt: skip
def test_what_is_split_reads_back_in_its_order(text) -> None:
    tree = compiled(text)

    assert compiled(written(conditions(tree))) == tree


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        pytest.param("A =", 4, "a number or a quoted text", id="no-value"),
        pytest.param("A = cats", 5, "a number or a quoted text", id="bare-word"),
        pytest.param("A ! 1", 3, "means nothing", id="odd-character"),
        pytest.param("A = 'cats", 5, "no end", id="open-quote"),
        pytest.param("(A = 1", 7, "is missing here", id="open-parenthesis"),
        pytest.param("A = 1 B = 2", 7, "cannot follow", id="two-conditions"),
        pytest.param("= 1", 1, "name of a property", id="no-name"),
        pytest.param("", 1, "name of a property", id="empty"),
        pytest.param("A > 'cats'", 5, "numbers and times", id="text-ordered"),
        pytest.param("A > '2026-13-01'", 5, "no time: month", id="no-month"),
        pytest.param("A > '2026-01-01T00:00:00.5'", 5, "to the second", id="half-second"),
        pytest.param("A contains 3", 12, "looks into text", id="number-contained"),
        pytest.param("not A contains 'x'", 1, "does not contain", id="not-contains"),
        pytest.param("not A[x = 1]", 1, "no such element", id="not-nested"),
        pytest.param("A[B[x = 1]]", 2, "list within a list", id="nested-twice"),
        pytest.param("A in 'x'", 6, "wants a list", id="in-without-list"),
        pytest.param("A in ('x,y')", 7, "comma", id="comma-in-list"),
        pytest.param("A = ''", 5, "empty value", id="empty-value"),
        pytest.param("A and B = 1", 3, "a comparison belongs", id="name-alone"),
        pytest.param("((" * 60 + "A = 1", 101, "nested too deeply", id="deep"),
    ],
)  # fmt: skip
def test_a_wrong_expression_is_pointed_at(text, column, problem) -> None:
    with pytest.raises(ExpressionError, match=problem) as caught:
        parsed(text)

    assert caught.value.column == column
    assert caught.value.hint


def test_of_a_long_expression_the_wrong_place_is_shown() -> None:
    good = " or ".join(f"A = 'a{number}'" for number in range(5000))
    with pytest.raises(ExpressionError) as caught:
        parsed(f"{good} or B ! {good}")

    _, line, caret = caught.value.message.splitlines()
    assert len(line) <= 80
    assert line[caret.index("^")] == "!"
    assert line.startswith("  ...")
    assert line.endswith("...")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(" and ".join(["A = 1"] * 51), "50 conditions", id="fifty"),
        pytest.param("A contains 'x' or B contains 'y'", "once", id="contains"),
        pytest.param(f"A = '{'x' * 1025}'", "1024", id="long-value"),
    ],
)
def test_the_limits_of_the_service_are_held_before_the_call(text, problem) -> None:
    with pytest.raises(ExpressionError, match=problem):
        compiled(text)


def test_contains_is_free_on_the_names_of_experiments() -> None:
    text = "DisplayName contains 'a' and Tags.team contains 'b'"

    assert len(compiled(text, "Experiment")["Filters"]) == 2
    with pytest.raises(ExpressionError):
        compiled(text, "TrainingJob")


def test_an_expression_without_conditions_is_refused() -> None:
    with pytest.raises(InputError, match="states no condition"):
        conditions({"Operator": "And"})


@settings(max_examples=60)
@given(CONDITIONS)
def test_what_is_written_reads_back_as_the_same_tree(condition) -> None:
    require_round_trip(condition)


@settings(max_examples=60)
@given(WRONG)
def test_what_is_wrong_has_a_column_and_a_hint(text: str) -> None:
    require_column_and_hint(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    require_column_and_hint(text)
