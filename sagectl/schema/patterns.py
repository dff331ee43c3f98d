"""Java regular expressions, as the service model writes them, on Python's engine.

Source of the differences: the class ``java.util.regex.Pattern``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_CATEGORIES = (
    *("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"),
    *("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"),
    *("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"),
)
# A text is matched with every character beyond ASCII replaced by one that stands for its
# general category: patterns tell such characters apart by category alone, and a class then has
# a handful of members instead of a hundred thousand.
_STAND_INS = {name: chr(0xE000 + index) for index, name in enumerate(_CATEGORIES)}

# Binary properties, by the general categories that make up all but a few characters of each.
_PROPERTIES = {
    "IsAlphabetic": ("L", "Nl"),
    "IsLetter": ("L",),
    "IsDigit": ("Nd",),
    "IsUppercase": ("Lu",),
    "IsLowercase": ("Ll",),
    "IsPunctuation": ("P",),
    "IsWhite_Space": ("Z",),
}
_POSIX = {  # ASCII alone, as in Java
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Space": r" \t\n\x0b\f\r",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
}
_TOKEN = re.compile(
    r"\\(?P<sign>[pP])(?:\{(?P<name>\w+)\}|(?P<letter>\w))"
    r"|(?P<surrogates>\\uD800\\uDC00-\\uDBFF\\uDFFF)"
    r"|\$(?P<count>\{\d+(?:,\d*)?\})"  # Java may repeat an anchor
    r"|(?P<plain>\\.|[\[\].]|[^\\\[\].$]+|\$)",
    re.DOTALL,
)
_LINE = r"[^\n\r\u0085\u2028\u2029]"  # what a dot is in Java
_ANYTHING = frozenset((r"[\S\s]+", r"[\s\S]+", r"[\S\s]*", r"[\s\S]*"))

_NAME = "Letters, digits and hyphens; it starts and ends with a letter or digit."
_ROLE = "An IAM role, such as arn:aws:iam::123456789012:role/compile."
_TOPIC = "An SNS topic, such as arn:aws:sns:us-east-1:123456789012:tasks."
_S3 = "An S3 URI, such as s3://bucket/folder/model.tar.gz."

# Shape -> what its pattern asks for, in words.
PATTERN_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "EntityName": _NAME,
        "WorkteamName": _NAME,
        "LabelingJobName": _NAME,
        "LabelAttributeName": _NAME,
        "WorkforceName": "Letters, digits and hyphens; it starts with a letter or digit.",
        "RoleArn": _ROLE,
        "S3Uri": _S3,
        "FrameworkVersion": "One digit, a dot, and more: 1.8, 2.0.1.",
        "OidcEndpoint": "A URL that starts with https://.",
        "WorkteamArn": "A work team's ARN, or {ref: Workteam/NAME} in a manifest.",
        "CognitoUserPool": "A user pool's id, such as us-east-1_AbCdEf123.",
        "Cidr": "A network with its prefix length, such as 203.0.113.0/24 or 2001:db8::/32.",
        "NotificationTopicArn": _TOPIC,
        "SnsTopicArn": _TOPIC,
        "TagKey": "Letters, digits, spaces and _ . : / = + - @.",
        "TagValue": "Letters, digits, spaces and _ . : / = + - @.",
        "CognitoUserGroup": "Letters, digits and signs, no spaces.",
        "Group": "Letters, digits and signs, no spaces.",
        "TaskKeyword": "Letters and digits, words apart by one space.",
    }
)


@lru_cache(512)
def matcher(pattern: str | None) -> Callable[[str], object]:
    """Gives something true if the whole of a text matches ``pattern``.

    No pattern, or one with a class that is not known here, leaves it to the service.
    """
    if pattern is None or pattern in _ANYTHING or not all(map(_members, _classes(pattern))):
        return _always
    match = re.compile(python_pattern(pattern), re.ASCII).fullmatch
    if next(_classes(pattern), None) is None:
        return match
    return lambda text: match(_by_category(text))


def python_pattern(pattern: str) -> str:
    """``pattern`` for Python's ``re`` (with ``re.ASCII``: Java's ``\\w`` knows no other)."""
    return "".join(_pieces(pattern))


def _always(_: str) -> bool:
    return True


def _pieces(pattern: str) -> Iterator[str]:
    is_class = False
    for token in _TOKEN.finditer(pattern):
        name, plain = token["name"] or token["letter"], token["plain"]
        if name:
            members = _members(name, is_negated=token["sign"] == "P")
            yield members if is_class else f"[{members}]"
        elif token["surrogates"]:
            yield r"\U00010000-\U0010FFFF"
        elif plain == "." and not is_class:
            yield _LINE
        else:
            is_class = plain == "[" or (is_class and plain != "]")
            yield plain or "$"


def _classes(pattern: str) -> Iterator[str]:
    return (
        token["name"] or token["letter"] for token in _TOKEN.finditer(pattern) if token["sign"]
    )


def _members(name: str, *, is_negated: bool = False) -> str:
    """The inside of a bracket that holds a class, "" if the class is not known."""
    if name in _POSIX and not is_negated:
        return _POSIX[name]
    wanted = _PROPERTIES.get(name, (name.removeprefix("Is"),))
    chosen = [item for item in _CATEGORIES if item.startswith(wanted)]
    if not chosen or name in _POSIX:
        return ""
    if is_negated:
        chosen = [item for item in _CATEGORIES if item not in chosen]
    return _ascii_of(tuple(chosen)) + "".join(_STAND_INS[item] for item in chosen)


def _ascii_of(categories: tuple[str, ...]) -> str:
    from unicodedata import category

    letters = map(chr, range(128))
    return "".join(re.escape(letter) for letter in letters if category(letter) in categories)


def _by_category(text: str) -> str:
    if text.isascii():
        return text
    from unicodedata import category

    return "".join(char if char < "\x80" else _STAND_INS[category(char)] for char in text)
