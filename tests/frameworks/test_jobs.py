from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.frameworks


def test_a_job_compiles_a_pytorch_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    monkeypatch.setenv("SAGECTL_HOME", str(tmp_path / "home"))
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(-1)).eval()
    model = tmp_path / "net.pt"
    torch.jit.trace(net, torch.zeros(1, 4)).save(model)

    asked = ["--model", str(model), "--data-input-config", "[[1, 4]]", "--device", "ml_c5"]
    code = main(["--local", "compile", "create", "net", *asked, "--wait", "--yes"])

    assert code == 0, capfd.readouterr().err
    capfd.readouterr()
    assert main(["--local", "compile", "describe", "net", "-o", "json"]) == 0
    job = json.loads(capfd.readouterr().out)
    assert job["InputConfig"]["Framework"] == "PYTORCH"
    assert job["CompilationJobStatus"] == "COMPLETED"


def test_a_job_that_cannot_read_its_model_says_so_in_neos_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGECTL_HOME", str(tmp_path / "home"))
    model = tmp_path / "net.pb"
    model.write_bytes(b"hello")

    asked = ["--model", str(model), "--input", "x=1,4", "--device", "ml_c5"]
    code = main(["--local", "compile", "create", "net", *asked, "--wait", "--yes"])

    assert code == 5
    assert "Incompatible Tensorflow model" in capfd.readouterr().err
