"""The log of a failure that nobody expected."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from typing import TYPE_CHECKING

from sagectl import __version__
from sagectl.cli.options import SECRET_OPTIONS
from sagectl.settings import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.settings import Home

MASK = "********"


def write_log(error: BaseException, args: Sequence[str], home: Home) -> str:
    """Write what happened under ``home.crash`` and return a sentence that says where.

    The log holds no values of variables, and secrets given as options are masked wherever
    they occur in it.
    """
    secrets = list(secret_values(args))
    text = _masked("".join(_report(error, args)), secrets)
    path = home.crash / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
    try:
        make_private(path.parent)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as obstacle:
        return f"no log could be written to {path} ({obstacle.strerror}), --debug shows it"
    return f"please report it with {path}"


def secret_values(args: Sequence[str]) -> Iterator[str]:
    """The values that secret options have in ``args``, in either spelling."""
    for index, arg in enumerate(args):
        name, given, value = arg.partition("=")
        if name in SECRET_OPTIONS:
            value = value if given else "".join(args[index + 1 : index + 2])
            if value:
                yield value


def _report(error: BaseException, args: Sequence[str]) -> Iterator[str]:
    yield f"sagectl {__version__}\n"
    yield f"Python {sys.version.split()[0]} on {platform.platform()}\n"
    yield f"arguments: {list(args)}\n\n"
    yield from traceback.format_exception(error)


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
