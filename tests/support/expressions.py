"""Random expressions, right and wrong, and what must hold of each."""

from __future__ import annotations

from hypothesis import strategies as st

from sagectl.schema.expression.conditions import (
    SYMBOLS,
    Comparison,
    Condition,
    Either,
    Every,
    Nested,
    joined,
)
from sagectl.schema.expression.errors import ExpressionError
from sagectl.schema.expression.parser import parsed
from sagectl.schema.expression.tree import conditions, search_expression, written

KEYS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
NAMES = st.builds(
    lambda first, rest: ".".join([first, *rest]),
    st.sampled_from(["Metrics", "Tags", "HyperParameters", "TrainingJobName"]),
    st.lists(KEYS, max_size=1),
)
TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12)
NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(0, 1e6, allow_nan=False)).map(str)
ORDERED = [name for name in SYMBOLS if name != "Contains"]
COMPARISONS = st.one_of(
    st.builds(Comparison, NAMES, st.sampled_from(ORDERED), NUMBERS, st.just(False)),
    st.builds(
        Comparison, NAMES, st.sampled_from(["Equals", "NotEquals"]), TEXTS, st.just(True)
    ).filter(lambda one: not one.value.replace(".", "").strip("-+eE").isdigit()),
    st.builds(Comparison, NAMES, st.sampled_from(["Exists", "NotExists"])),
    st.builds(
        Comparison,
        NAMES,
        st.just("In"),
        st.lists(TEXTS.filter(lambda text: "," not in text), min_size=1, max_size=4).map(
            ",".join
        ),
        st.just(True),
    ),
)
NESTED = st.builds(Nested, NAMES, st.lists(COMPARISONS, min_size=1, max_size=3).map(tuple))
TREES = st.recursive(
    COMPARISONS | NESTED,
    lambda inner: st.builds(
        joined,
        st.sampled_from([Every, Either]),
        st.lists(inner, min_size=2, max_size=4).map(tuple),
    ),
    max_leaves=16,
)
# The service takes Contains once.
CONTAINS = st.builds(Comparison, NAMES, st.just("Contains"), TEXTS, st.just(True))
CONDITIONS = TREES | st.builds(
    lambda kind, *parts: joined(kind, parts), st.sampled_from([Every, Either]), CONTAINS, TREES
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """An expression in which something was left out, put in twice or is something else."""
    text = written(draw(CONDITIONS))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 4)))
    put = draw(
        st.sampled_from(["", "'", "(", "]", " and ", " not", " = ", "%", ",", "7x", "é"])
    )
    return text[:start] + put + text[end:]


WRONG = damaged()


def require_round_trip(condition: Condition) -> None:
    """A condition is the same after its text was read, and after its tree was."""
    tree = search_expression(condition)
    assert search_expression(parsed(written(condition))) == tree
    assert search_expression(conditions(tree)) == tree
    assert search_expression(parsed(written(conditions(tree)))) == tree


def require_column_and_hint(text: str) -> bool:
    """What cannot be read is said to be wrong at a column, with a hint; whether it can."""
    try:
        parsed(text)
        return True
    except ExpressionError as error:
        found = error
    assert 1 <= found.column <= len(text) + 1
    assert found.problem
    assert found.hint
    return False
