"""The terminal, or what stands in its place: where results and remarks go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sagectl.diagnostics import Diagnostic
    from sagectl.errors import SagectlError
    from sagectl.render.views import View
    from sagectl.settings import Settings

# What is coloured -> its style, in rich's words; all of them are single ANSI codes.
STYLES = {
    "error": "red",
    "warning": "yellow",
    "hint": "cyan",
    "key": "cyan",
    "good": "green",
    "bad": "red",
    "busy": "yellow",
    "dim": "bright_black",
    "bold": "bold",
}
_ANSI = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bright_black": 90, "bold": 1}
_GOOD = frozenset(("completed", "active"))
_BAD = frozenset(("failed", "stopped"))


def uses_color(stream: TextIO, choice: str, environ: Mapping[str, str]) -> bool:
    """Whether to colour what goes to ``stream``.

    ``--color`` beats ``NO_COLOR`` beats ``FORCE_COLOR`` and ``CLICOLOR_FORCE`` beat what the
    stream is (no-color.org, bixense.com/clicolors).
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(
        environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


class Console:
    """Results to stdout, everything else to stderr, each with colour where it belongs."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        settings: Settings,
        *,
        environ: Mapping[str, str],
        width: int | None = None,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.settings = settings
        self.environ = environ
        self._width = width
        self.is_terminal = stdout.isatty()
        self.is_error_terminal = stderr.isatty()
        self.has_color = uses_color(stdout, settings.color, environ)
        self.has_error_color = uses_color(stderr, settings.color, environ)

    @property
    def width(self) -> int:
        """Columns of the terminal; 80 where there is none."""
        if self._width is None:
            import shutil

            self._width = shutil.get_terminal_size().columns
        return self._width

    def now(self) -> datetime:
        from datetime import UTC, datetime

        return datetime.now(UTC)

    def show(self, view: View) -> None:
        """Write a result to stdout in the chosen format."""
        from sagectl.render.formats import write

        write(view, self)

    def say(self, text: str) -> None:
        """Write a remark to stderr; ``--quiet`` silences it."""
        if not self.settings.quiet:
            self.stderr.write(f"{text}\n")
            self.stderr.flush()

    def warn(self, diagnostic: Diagnostic) -> None:
        """Write a finding that stops nothing to stderr."""
        from sagectl.render.problem_view import finding_text

        self.stderr.write(finding_text(diagnostic, self) + "\n")

    def problem(self, error: SagectlError) -> None:
        """Write what went wrong to stderr, as text or, with ``-o json``, as JSON."""
        from sagectl.render.problem_view import problem

        self.stderr.write(problem(error, self) + "\n")

    def style(self, text: str, what: str) -> str:
        """``text`` for stdout, coloured as ``what`` is."""
        return _colored(text, self.shade(text, what)) if self.has_color else text

    def style_error(self, text: str, what: str) -> str:
        """``text`` for stderr, coloured as ``what`` is."""
        return _colored(text, self.shade(text, what)) if self.has_error_color else text

    @staticmethod
    def shade(text: str, what: str) -> str:
        """The style of a cell: a status is coloured by how it went, anything else by name."""
        return STYLES.get(Console.status(text) if what == "status" else what, "")

    @staticmethod
    def status(text: str) -> str:
        """How a status is shown: good, bad or busy."""
        word = text.lower()
        return "good" if word in _GOOD else "bad" if word in _BAD else "busy"

    def rich(self, *, error: bool = False) -> Any:
        """A rich console on stdout, or on stderr."""
        from rich.console import Console as RichConsole

        has_color = self.has_error_color if error else self.has_color
        return RichConsole(
            file=self.stderr if error else self.stdout,
            width=self._width,
            # Bold counts as colour: without a colour system rich writes neither.
            color_system="standard" if has_color else None,
            force_terminal=self.is_error_terminal if error else self.is_terminal,
            highlight=False,
            markup=False,
            emoji=False,
        )


def _colored(text: str, style: str) -> str:
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style else text


def bare_console(settings: Settings, environ: Mapping[str, str]) -> Console:
    """A console on the process's own streams, for when nothing else could be made."""
    return Console(sys.stdout, sys.stderr, settings, environ=environ)
