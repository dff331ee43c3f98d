from __future__ import annotations

import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.errors import RequestError
from sagectl.runtime import load
from tests.frameworks.conftest import answer, proof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frameworks.conftest import Compile, Digits

pytestmark = pytest.mark.frameworks
NCHW = {"image": [1, 1, 8, 8]}
NHWC = {"image": [1, 8, 8, 1]}


@pytest.fixture(scope="module")
def trained(digits: Digits) -> Any:
    """A convolutional Keras model that knows digits."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", activation="relu6")(x)
    x = layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(10, activation="softmax", name="scores")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(digits.images[..., None], digits.classes, epochs=8, verbose=0)
    return model


@pytest.fixture
def image(digits: Digits) -> np.ndarray[Any, Any]:
    return digits.unseen[:1, :, :, None]


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_keras_model_takes_images_as_nchw(
    tmp_path: Path, trained: Any, image: Any, compiled: Compile, suffix: str
) -> None:
    path = tmp_path / f"digits.{suffix}"
    trained.save(path)
    package = compiled(path, "KERAS", NCHW)
    (scores,) = answer(package, image.transpose(0, 3, 1, 2))

    assert proof(package) == ("passed", "tensorflow")
    assert package.meta["Model"]["Inputs"][0]["shape"] == [1, 1, 8, 8]
    np.testing.assert_allclose(scores, trained(image), rtol=1e-3, atol=1e-4)


def test_a_keras_model_refuses_shapes_as_it_has_them_itself(
    tmp_path: Path, trained: Any, compiled: Compile
) -> None:
    trained.save(tmp_path / "digits.keras")

    with pytest.raises(RequestError, match="'image' has size 1 in dimension 1, not 8"):
        compiled(tmp_path / "digits.keras", "KERAS", NHWC)


def test_recurrent_keras_layers_compile(tmp_path: Path, compiled: Compile) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32", name="tokens"),
            layers.Embedding(30, 8),
            layers.Bidirectional(layers.LSTM(6)),
            layers.Dense(3, activation="gelu"),
        ]
    )
    model.save(tmp_path / "reader.keras")
    tokens = np.array([[1, 2, 3, 4, 5, 29]], np.int32)
    package = compiled(tmp_path / "reader.keras", "KERAS", {"tokens": [1, 6]})

    assert proof(package) == ("passed", "tensorflow")
    np.testing.assert_allclose(answer(package, tokens)[0], model(tokens), rtol=1e-3, atol=1e-5)


def test_a_layer_of_ones_own_is_refused_with_another_way(
    tmp_path: Path, compiled: Compile
) -> None:
    import keras

    class Own(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            return x * 2

    keras.Sequential([keras.Input((2,)), Own()]).save(tmp_path / "own.keras")

    with pytest.raises(RequestError, match="cannot be loaded") as caught:
        compiled(tmp_path / "own.keras", "KERAS", {"input_layer": [1, 2]})

    assert "--framework TENSORFLOW" in (caught.value.hint or "")


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_keras_file_with_python_code_is_refused(
    tmp_path: Path, compiled: Compile, suffix: str
) -> None:
    import keras

    layer = keras.layers.Lambda(lambda x: x * 2)
    keras.Sequential([keras.Input((2,), name="x"), layer]).save(tmp_path / f"net.{suffix}")

    with pytest.raises(RequestError, match="Lambda"):
        compiled(tmp_path / f"net.{suffix}", "KERAS", {"x": [1, 2]})


def test_a_packed_saved_model_takes_images_as_nhwc(
    tmp_path: Path, trained: Any, image: Any, compiled: Compile
) -> None:
    trained.export(tmp_path / "saved", verbose=False)
    with tarfile.open(tmp_path / "digits.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "saved", ".")
    package = compiled(tmp_path / "digits.tar.gz", "TENSORFLOW", NHWC)

    assert proof(package) == ("passed", "tensorflow")
    np.testing.assert_allclose(answer(package, image)[0], trained(image), rtol=1e-3, atol=1e-4)


def test_a_frozen_graph_is_fed_and_fetched_by_its_nodes(
    tmp_path: Path, trained: Any, image: Any, compiled: Compile
) -> None:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as frozen,
    )

    spec = tf.TensorSpec([None, 8, 8, 1], name="image")
    function = frozen(tf.function(trained).get_concrete_function(spec))
    tf.io.write_graph(function.graph.as_graph_def(), str(tmp_path), "digits.pb", False)
    package = compiled(tmp_path / "digits.pb", "TENSORFLOW", NHWC)

    assert proof(package) == ("passed", "tensorflow")
    np.testing.assert_allclose(answer(package, image)[0], trained(image), rtol=1e-3, atol=1e-4)


def test_a_frozen_graph_is_fetched_at_every_end(tmp_path: Path, compiled: Compile) -> None:
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, [1, 6], name="x")
        tf.split(tf.nn.relu(x), 3, axis=1, name="parts")
        tf.math.top_k(x, 2, name="best")
        tf.add(x, 1.0, name="more")
    (tmp_path / "ends.pb").write_bytes(graph.as_graph_def().SerializeToString())
    package = compiled(tmp_path / "ends.pb", "TENSORFLOW", {"x": [1, 6]})
    x = np.array([[3, -1, 4, 1, -5, 9]], np.float32)
    found = load(package.path).run({"x": x})

    assert proof(package) == ("passed", "tensorflow")
    parts = np.split(np.maximum(x, 0), 3, axis=1)
    wanted = {f"parts:{place}": part for place, part in enumerate(parts)}
    wanted |= {"best:0": x[:, [5, 2]], "best:1": np.array([[5, 2]]), "more": x + 1}
    assert list(found) == list(wanted)
    for name, result in wanted.items():
        np.testing.assert_allclose(found[name], result)


@pytest.mark.parametrize("names", [["twice"], ["more", "serving_default"]])
def test_the_signature_served_by_default_is_compiled(
    tmp_path: Path, compiled: Compile, names: list[str]
) -> None:
    package = compiled(signatures(tmp_path / "net", names), "TENSORFLOW", {"x": [2]})
    (found,) = answer(package, np.array([1, 2], np.float32))

    np.testing.assert_allclose(found, np.array([1, 2]) * (1 + len(names)))


def test_a_model_saved_with_its_optimizer_compiles(
    tmp_path: Path, trained: Any, image: Any, compiled: Compile
) -> None:
    import tensorflow as tf

    tf.saved_model.save(trained, str(tmp_path / "saved"))
    (name,) = (
        tf.saved_model.load(str(tmp_path / "saved"))
        .signatures["serving_default"]
        .structured_input_signature[1]
    )
    package = compiled(tmp_path / "saved", "TENSORFLOW", {name: [1, 8, 8, 1]})

    assert proof(package) == ("passed", "tensorflow")
    np.testing.assert_allclose(answer(package, image)[0], trained(image), rtol=1e-3, atol=1e-4)


def test_tensorflow_is_loaded_without_keras_and_finds_it_later() -> None:
    script = """
