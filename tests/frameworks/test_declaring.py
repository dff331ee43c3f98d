from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.check import fixed_shapes
from sagectl.compiler.frontends import declared_inputs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.frameworks


@pytest.fixture
def network() -> Any:
    keras = pytest.importorskip("keras", reason="install sagectl[keras]")
    image, number = keras.Input((8, 9, 3), name="image"), keras.Input((4,), name="number")
    flat = keras.layers.Concatenate()([keras.layers.Flatten()(image), number])
    return keras.Model({"b": image, "a": number}, keras.layers.Dense(2)(flat))


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_files_tell_what_keras_tells(tmp_path: Path, network: Any, ending: str) -> None:
    from sagectl.compiler.frontends.keras.models import opened

    network.save(path := tmp_path / f"net.{ending}")

    told = declared_inputs("KERAS", path, {})
    assert told is not None
    assert sorted(told) == sorted(opened(path).inputs)


def test_saved_models_and_lite_ones_tell_what_tensorflow_tells(
    tmp_path: Path, network: Any
) -> None:
    import tensorflow as tf

    from sagectl.compiler.frontends.tensorflow.graphs import opened

    network.export(tmp_path / "net", verbose=False)
    lite = tmp_path / "net.tflite"
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "net"))
    lite.write_bytes(converter.convert())

    path = tmp_path / "net" / "saved_model.pb"
    told = declared_inputs("TENSORFLOW", path, {})
    assert told is not None
    assert sorted(told) == sorted(opened(path).inputs)
    details = tf.lite.Interpreter(str(lite)).get_input_details()
    found = {each["name"]: each["shape"].tolist() for each in details}
    assert fixed_shapes(lite, "TFLITE", {}) == found


def test_exported_programs_tell_what_torch_tells(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="install sagectl[pytorch]")
    net: Any = torch.nn.Bilinear(3, 5, 2)
    batch = torch.export.Dim("batch", min=1, max=9)
    example = (torch.zeros(4, 3), torch.zeros(4, 5))
    program = torch.export.export(net.eval(), example, dynamic_shapes=({0: batch}, {0: batch}))
    torch.export.save(program, path := tmp_path / "net.pt2")

    told = declared_inputs("PYTORCH", path, {})
    assert told is not None
    (first, dtype, sizes), (second, _, more) = told
    assert (first, dtype, second) == ("input1", "float32", "input2")
    assert sizes is not None
    assert more is not None
    assert sizes[0] == more[0]
    assert (sizes[1], more[1]) == (3, 5)
    assert fixed_shapes(path, "PYTORCH", {"input1": [7, 3]}) == {
        "input1": [7, 3],
        "input2": [7, 5],
    }
