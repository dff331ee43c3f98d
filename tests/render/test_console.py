"""Where colour goes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sagectl.render.console import uses_color

if TYPE_CHECKING:
    from collections.abc import Mapping


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "choice", "environ", "expected"),
    [
        pytest.param(Terminal(), "auto", {}, True, id="terminal"),
        pytest.param(io.StringIO(), "auto", {}, False, id="pipe"),
        pytest.param(Terminal(), "auto", {"TERM": "dumb"}, False, id="dumb-terminal"),
        pytest.param(Terminal(), "auto", {"NO_COLOR": "1"}, False, id="no-color"),
        pytest.param(Terminal(), "auto", {"NO_COLOR": ""}, True, id="empty-no-color"),
        pytest.param(io.StringIO(), "auto", {"FORCE_COLOR": "1"}, True, id="force-color"),
        pytest.param(io.StringIO(), "auto", {"FORCE_COLOR": "0"}, False, id="force-color-0"),
        pytest.param(io.StringIO(), "auto", {"CLICOLOR_FORCE": "1"}, True, id="clicolor-force"),
        pytest.param(
            io.StringIO(), "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, id="both"
        ),
        pytest.param(io.StringIO(), "always", {"NO_COLOR": "1"}, True, id="always"),
        pytest.param(Terminal(), "never", {"FORCE_COLOR": "1"}, False, id="never"),
    ],
)
def test_the_nearest_wish_wins(
    stream: io.StringIO, choice: str, environ: Mapping[str, str], expected: bool
) -> None:
    assert uses_color(stream, choice, environ) is expected
