"""Every transcript in the documentation, run as a reader would run it.

A ``console`` block holds commands (``$ ``, going on in the next line after a backslash) and
what they print; a line ``...`` stands for any lines. A block marked ``yaml FILE`` or ``csv
FILE`` is that file, and a comment ``<!-- $ COMMAND -->`` is run unseen: what a reader has done
long before. The blocks of a page run in order, in a copy of the examples, in a home of their
own. Times, durations, sizes and the place of the home are the reader's own and are not
compared, nor is the remark on which plane answers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
HOME = "~/.local/state/sagectl"
OWN = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s)\b"), "DURATION"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:bytes|KiB|MiB)\b"), "SIZE"),
    (re.compile(r"\d\.\d+e-\d\d"), "DIFFERENCE"),
    (re.compile(r"onnxruntime \d+\.\d+\.\d+"), "onnxruntime VERSION"),
    (re.compile(r"[ -]{2,}"), "  "),
)


class Step(NamedTuple):
    """A command, and the lines it prints according to the page."""

    line: int
    command: str
    printed: list[str]

    @property
    def script(self) -> str:
        return f"{self.command}END\n" if "<<'END'" in self.command else self.command


def steps(page: Path) -> list[Step]:
    found: list[Step] = []
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            fence = line.removeprefix("```").strip() if not fence else ""
            if is_file(fence):
                found.append(Step(number, f"cat > {fence.split()[1]} <<'END'\n", []))
        elif is_file(fence):
            found[-1] = found[-1]._replace(command=f"{found[-1].command}{line}\n")
        elif unseen := re.fullmatch(r"<!-- \$ (.*) -->", line):
            found.append(Step(number, unseen[1], ["..."]))
        elif fence == "console" and line.startswith("$ "):
            found.append(Step(number, line.removeprefix("$ "), []))
        elif fence == "console" and found and goes_on(found[-1]):
            found[-1] = found[-1]._replace(command=f"{found[-1].command}\n{line}")
        elif fence == "console" and found:
            found[-1].printed.append(line)
    return found


def is_file(fence: str) -> bool:
    return len(fence.split()) == 2


def goes_on(step: Step) -> bool:
    return not step.printed and step.command.endswith("\\")


PAGES = [
    page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if steps(page)
]


def normal(line: str) -> str:
    for pattern, name in OWN:
        line = pattern.sub(name, line)
    return line.rstrip()


def told(lines: list[str]) -> list[str]:
    return [line for line in lines if line != f"local control plane at {HOME}"]


def matching(printed: list[str]) -> re.Pattern[str]:
    """A pattern for what a page shows."""
    parts = [
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(normal(line)) + r"\n"
        for line in told(printed)
    ]
    return re.compile("".join(parts))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    place = tmp_path / "sagectl"
    shutil.copytree(ROOT / "examples", place / "examples")
    user = tmp_path / "user"
    user.mkdir()
    environ = os.environ | {
        "HOME": str(user),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    environ.pop("SAGECTL_HOME", None)

    for step in steps(page):
        done = subprocess.run(
            ["bash", "-c", step.script],
            cwd=place,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        shown = done.stdout.replace(f"{user}/.local/state/sagectl", HOME)
        lines = "".join(f"{normal(line)}\n" for line in told(shown.splitlines()))
        where = f"{page.relative_to(ROOT)}:{step.line}: {step.command}"
        assert matching(step.printed).fullmatch(lines), f"{where}\n\n{shown}"
