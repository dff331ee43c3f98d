"""Data in files: what each form becomes for the input it is meant for."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from sagectl.compiler.arrays import read_arrays
from sagectl.errors import InputError
from sagectl.runtime.tensors import Port

if TYPE_CHECKING:
    from pathlib import Path

VECTOR = Port("x", "float32", (1, 3))
PLANES = Port("image", "float32", (1, 3, 5, 6))
PIXELS = Port("image", "uint8", (5, 6, 3))


def test_json_becomes_the_type_of_its_input(tmp_path: Path) -> None:
    ports = (VECTOR, Port("ids", "int64", (2,)), Port("on", "bool", (1,)))
    (file := tmp_path / "all.json").write_text(
        '{"x": [[1, 2.5, -3]], "ids": [7, 9223372036854775807], "on": [true]}'
    )

    found = read_arrays([str(file)], ports)

    assert {name: str(array.dtype) for name, array in found.items()} == {
        "x": "float32",
        "ids": "int64",
        "on": "bool",
    }
    assert found["x"].tolist() == [[1, 2.5, -3]]
    assert found["ids"][1] == 2**63 - 1


def test_one_input_of_json_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "x.json").write_text("[[1, 2, 3]]")

    assert read_arrays([f"x={file}"], (VECTOR,))["x"].shape == (1, 3)


@pytest.mark.parametrize(
    ("text", "port", "said"),
    [
        ("[1, [2]]", VECTOR, "unequal lengths"),
        ('["1"]', VECTOR, "no such numbers"),
        ("[null]", VECTOR, "no such numbers"),
        ("[1.5]", Port("x", "int32", (1,)), "no such numbers"),
        ("[1]", Port("x", "bool", (1,)), "no such numbers"),
        ("[300]", Port("x", "uint8", (1,)), "does not fit"),
        ("[-1]", Port("x", "uint64", (1,)), "does not fit"),
        ("[100000000000000000000000]", Port("x", "int64", (1,)), "no such numbers"),
        ("{", VECTOR, "is not JSON"),
        ("[" * 100_000, VECTOR, "is not JSON"),
    ],
    ids=[
        "ragged",
        "text",
        "null",
        "fraction-for-integer",
        "number-for-bool",
        "too-large",
        "negative",
        "beyond-64-bits",
        "cut-short",
        "deep",
    ],
)
def test_json_that_would_be_changed_by_its_type_is_refused(
    tmp_path: Path, text: str, port: Port, said: str
) -> None:
    (file := tmp_path / "x.json").write_text(text)

    with pytest.raises(InputError, match=said):
        read_arrays([f"x={file}"], (port,))


def picture(path: Path, *, width: int = 6, height: int = 5) -> Path:
    values = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    Image.fromarray(values).save(path)
    return path


def test_a_picture_for_floats_is_scaled_and_its_channels_come_where_the_input_has_them(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    file = picture(tmp_path / "a.png")
    values = np.arange(90).reshape(5, 6, 3)

    planes = read_arrays([f"image={file}"], (PLANES,), told.append)["image"]
    last = read_arrays([str(file)], (Port("i", "float32", (1, 5, 6, 3)),))["i"]

    assert planes.flags.c_contiguous
    np.testing.assert_allclose(planes[0], values.transpose(2, 0, 1) / 255, rtol=1e-6)
    np.testing.assert_allclose(last[0], values / 255, rtol=1e-6)
    assert told == ["image is a.png: 6x5 RGB, NCHW, values times 1/255."]


def test_a_picture_for_bytes_keeps_its_values(tmp_path: Path) -> None:
    found = read_arrays([f"image={picture(tmp_path / 'a.png')}"], (PIXELS,))["image"]

    assert found.dtype == np.uint8
    assert found.ravel().tolist() == list(range(90))


def test_mean_and_std_are_taken_channel_by_channel(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.png")
    word = f"image={file},scale=1,mean=1:2:3,std=2:4:8"

    found = read_arrays([word], (PLANES,))["image"]

    values = np.arange(90).reshape(5, 6, 3)
    expected = (values - [1, 2, 3]) / [2, 4, 8]
    np.testing.assert_allclose(found[0], expected.transpose(2, 0, 1), rtol=1e-6)


def test_a_picture_is_resized_and_made_grey_as_the_input_wants(tmp_path: Path) -> None:
    told: list[str] = []
    port = Port("image", "float32", (1, 1, 28, 28))

    picture(file := tmp_path / "b.jpeg", width=60, height=20)
    found = read_arrays([f"image={file}"], (port,), told.append)["image"]

    assert found.shape == (1, 1, 28, 28)
    assert 0 <= found.min() <= found.max() <= 1
    assert "60x20 L, resized to 28x28 (bilinear, not cropped), NCHW" in told[0]


@pytest.mark.parametrize(
    ("port", "wish", "said"),
    [
        (VECTOR, "", "not clearly one picture"),
        (Port("x", "float32", (2, 3, 8, 8)), "", "not clearly one picture"),
        (Port("x", "float32", (3, 8, 3)), "", "not clearly one picture"),
        (Port("x", "int8", (8, 8, 3)), "", "0 to 255 in it, or not at all"),
        (Port("x", "uint8", (8, 8, 3)), ",scale=2", "0 to 255 in it, or not at all"),
        (Port("x", "float32", (3, 8, 8)), ",mean=1:2", "mean has 2 numbers"),
        (Port("x", "float32", (3, 8, 8)), ",std=0", "std is 0"),
        (Port("x", "float32", (3, 8, 8)), ",scale=1:2", "scale is one number"),
        (Port("x", "float32", (3, 8, 8)), ",scale=a", "has no numbers"),
        (Port("x", "float32", (3, 8, 8)), ",scale=1/0", "has no numbers"),
        (Port("x", "float32", (3, 8, 8)), ",layout=NCHW", "no wish for a picture"),
    ],
    ids=[
        "vector",
        "batch",
        "ambiguous",
        "signed",
        "scaled-bytes",
        "two-means",
        "zero-std",
        "two-scales",
        "scale-of-letters",
        "scale-over-zero",
        "unknown-wish",
    ],
)
def test_a_picture_that_an_input_cannot_take_is_refused(
    tmp_path: Path, port: Port, wish: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_arrays([f"x={picture(tmp_path / 'a.png')}{wish}"], (port,))


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (file := tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no picture that can be read"):
        read_arrays([f"image={file}"], (PLANES,))
    with pytest.raises(InputError, match="does not exist"):
        read_arrays([f"image={tmp_path / 'b.png'}"], (PLANES,))
    cut = picture(tmp_path / "c.png").read_bytes()[:45]
    (tmp_path / "c.png").write_bytes(cut)
    with pytest.raises(InputError, match="no picture that can be read"):
        read_arrays([f"image={tmp_path / 'c.png'}"], (PLANES,))


def test_a_broken_npz_is_refused(tmp_path: Path) -> None:
    np.savez(file := tmp_path / "a.npz", x=np.ones(3))
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"is no \.npz file"):
        read_arrays([str(file)], (VECTOR,))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + b"\xff" * 40)
    with pytest.raises(InputError, match=r"is no \.npz file"):
        read_arrays([str(file)], (VECTOR,))


def test_an_input_that_the_model_lacks_is_guessed(tmp_path: Path) -> None:
    (file := tmp_path / "x.json").write_text(json.dumps({"imagee": [1]}))

    with pytest.raises(InputError, match="no input 'imagee'") as caught:
        read_arrays([str(file)], (PLANES,))
    assert "'image'" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_objects_in_a_file_are_refused_without_advice_to_run_them(
    tmp_path: Path, name: str
) -> None:
    objects, path = np.array([{}], dtype=object), tmp_path / name
    if name == "x.npz":
        np.savez(path, x=objects)
    else:
        np.save(path, objects)

    with pytest.raises(InputError, match=r"no \.np[yz] file .* holds Python") as caught:
        read_arrays([str(path) if name == "x.npz" else f"x={path}"], (VECTOR,))

    assert "pickle" not in caught.value.message + (caught.value.hint or "")
