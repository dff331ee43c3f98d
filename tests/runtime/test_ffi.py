from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def printed(code: str, *folders: Path) -> str:
    path = [*map(str, folders), *sys.path]
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


@pytest.fixture
def torch(tmp_path: Path) -> Path:
    """A torch that tells when it is imported."""
    (tmp_path / "torch.py").write_text("print('torch is imported')\n")
    return tmp_path


def test_the_runtime_does_not_import_torch(torch: Path) -> None:
    code = "from sagectl.runtime.ffi import import_ffi; import_ffi(); import tvm_ffi"

    assert printed(code, torch) == ""


def test_torch_can_be_imported_afterwards(torch: Path) -> None:
    code = "from sagectl.runtime.ffi import import_ffi; import_ffi(); import torch"

    assert printed(code, torch) == "torch is imported\n"


def test_other_threads_find_torch_meanwhile(torch: Path) -> None:
    code = (
        "import threading\n"
        "from sagectl.runtime import ffi\n"
        "with ffi.without_torch():\n"
        "    thread = threading.Thread(target=lambda: __import__('torch'))\n"
        "    thread.start(); thread.join()\n"
    )

    assert printed(code, torch) == "torch is imported\n"


def test_the_compiler_does_not_import_torch(torch: Path) -> None:
    code = "from sagectl.compiler.targets import resolve; resolve(None, None, {}); import tvm"

    assert printed(code, torch) == ""