import sys
from sagectl.compiler.frontends.tensorflow.loading import import_keras, import_tensorflow

import_tensorflow()
assert not {name.split(".")[0] for name in sys.modules} & {"keras", "sklearn", "pandas"}
import tensorflow as tf
assert tf.keras.layers.Dense(2)(tf.ones((1, 3))).shape == (1, 2)
import_keras()
import sklearn
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_keras_models_are_compared_whatever_backend_keras_is_set_to(
    tmp_path: Path, compiled: Compile, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2)])
    model.save(tmp_path / "net.keras")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    package = compiled(tmp_path / "net.keras", "KERAS", {"x": [1, 3]})

    assert proof(package) == ("passed", "tensorflow")


def test_several_signatures_without_a_default_are_refused(
    tmp_path: Path, compiled: Compile
) -> None:
    path = signatures(tmp_path / "net", ["encode", "decode"])

    with pytest.raises(RequestError, match="has the signatures decode, encode and none"):
        compiled(path, "TENSORFLOW", {"x": [2]})


def signatures(path: Path, names: list[str]) -> Path:
    """A SavedModel whose signatures multiply by 2, 3, and so on."""
    import tensorflow as tf

    def times(factor: float) -> Any:
        spec = tf.TensorSpec([None], name="x")
        return tf.function(lambda x: {"y": x * factor}).get_concrete_function(spec)

    made = {name: times(2.0 + place) for place, name in enumerate(names)}
    tf.saved_model.save(tf.Module(), str(path), signatures=made)
    return path


def test_a_graph_that_writes_files_is_not_run(tmp_path: Path, compiled: Compile) -> None:
    import tensorflow as tf

    witness = tmp_path / "witness"

    @tf.function(input_signature=[tf.TensorSpec([1], name="x")])
    def hostile(x: Any) -> Any:
        tf.io.write_file(str(witness), "written")
        return x

    module = tf.Module()
    module.serve = hostile
    tf.saved_model.save(module, tmp_path / "hostile")

    with pytest.raises(RequestError, match="WriteFile"):
        compiled(tmp_path / "hostile", "TENSORFLOW", {"x": [1]})

    assert not witness.exists()


@pytest.mark.parametrize("content", [b"hello", b"", b"\x08\x01\x12\xff\xff"])
def test_another_file_is_no_graph(tmp_path: Path, compiled: Compile, content: bytes) -> None:
    (tmp_path / "net.pb").write_bytes(content)

    with pytest.raises(RequestError, match=r"net\.pb (is not|holds no)"):
        compiled(tmp_path / "net.pb", "TENSORFLOW", NHWC)


@pytest.mark.parametrize("is_quantised", [False, True], ids=["float32", "int8"])
def test_a_tensorflow_lite_model_needs_no_shape(
    tmp_path: Path, trained: Any, digits: Digits, compiled: Compile, is_quantised: bool
) -> None:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(trained)
    if is_quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [image[None, :, :, None]] for image in digits.images[:100]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    path = tmp_path / "digits.tflite"
    path.write_bytes(converter.convert())
    package = compiled(path, "TFLITE")
    image = digits.unseen[:1, :, :, None]
    if is_quantised:
        (details,) = tf.lite.Interpreter(str(path)).get_input_details()
        scale, zero = details["quantization"]
        image = np.clip(np.round(image / scale) + zero, -128, 127).astype(np.int8)
    (scores,) = answer(package, image)

    assert proof(package) == ("passed", "tensorflow lite")
    assert scores.dtype == (np.int8 if is_quantised else np.float32)
    assert scores.argmax() == np.argmax(trained(digits.unseen[:1, :, :, None]))


def test_a_truncated_tensorflow_lite_model_is_refused(
    tmp_path: Path, trained: Any, compiled: Compile
) -> None:
    import tensorflow as tf

    path = tmp_path / "digits.tflite"
    whole = tf.lite.TFLiteConverter.from_keras_model(trained).convert()
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(RequestError, match=r"digits\.tflite (cannot be|crashes)"):
        compiled(path, "TFLITE")
