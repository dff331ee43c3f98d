"""The house's rules, as far as tools can hold them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "sagectl").rglob("*.py"))
CHECKS = {
    "imports": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
    "style": [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
    "format": [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."],
    "types": [sys.executable, "-m", "mypy", "--cache-dir", "{tmp}"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_tree_passes_its_own_check(check: str, tmp_path: Path) -> None:
    command = [part.format(tmp=tmp_path) for part in CHECKS[check]]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert docstring, f"{path} has no docstring"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", "?")), "a whole sentence"


def test_tests_patch_nothing() -> None:
    banned = ("mock" + ".patch", "Magic" + "Mock", "mocker" + ".")
    patched = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in banned)
    ]

    assert patched == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.name == "__init__.py"],
    ids=lambda path: str(path.parent.relative_to(ROOT)),
)
def test_no_module_is_named_like_a_function_of_its_package(path: Path) -> None:
    """Importing the module would replace the function."""
    defined = {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    modules = {each.stem for each in path.parent.iterdir()}

    assert not defined & modules
