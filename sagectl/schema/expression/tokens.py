"""The pieces that the text of an expression is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sagectl.schema.expression.errors import ExpressionError

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_TOKEN = re.compile(
    rf"""\s*(?:
        (?P<quoted>{QUOTED})
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.:/-]))
      | (?P<word>[^\W\d](?:[\w:/@+-]|\.(?=[\w'"`])|(?<=\.)(?:{QUOTED}))*)
      | (?P<symbol>==|!=|<>|<=|>=|[=<>()\[\],])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text; ``kind`` is quoted, number, word, symbol or end."""

    kind: str
    text: str
    column: int

    def reads(self, *words: str) -> bool:
        """Whether it is one of ``words``, which are keywords or symbols."""
        return self.kind in ("word", "symbol") and self.text.lower() in words


def tokens(text: str) -> list[Token]:
    """The pieces of ``text``, closed by an end; ExpressionError names the column otherwise."""
    found: list[Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            raise _unreadable(text, column)
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*found, Token("end", "", end + 1)]


def _unreadable(text: str, column: int) -> ExpressionError:
    char = text[column - 1]
    if char in "'\"":
        return ExpressionError(
            "this quotation has no end", text, column, f"Close it with {char}."
        )
    if char.isdigit():
        return ExpressionError(
            "this is neither a number nor a name", text, column, "Put text in quotes."
        )
    hints = {"&": "Write 'and'.", "|": "Write 'or'.", "!": "Write 'not', or '!='."}
    hints |= dict.fromkeys(
        "\u2018\u2019\u201c\u201d\u00ab\u00bb", "Quotes are straight: 'text'."
    )
    hint = hints.get(char, "Text goes in quotes; operators are =, !=, <, <=, >, >=.")
    return ExpressionError(f"{char!r} means nothing here", text, column, hint)


def unquoted(text: str) -> str:
    """What a text in quotes says."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])
