"""Digits as scikit-learn has them, and packages of models that were trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from sagectl.compiler.packaging import Package

    Compile = Callable[..., Package]


@dataclass(frozen=True, slots=True)
class Digits:
    """Images as float32[n, 8, 8] in 0..1 with their classes, and as many kept back."""

    images: np.ndarray[Any, Any]
    classes: np.ndarray[Any, Any]
    unseen: np.ndarray[Any, Any]
    unseen_classes: np.ndarray[Any, Any]


@pytest.fixture(scope="session")
def digits() -> Digits:
    import numpy as np
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)
    return Digits(images[:1200], classes[:1200], images[1200:1216], classes[1200:1216])


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Compiles a model for this machine; its verification must have been by ``framework``."""

    def package(model: Path, framework: str, shapes: Any = None, **more: Any) -> Package:
        asked = compile_request(
            model,
            output=tmp_path / "out",
            framework=framework,
            data_input_config=shapes,
            **more,
        )
        return compile_model(asked)

    return package


def proof(package: Package) -> tuple[str, str]:
    """How verification ended, and the engine it was against without its version."""
    found = package.meta["Sagectl"]["Verification"]
    return found["Result"], found.get("Reference", found.get("Reason", "")).rpartition(" ")[0]


def answer(package: Package, *arrays: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """What a package gives for arrays in the order of its inputs."""
    runner = load(package.path)
    feeds = {port.name: array for port, array in zip(runner.inputs, arrays, strict=True)}
    return list(runner.run(feeds).values())
