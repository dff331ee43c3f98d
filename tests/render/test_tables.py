"""Records as indented lines."""

from __future__ import annotations

import io
from pathlib import Path

from sagectl.render.console import Console
from sagectl.render.tables import outline
from sagectl.settings import Settings

RECORD = {"Target": {"Features": ["avx", "avx2", "avx512f", "bmi", "fma"]}, "Digest": "d" * 40}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(out: io.StringIO) -> list[str]:
    settings = Settings(Path("home"), color="never")
    return list(outline(RECORD, Console(out, out, settings, environ={}, width=30)))


def test_a_record_is_folded_at_words_where_a_terminal_ends() -> None:
    assert lines(Terminal()) == [
        "Target:",
        "  Features: avx, avx2,",
        "            avx512f, bmi, fma",
        f"Digest: {'d' * 40}",
    ]


def test_a_record_in_a_pipe_is_not_folded() -> None:
    assert "  Features: avx, avx2, avx512f, bmi, fma" in lines(io.StringIO())
