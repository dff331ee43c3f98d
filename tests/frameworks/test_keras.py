from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.frameworks.conftest import answer, proof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frameworks.conftest import Compile

pytestmark = pytest.mark.frameworks


@pytest.mark.parametrize("framework", ["KERAS", "TENSORFLOW"])
def test_the_constants_of_a_normalization_are_no_inputs(
    tmp_path: Path, compiled: Compile, framework: str
) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    known = np.random.default_rng(0).normal(3, 2, (50, 200)).astype(np.float32)
    scale = layers.Normalization()
    scale.adapt(known)
    model = keras.Sequential([keras.Input((200,), name="x"), scale, layers.Dense(3)])
    path = tmp_path / ("net.keras" if framework == "KERAS" else "net")
    model.save(path) if framework == "KERAS" else model.export(path, verbose=False)
    package = compiled(path, framework, {"x": [1, 200]})

    assert proof(package) == ("passed", "tensorflow")
    assert [row["name"] for row in package.meta["Model"]["Inputs"]] == ["x"]
    np.testing.assert_allclose(answer(package, known[:1])[0], model(known[:1]), atol=1e-4)
