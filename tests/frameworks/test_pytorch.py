from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.errors import RequestError
from tests.frameworks.conftest import answer, proof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frameworks.conftest import Compile, Digits

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def trained(digits: Digits) -> Any:
    """A convolutional net that knows digits."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
    images = torch.from_numpy(digits.images).unsqueeze(1)
    classes = torch.from_numpy(digits.classes)
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(30):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(images), classes).backward()
        optimiser.step()
    return net.eval()


def exported(path: Path, net: Any, *arguments: Any) -> Path:
    import torch

    torch.export.save(torch.export.export(net, arguments), path)
    return path


def test_an_exported_program_knows_the_digits_that_torch_does(
    tmp_path: Path, trained: Any, digits: Digits, compiled: Compile
) -> None:
    import torch

    images = torch.from_numpy(digits.unseen).unsqueeze(1)
    package = compiled(exported(tmp_path / "digits.pt2", trained, images), "PYTORCH")
    (scores,) = answer(package, images.numpy())

    assert proof(package) == ("passed", "torch")
    np.testing.assert_allclose(scores, trained(images).detach(), rtol=1e-3, atol=1e-3)
    assert (scores.argmax(1) == digits.unseen_classes).mean() > 0.8


def test_torchscript_takes_its_shapes_as_a_list(
    tmp_path: Path, trained: Any, digits: Digits, compiled: Compile
) -> None:
    import torch

    images = torch.from_numpy(digits.unseen[:1]).unsqueeze(1)
    torch.jit.trace(trained, images).save(tmp_path / "digits.pth")
    package = compiled(tmp_path / "digits.pth", "PYTORCH", "[[1, 1, 8, 8]]")

    assert proof(package) == ("passed", "torch")
    assert [row["name"] for row in package.meta["Model"]["Inputs"]] == ["input0"]
    np.testing.assert_allclose(
        answer(package, images.numpy())[0], trained(images).detach(), rtol=1e-3, atol=1e-3
    )


def test_tokens_go_through_embedding_attention_and_lstm(
    tmp_path: Path, compiled: Compile
) -> None:
    import torch
    from torch import nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(50, 16)
            layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
            self.attention = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
            self.memory = nn.LSTM(16, 8, batch_first=True, bidirectional=True)

        def forward(self, tokens: Any, side: Any) -> Any:
            states, _ = self.memory(self.attention(self.words(tokens)))
            return {"last": states[:, -1] + side, "all": states}

    torch.manual_seed(0)
    tokens, side = torch.randint(0, 50, (1, 6)), torch.randn(1, 16)
    net = Reader().eval()
    path = exported(tmp_path / "reader.pt2", net, tokens, side)
    package = compiled(path, "PYTORCH", {"a": [1, 6], "b": [1, 16]})
    found = answer(package, tokens.numpy(), side.numpy())

    assert proof(package) == ("passed", "torch")
    assert [row["name"] for row in package.meta["Model"]["Inputs"]] == ["a", "b"]
    for ours, theirs in zip(found, net(tokens, side).values(), strict=True):
        np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_torchscript_is_fed_as_its_parameters_are(
    tmp_path: Path, compiled: Compile, dtype: str
) -> None:
    import torch
    from torch import nn

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x, times: int = 2):  # type: ignore[no-untyped-def]
            return torch.relu(self.layer(x)) * times

    torch.manual_seed(0)
    net = torch.jit.script(Scaled().to(getattr(torch, dtype)).eval())
    net.save(tmp_path / "net.pt")
    package = compiled(tmp_path / "net.pt", "PYTORCH", {"x": [1, 4]})
    x = np.array([[1, -2, 3, 4]], dtype)

    assert proof(package) == ("passed", "torch")
    assert [(row["name"], row["dtype"]) for row in package.meta["Model"]["Inputs"]] == [
        ("x", dtype)
    ]
    wanted = net(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(answer(package, x)[0], wanted, rtol=1e-2, atol=1e-3)


def test_torchscript_that_needs_a_number_is_refused(tmp_path: Path, compiled: Compile) -> None:
    import torch

    class Scaled(torch.nn.Module):
        def forward(self, x, times: int):  # type: ignore[no-untyped-def]
            return x * times

    torch.jit.script(Scaled()).save(tmp_path / "net.pt")

    with pytest.raises(RequestError, match=r"net\.pt takes times \(int\) besides tensors"):
        compiled(tmp_path / "net.pt", "PYTORCH", {"x": [1, 4]})


def test_operators_that_the_exporter_lacks_are_named_at_once(
    tmp_path: Path, compiled: Compile
) -> None:
    import torch

    class Net(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.cdist(x, x) + torch.linalg.qr(x)[1]

    path = exported(tmp_path / "net.pt2", Net(), torch.zeros(4, 4))

    with pytest.raises(
        RequestError, match=r"lacks aten\.\w*cdist\w*, aten\.linalg_qr"
    ) as caught:
        compiled(path, "PYTORCH")

    assert len(caught.value.details["operators"]) == 2


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ("[[1, 1, 9, 9]]", "has size 8 in dimension 2, not 9"),
        ("[[1, 8, 8]]", "has 4 dimensions"),
        ("[[1, 1, 8, 8], [1, 2]]", "has 1 inputs"),
    ],
    ids=["size", "rank", "count"],
)
def test_shapes_that_a_program_was_not_exported_for_are_refused(
    tmp_path: Path, trained: Any, compiled: Compile, shapes: str, said: str
) -> None:
    import torch

    path = exported(tmp_path / "digits.pt2", trained, torch.zeros(1, 1, 8, 8))

    with pytest.raises(RequestError, match=said) as caught:
        compiled(path, "PYTORCH", shapes)

    assert caught.value.reason == "input"


def test_weights_alone_are_refused(tmp_path: Path, trained: Any, compiled: Compile) -> None:
    import torch

    torch.save(trained.state_dict(), tmp_path / "digits.pth")
    torch.save(trained, tmp_path / "whole.pth")

    with pytest.raises(RequestError, match="weights alone"):
        compiled(tmp_path / "digits.pth", "PYTORCH", "[[1, 1, 8, 8]]")
    with pytest.raises(RequestError, match="is a pickle"):
        compiled(tmp_path / "whole.pth", "PYTORCH", "[[1, 1, 8, 8]]")


class Hostile:
    """Unpickled, it writes a file."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> Any:
        return open, (str(self.witness), "w")


def test_no_pickle_inside_an_exported_program_is_run(
    tmp_path: Path, trained: Any, compiled: Compile
) -> None:
    import torch

    witness = tmp_path / "witness"
    good = exported(tmp_path / "good.pt2", trained, torch.zeros(1, 1, 8, 8))
    bad = tmp_path / "bad.pt2"
    content = io.BytesIO()
    torch.save(Hostile(witness), content, pickle_module=pickle)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(("weight_0", "sample_inputs/model.pt")):
                data = content.getvalue()
            if name.endswith("weights_config.json"):
                config = json.loads(data)
                for row in config["config"].values():
                    row["use_pickle"] = True
                data = json.dumps(config).encode()
            target.writestr(name, data)

    with pytest.raises(RequestError, match="cannot be loaded"):
        compiled(bad, "PYTORCH")

    assert not witness.exists()
