"""What is wrong with an expression, and at which column."""

from __future__ import annotations

from sagectl.errors import InputError

# Letters of a long expression that are shown, which no terminal wraps (the caret would point
# at nothing), how many of them before the column, and what stands for the others.
_SHOWN, _BEFORE, _MORE = 76, 40, "..."


class ExpressionError(InputError):
    """An expression that cannot be read or sent; ``column`` counts from 1 into ``text``."""

    def __init__(self, problem: str, text: str, column: int, hint: str) -> None:
        self.problem = problem
        self.text = text
        self.column = column
        before, line = _around(text.replace("\n", " ").replace("\t", " "), column)
        super().__init__(f"column {column}: {problem}\n  {line}\n  {' ' * before}^", hint=hint)


def _around(line: str, column: int) -> tuple[int, str]:
    """What is shown of ``line``, and how many letters of that are before ``column``."""
    start = max(0, column - 1 - _BEFORE) if len(line) > _SHOWN else 0
    left = _MORE if start else ""
    more = _MORE if len(line) > start + _SHOWN else ""
    shown = f"{left}{line[start + len(left) : start + _SHOWN - len(more)]}{more}"
    return column - 1 - start, shown
