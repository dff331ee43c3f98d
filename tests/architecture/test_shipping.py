"""What is shipped: the same bytes each time, whole, and quick to import."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import sagectl

ROOT = Path(__file__).parents[2]


def built(folder: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution, as any build frontend makes them."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return built(tmp_path_factory.mktemp("first"))


def test_the_same_tree_gives_the_same_bytes(shipped: tuple[Path, Path], tmp_path: Path) -> None:
    again = built(tmp_path)

    assert [path.name for path in again] == [path.name for path in shipped]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in shipped]


def test_the_wheel_has_all_that_runs_and_nothing_else(shipped: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(shipped[0]).namelist()

    assert {name.split("/")[0] for name in names} == {
        "sagectl",
        f"sagectl-{sagectl.__version__}.dist-info",
    }
    assert "sagectl/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    kept = {str(path.relative_to(ROOT)) for path in tracked("sagectl")}
    assert kept <= set(names)
    assert not any("__pycache__" in name for name in names)


def test_the_source_distribution_can_be_tested(shipped: tuple[Path, Path]) -> None:
    with tarfile.open(shipped[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "tests/conftest.py"} <= names
    assert any(name.startswith("examples/") for name in names)


def tracked(folder: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout: nothing tells which files belong to the project")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_public_names_are_found_when_asked_for_and_not_before() -> None:
    script = (
        "import sys, sagectl, sagectl.schema\n"
        "early = {'tvm', 'numpy', 'onnx', 'yaml', 'botocore', 'boto3'} & set(sys.modules)\n"
        "assert not early, early\n"
        "for module in (sagectl, sagectl.schema):\n"
        "    assert module.__all__ and all(getattr(module, name) for name in module.__all__)\n"
        "assert not hasattr(sagectl, 'nothing')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
