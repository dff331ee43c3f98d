"""From the text of an expression to its conditions, by recursive descent.

condition  = every, {"or", every} ;
every      = single, {"and", single} ;
single     = "not", single | "(", condition, ")" | "exists", name | property ;
property   = name, ( comparison | "exists" | "[", condition, "]" ) ;
comparison = ("=" | "!=" | "<" | "<=" | ">" | ">=" | "contains"), value
           | ["not"], "in", "(", value, {",", value}, ")" ;
"""

from __future__ import annotations

import re

from sagectl.schema.expression.conditions import (
    OPPOSITES,
    ORDERING,
    SYMBOLS,
    Comparison,
    Condition,
    Either,
    Every,
    Nested,
    joined,
)
from sagectl.schema.expression.errors import ExpressionError
from sagectl.schema.expression.times import in_utc
from sagectl.schema.expression.tokens import QUOTED, Token, tokens, unquoted

OPERATORS = {symbol: name for name, symbol in SYMBOLS.items()} | {
    "==": "Equals",
    "<>": "NotEquals",
}
WORDS = frozenset(("and", "or", "not", "in", "contains", "exists"))
# Deeper nesting than any expression of at most fifty conditions needs.
MAX_DEPTH = 100

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# What people write who know another language -> what they mean in this one.
_WISHES = {
    "like": "Write contains 'TEXT'.",
    "is": "Write exists NAME, or not exists NAME.",
    "between": "Write NAME >= LEAST and NAME <= MOST.",
}


def parsed(text: str) -> Condition:
    """The conditions that ``text`` states; ExpressionError names the column otherwise."""
    parser = _Parser(text)
    condition = parser.condition()
    if parser.token.kind != "end":
        raise parser.wrong(
            "this cannot follow a whole condition", "Join conditions by 'and' or 'or'."
        )
    return condition


