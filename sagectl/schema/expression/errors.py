"""What is wrong with an expression, and at which column."""

from __future__ import annotations

from sagectl.errors import InputError


class ExpressionError(InputError):
    """An expression that cannot be read or sent; ``column`` counts from 1 into ``text``."""

    def __init__(self, problem: str, text: str, column: int, hint: str) -> None:
        self.problem = problem
        self.text = text
        self.column = column
        line = text.replace("\n", " ").replace("\t", " ")
        super().__init__(
            f"column {column}: {problem}\n  {line}\n  {' ' * (column - 1)}^", hint=hint
        )
