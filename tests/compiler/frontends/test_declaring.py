from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.frontends import declared_inputs

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = ("image", "float32", [None, 3, 8, 9])


def field(number: int, value: int | bytes) -> bytes:
    """A field of a protocol buffer: a number below 128, or a message below 128 bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def tensor_shape(*sizes: int) -> bytes:
    def written(size: int) -> bytes:
        return b"\x08" + b"\xff" * 9 + b"\x01" if size < 0 else field(1, size)

    return b"".join(field(2, written(size)) for size in sizes)


def saved_model(*signatures: str) -> bytes:
    info = field(1, b"image:0") + field(2, 1) + field(3, tensor_shape(-1, 8, 9, 3))
    signature = field(1, field(1, b"image") + field(2, info))
    named = (field(1, name.encode()) + field(2, signature) for name in signatures)
    graph = b"".join(field(5, each) for each in named)
    return b"\x12" + struct.pack("BB", len(graph) & 127 | 128, len(graph) >> 7) + graph


def frozen() -> bytes:
    def attribute(name: bytes, value: bytes) -> bytes:
        return field(5, field(1, name) + field(2, value))

    node = field(1, b"image") + field(2, b"Placeholder") + attribute(b"dtype", field(6, 1))
    node += attribute(b"shape", field(7, tensor_shape(-1, 8, 9, 3)))
    return field(1, node) + field(1, field(1, b"out") + field(2, b"Relu"))


def functional(dtype: Any, **more: Any) -> dict[str, Any]:
    given = {"class_name": "InputLayer", "config": {"name": "image", "dtype": dtype} | more}
    inner = {"class_name": "InputLayer", "config": {"name": "inner", "batch_shape": [None]}}
    layers = {"input_layers": [["image", 0, 0]], "layers": [given, inner]}
    return {"class_name": "Functional", "config": layers}


def keras(path: Path, config: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return path


def exported(path: Path, dtype: int = 7) -> Path:
    sizes = [
        {"as_expr": {"expr_str": "Symbol('s31', positive=True, integer=True)"}},
        {"as_expr": {"expr_str": "Mul(Integer(2), Symbol('s32'))"}},
        {"as_int": 3},
    ]
    given = {"user_input": {"arg": {"as_tensor": {"name": "rows"}}}}
    number = {"user_input": {"arg": {"as_int": 2}}}
    weight = {"parameter": {"arg": {"name": "p_w"}}}
    module = {
        "graph": {"tensor_values": {"rows": {"dtype": dtype, "sizes": sizes}}},
        "signature": {"input_specs": [weight, given, number]},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/archive_format", "pt2")
        archive.writestr("net/models/model.json", json.dumps({"graph_module": module}))
    return path


@pytest.mark.parametrize(
    "config",
    [
        functional("float32", batch_shape=[None, 8, 9, 3]),
        functional({"config": {"name": "float32"}}, batch_input_shape=[None, 8, 9, 3]),
        {
            "class_name": "Sequential",
            "config": {
                "layers": functional("float32", batch_shape=[None, 8, 9, 3])["config"][
                    "layers"
                ][:1]
            },
        },
    ],
    ids=["functional", "keras-2", "sequential"],
)
def test_a_keras_file_tells_its_inputs_with_images_as_nchw(tmp_path: Path, config: Any) -> None:
    assert declared_inputs("KERAS", keras(tmp_path / "net.keras", config), {}) == (IMAGE,)


def test_a_saved_model_and_a_frozen_graph_tell_their_inputs(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(saved_model("other", "serving_default"))
    (tmp_path / "net.pb").write_bytes(frozen())

    for name in ("saved_model.pb", "net.pb"):
        found = declared_inputs("TENSORFLOW", tmp_path / name, {})
        assert found == (("image", "float32", [None, 8, 9, 3]),)


def test_an_exported_program_tells_its_tensors_and_which_sizes_are_open(tmp_path: Path) -> None:
    found = declared_inputs("PYTORCH", exported(tmp_path / "net.pt2"), {})

    assert found == (("rows", "float32", ["s31", None, 3]),)


def test_a_darknet_network_tells_the_size_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text("[net]\nwidth=9\nheight=8\nchannels=3\n[softmax]\n")

    assert declared_inputs("DARKNET", tmp_path / "net.cfg", {}) == (
        ("data", "float32", (1, 3, 8, 9)),
    )


@pytest.mark.parametrize(
    ("framework", "name", "content"),
    [
        ("KERAS", "net.keras", b"PK\x03\x04"),
        ("KERAS", "net.h5", b"\x89HDF\r\n\x1a\n"),
        ("TENSORFLOW", "saved_model.pb", saved_model("first", "second")),
        ("TENSORFLOW", "saved_model.pb", saved_model("serving_default")[:40]),
        ("TENSORFLOW", "net.pbtxt", b"node {}"),
        ("TFLITE", "net.tflite", struct.pack("<i4s", 64, b"TFL3") + b"\0" * 56),
        ("TFLITE", "net.tflite", struct.pack("<i4s", 1 << 30, b"TFL3")),
        ("PYTORCH", "net.pt2", b"PK\x03\x04"),
        ("DARKNET", "net.cfg", b"[convolutional]"),
        ("ONNX", "net.onnx", b""),
    ],
    ids=[
        "keras-cut",
        "hdf5-cut",
        "two-signatures",
        "saved-model-cut",
        "text",
        "tflite-empty",
        "tflite-cut",
        "pytorch-cut",
        "no-net",
        "another",
    ],
)
def test_a_file_that_does_not_tell_is_left_to_its_framework(
    tmp_path: Path, framework: str, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    assert declared_inputs(framework, tmp_path / name, {}) is None


def test_types_that_numpy_lacks_are_left_to_torch(tmp_path: Path) -> None:
    assert declared_inputs("PYTORCH", exported(tmp_path / "net.pt2", dtype=13), {}) is None


def test_names_of_the_askers_own_are_left_to_frameworks_that_take_them(tmp_path: Path) -> None:
    program = exported(tmp_path / "net.pt2")
    config = functional("float32", batch_shape=[None, 8, 9, 3])
    network = keras(tmp_path / "net.keras", config)

    assert declared_inputs("PYTORCH", program, {"input0": (1, 2, 3)}) is None
    assert declared_inputs("KERAS", network, {"input0": (1, 3, 8, 9)}) == (IMAGE,)
