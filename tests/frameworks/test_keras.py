from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sagectl.compiler.errors import RequestError
from sagectl.runtime import load
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


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_inputs_and_outputs_by_name_keep_their_names(
    tmp_path: Path, compiled: Compile, suffix: str
) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    late, early = keras.Input((4,), name="late"), keras.Input((3,), name="early")
    results = {"z": layers.Dense(2, name="by_late")(late), "a": layers.Dense(2)(early)}
    model = keras.Model({"late": late, "early": early}, results)
    model.save(tmp_path / f"net.{suffix}")
    shapes = {"early": [1, 3], "late": [1, 4]}
    package = compiled(tmp_path / f"net.{suffix}", "KERAS", shapes)
    feeds = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}

    assert proof(package) == ("passed", "tensorflow")
    found = load(package.path).run(feeds)
    np.testing.assert_allclose(found["by_late"], model(feeds)["z"], rtol=1e-3, atol=1e-5)


def test_text_for_an_input_is_refused(tmp_path: Path, compiled: Compile) -> None:
    import keras
    from keras import layers

    word = keras.Input((1,), dtype="string", name="word")
    number = layers.StringLookup(vocabulary=["a", "b"])(word)
    keras.Model(word, layers.Embedding(4, 2)(number)).save(tmp_path / "words.keras")

    with pytest.raises(RequestError, match="Input 'word' takes text") as caught:
        compiled(tmp_path / "words.keras", "KERAS", {"word": [1, 1]})

    assert caught.value.reason == "input"


def test_weights_alone_are_refused(tmp_path: Path, compiled: Compile) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(2)])
    model.save_weights(tmp_path / "net.weights.h5")

    with pytest.raises(RequestError, match="holds weights alone"):
        compiled(tmp_path / "net.weights.h5", "KERAS", {"x": [1, 4]})


def test_half_a_file_is_refused(tmp_path: Path, compiled: Compile) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(2)])
    model.save(tmp_path / "net.h5")
    whole = (tmp_path / "net.h5").read_bytes()
    (tmp_path / "net.h5").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(RequestError, match="is cut short"):
        compiled(tmp_path / "net.h5", "KERAS", {"x": [1, 4]})