class _Parser:
    """The grammar above, one method a rule."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.token
        self.index += token.kind != "end"
        return token

    def wrong(self, problem: str, hint: str, at: Token | None = None) -> ExpressionError:
        return ExpressionError(problem, self.text, (at or self.token).column, hint)

    def expect(self, symbol: str, opened: Token) -> None:
        if not self.token.reads(symbol):
            hint = f"It closes the {opened.text!r} at column {opened.column}."
            raise self.wrong(f"{symbol!r} is missing here", hint)
        self.take()

    def condition(self) -> Condition:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(
                "the expression is nested too deeply", f"{MAX_DEPTH} levels are read."
            )
        parts = [self.every()]
        while self.token.reads("or"):
            self.take()
            parts.append(self.every())
        self.depth -= 1
        return joined(Either, tuple(parts))

    def every(self) -> Condition:
        parts = [self.single()]
        while self.token.reads("and"):
            self.take()
            parts.append(self.single())
        return joined(Every, tuple(parts))

    def single(self) -> Condition:
        negations = 0
        first = self.token
        while self.token.reads("not"):
            self.take()
            negations += 1
        condition = self.positive()
        return self.negated(condition, first) if negations % 2 else condition

    def positive(self) -> Condition:
        token = self.token
        if token.reads("("):
            self.take()
            condition = self.condition()
            self.expect(")", token)
            return condition
        if token.reads("exists"):
            self.take()
            return Comparison(self.name(), "Exists", column=token.column)
        return self.property()

    def name(self) -> str:
        token = self.token
        if token.kind != "word" or token.text.lower() in WORDS:
            raise self.wrong(
                "the name of a property belongs here",
                "For example Metrics.accuracy, Tags.team or TrainingJobStatus.",
            )
        self.take()
        return re.sub(QUOTED, lambda quoted: unquoted(quoted[0]), token.text)

    def property(self) -> Condition:
        column = self.token.column
        name = self.name()
        token = self.take()
        if token.reads("["):
            return self.nested(name, token, column)
        if token.reads("exists"):
            return Comparison(name, "Exists", column=column)
        if token.reads("in"):
            return self.membership(name, column)
        if token.reads("not"):
            if not self.token.reads("in"):
                raise self.wrong(
                    "only 'in' can follow 'not' here", "Put 'not' before the condition."
                )
            self.take()
            return self.negated(self.membership(name, column), token)
        if token.text.lower() in OPERATORS and token.kind != "quoted":
            return self.comparison(name, OPERATORS[token.text.lower()], token, column)
        self.index -= token.kind != "end"
        usual = f"Use {', '.join(SYMBOLS.values())}, in (...), exists or [...]."
        raise self.wrong(
            f"a comparison belongs after {name!r}", _WISHES.get(token.text.lower(), usual)
        )

    def comparison(self, name: str, operator: str, token: Token, column: int) -> Comparison:
        value, is_text = self.value()
        if operator in ORDERING and is_text:
            value = self.time(value, token)
        if operator == "Contains" and not is_text:
            raise self.wrong(
                "'contains' looks into text, and this is a number",
                "Put it in quotes.",
                self.tokens[self.index - 1],
            )
        return Comparison(name, operator, value, is_text, column)

    def time(self, text: str, operator: Token) -> str:
        """A day or a time, of any zone, as the service takes times: of UTC, to the second."""
        hint = "A time is written 'YYYY-MM-DDTHH:MM:SS'."
        written = self.tokens[self.index - 1]
        if not _DATE.match(text):
            problem = f"{operator.text!r} compares numbers and times, and this is text"
            raise self.wrong(problem, hint, written)
        try:
            return in_utc(text)
        except (ValueError, OverflowError) as error:
            raise self.wrong(f"this is no time: {error}", hint, written) from error

    def membership(self, name: str, column: int) -> Comparison:
        opened = self.token
        if not opened.reads("("):
            raise self.wrong("'in' wants a list", "For example: in ('Completed', 'Failed').")
        self.take()
        values = [self.member()]
        while self.token.reads(","):
            self.take()
            values.append(self.member())
        self.expect(")", opened)
        return Comparison(name, "In", ",".join(values), True, column)

    def member(self) -> str:
        token = self.token
        value, _ = self.value()
        if "," in value:
            raise self.wrong(
                "a value with a comma cannot stand in a list",
                "The service separates the values of In by commas; use '=' and 'or'.",
                token,
            )
        return value

    def value(self) -> tuple[str, bool]:
        token = self.token
        if token.kind == "quoted":
            self.take()
            text = unquoted(token.text)
            if not text:
                raise self.wrong(
                    "an empty value cannot be compared with", "Use 'exists'.", token
                )
            return text, True
        if token.kind == "number":
            self.take()
            return token.text.removeprefix("+"), False
        if token.reads("true", "false"):
            self.take()
            return token.text.lower(), True
        hint = "For example 0.9 or 'Completed'."
        if token.kind == "word":
            hint = f"Put it in quotes: '{token.text}'."
        elif token.reads("<", ">"):
            hint = f"Write {token.text}=."
        raise self.wrong("a number or a quoted text belongs here", hint)

    def nested(self, name: str, opened: Token, column: int) -> Condition:
        inner = self.condition()
        self.expect("]", opened)
        # Some element meets "a or b" exactly if some element meets a, or some one meets b.
        choices = self.alternatives(inner, opened)
        return joined(Either, tuple(Nested(name, parts, column) for parts in choices))

    def alternatives(self, condition: Condition, at: Token) -> list[tuple[Comparison, ...]]:
        match condition:
            case Comparison():
                return [(condition,)]
            case Nested():
                raise self.wrong(
                    "a list within a list cannot be searched",
                    "Search by the outer list, and filter the result with --query.",
                    at,
                )
            case Either(parts):
                return [choice for part in parts for choice in self.alternatives(part, at)]
            case Every(parts):
                choices: list[tuple[Comparison, ...]] = [()]
                for part in parts:
                    more = self.alternatives(part, at)
                    choices = [left + right for left in choices for right in more]
                    if len(choices) > 50:
                        raise self.wrong(
                            "this expands to more than fifty alternatives",
                            "The service takes fifty conditions; write it simpler.",
                            at,
                        )
                return choices

    def negated(self, condition: Condition, at: Token) -> Condition:
        match condition:
            case Every(parts):
                return joined(Either, tuple(self.negated(part, at) for part in parts))
            case Either(parts):
                return joined(Every, tuple(self.negated(part, at) for part in parts))
            case Comparison(name, "In", str(values), _, column):
                return joined(
                    Every,
                    tuple(
                        Comparison(name, "NotEquals", value, True, column)
                        for value in values.split(",")
                    ),
                )
            case Comparison(name, operator, value, is_text, column) if operator in OPPOSITES:
                return Comparison(name, OPPOSITES[operator], value, is_text, column)
            case Comparison():
                raise self.wrong(
                    "the service cannot search for what does not contain a text",
                    "Search without it, and filter the result with --query.",
                    at,
                )
            case Nested():
                raise self.wrong(
                    "the service cannot search for lists with no such element",
                    "Negate the condition inside the brackets, if some element may meet that.",
                    at,
                )
