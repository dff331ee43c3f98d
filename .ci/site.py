"""What the site needs beside the pages of docs/: a first page, and links that stay inside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
FOLDERS = ("how-to", "reference", "explanation")
# A link to a file of the repository that is no page.
_OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+(?:examples|tests|sagectl)[^)]*\)")
# A fence that names the file it shows, as the test of the transcripts reads it.
_FILE = re.compile(r"^```(\w+) (\S+)$", re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """The README is the first page, its links to pages made those of the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    files.append(File.generated(config, "index.md", content=text))
    return files


def on_config(config: Any) -> Any:
    """Folders in the navigation stand for their pages, by the alphabet."""
    docs = Path(config["docs_dir"])
    for entry in config["nav"]:
        for title, place in entry.items() if isinstance(entry, dict) else ():
            if str(place).rstrip("/") in FOLDERS:
                pages = sorted((docs / place).glob("*.md"))
                entry[title] = [str(page.relative_to(docs)) for page in pages]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links that lead out become words, and a file's name the title of its block."""
    return _FILE.sub(r'```\1 title="\2"', _OUTSIDE.sub(r"`\1`", markdown))
