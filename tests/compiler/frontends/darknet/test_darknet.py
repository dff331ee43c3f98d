"""Darknet's networks, compared with its layers written down once more in numpy."""

from __future__ import annotations

import struct
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Array = Any
RANDOM = np.random.default_rng(4)

YOLO = """
[net]
width=16
height=16
channels=3

[convolutional]   # 0
batch_normalize=1
filters=8
size=3
stride=1
pad=1
activation=leaky

[maxpool]   ; 1
size=2
stride=2

[convolutional]
filters=8
size=3
pad=1
groups=2
activation=mish

[shortcut]
from=-2
activation=linear

[route]
layers=-1
groups=2
group_id=1

[upsample]
stride=2

[maxpool]
size=3
stride=1

[route]
layers=-1,0

[convolutional]
filters=14
size=1
activation=linear

[yolo]
mask=0,1
anchors=1,2, 3,4
classes=2
num=2
scale_x_y=1.1

[route]
layers=1

[reorg]
stride=2

[convolutional]
filters=14
size=1
activation=linear

[region]
anchors=1,2,3,4
classes=2
num=2
softmax=1
"""
CLASSES = """
[network]
width=8
height=8
channels=2
[conv]
filters=4
size=3
stride=2
padding=1
activation=relu
[avgpool]
[dropout]
probability=.5
[connected]
output=5
activation=tanh
[softmax]
temperature=2
[cost]
"""


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "leaky": lambda x: np.where(x > 0, x, 0.1 * x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "relu": lambda x: np.maximum(x, 0),
}


def convolved(
    x: Array, weights: Array, bias: Array, stride: int, pad: int, groups: int
) -> Array:
    filters, channels, size, _ = weights.shape
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    rows = (padded.shape[1] - size) // stride + 1
    made = np.zeros((filters, rows, rows))
    for f in range(filters):
        first = f // (filters // groups) * channels
        for i in range(rows):
            for j in range(rows):
                at = (slice(first, first + channels), slice(i * stride, i * stride + size))
                window = padded[(*at, slice(j * stride, j * stride + size))]
                made[f, i, j] = (window * weights[f]).sum() + bias[f]
    return made


def pooled(x: Array, size: int, stride: int) -> Array:
    """forward_maxpool_layer: windows begin half the padding before the image."""
    padding = size - 1
    side = (x.shape[1] + padding - size) // stride + 1
    made = np.full((len(x), side, side), -np.inf)
    for i in range(side):
        for j in range(side):
            for n in range(size):
                for m in range(size):
                    row, column = i * stride - padding // 2 + n, j * stride - padding // 2 + m
                    if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                        made[:, i, j] = np.maximum(made[:, i, j], x[:, row, column])
    return made


def reorganised(x: Array, stride: int) -> Array:
    """reorg_cpu with forward=0, index by index."""
    channels, height, width = x.shape
    flat, made = x.reshape(-1), np.zeros(x.size)
    fewer = channels // stride**2
    for k in range(channels):
        for j in range(height):
            for i in range(width):
                offset = k // fewer
                across, down = i * stride + offset % stride, j * stride + offset // stride
                place = across + width * stride * (down + height * stride * (k % fewer))
                made[i + width * (j + height * k)] = flat[place]
    return made.reshape(channels * stride**2, height // stride, width // stride)


def detected(x: Array, stretch: float, *, shares: bool) -> Array:
    made = x.reshape(2, 7, *x.shape[1:]).copy()
    made[:, :2] = sigmoid(made[:, :2]) * stretch - 0.5 * (stretch - 1)
    made[:, 4] = sigmoid(made[:, 4])
    powers = np.exp(made[:, 5:])
    made[:, 5:] = powers / powers.sum(1, keepdims=True) if shares else sigmoid(made[:, 5:])
    return made.reshape(x.shape)


class Numbers:
    """Weights as they are made up, and as they are written."""

    def __init__(self) -> None:
        self.written: list[Array] = []

    def take(self, *shape: int) -> Array:
        made = RANDOM.random(shape) if len(shape) == 1 else RANDOM.normal(0, 0.4, shape)
        self.written.append(made.astype(np.float32))
        return self.written[-1].astype(np.float64)

    def save(self, path: Path, extra: int = 0) -> None:
        numbers = np.concatenate([each.reshape(-1) for each in self.written])
        head = struct.pack("<iiiq", 0, 2, 0, 99)
        path.write_bytes(
            head + numbers[: len(numbers) + min(extra, 0)].tobytes() + b"\0" * extra
        )


def detector(folder: Path) -> tuple[Path, Callable[[Array], dict[str, Array]]]:
    """A network with every layer of YOLO 2 to 4, and the same in numpy."""
    numbers = Numbers()
    bias, factor, mean, variance = (numbers.take(8) for _ in range(4))
    stem = numbers.take(8, 3, 3, 3)
    parts = [(numbers.take(count), numbers.take(*shape)) for count, shape in (
        (8, (8, 4, 3, 3)), (14, (14, 12, 1, 1)), (14, (14, 32, 1, 1)),
    )]  # fmt: skip

    def run(x: Array) -> dict[str, Array]:
        scale = factor / (np.sqrt(variance) + 1e-6)
        folded = stem * scale[:, None, None, None]
        zero = ACTIVATIONS["leaky"](convolved(x, folded, bias - mean * scale, 1, 1, 1))
        one = pooled(zero, 2, 2)
        two = ACTIVATIONS["mish"](convolved(one, parts[0][1], parts[0][0], 1, 1, 2))
        half = (two + one)[4:]
        wide = pooled(half.repeat(2, 1).repeat(2, 2), 3, 1)
        eight = convolved(np.concatenate([wide, zero]), parts[1][1], parts[1][0], 1, 0, 1)
        last = convolved(reorganised(one, 2), parts[2][1], parts[2][0], 1, 0, 1)
        return {
            "yolo_9": detected(eight, 1.1, shares=False)[None],
            "region_13": detected(last, 1, shares=True)[None],
        }

    numbers.save(folder / "small.weights")
    (folder / "small.cfg").write_text(YOLO)
    return folder / "small.cfg", run


def built(path: Path, **given: Any) -> Any:
    output = path.parent / "out"
    return compile_model(compile_request(path, output=output, framework="DARKNET", **given))


def test_a_detector_computes_what_darknet_does(tmp_path: Path) -> None:
    cfg, run = detector(tmp_path)
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(cfg, "small.cfg")
        tar.add(cfg.with_suffix(".weights"), "weights/other.weights"[8:])

    package = built(archive)

    image = RANDOM.random((1, 3, 16, 16)).astype(np.float32)
    found = load(package.path, threads=1).run({"data": image})
    expected = run(image[0].astype(np.float64))
    assert package.meta["Sagectl"]["Verification"]["Reference"].startswith("onnxruntime")
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5)


def classifier(folder: Path) -> tuple[Path, Callable[[Array], Array]]:
    numbers = Numbers()
    bias, weights = numbers.take(4), numbers.take(4, 2, 3, 3)
    shift, matrix = numbers.take(5), numbers.take(5, 4)
    numbers.save(folder / "net.weights")
    (folder / "net.cfg").write_text(CLASSES)

    def run(x: Array) -> Array:
        means = np.maximum(convolved(x, weights, bias, 2, 1, 1), 0).mean((1, 2))
        powers = np.exp(np.tanh(matrix @ means + shift) / 2)
        return powers / powers.sum()

    return folder / "net.cfg", run


def test_a_classifier_computes_what_darknet_does(tmp_path: Path) -> None:
    cfg, run = classifier(tmp_path)

    package = built(cfg, inputs={"data": (2, 2, 10, 10)}, verify=False)

    images = RANDOM.random((2, 2, 10, 10)).astype(np.float32)
    found = load(package.path, threads=1).run({"data": images})["output"]
    for ours, image in zip(found, images, strict=True):
        np.testing.assert_allclose(ours, run(image.astype(np.float64)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "said", "reason"),
    [
        (("[avgpool]", "[gru]\n[crnn]"), r"\[crnn\], \[gru\] of net.cfg are not", "operator"),
        (("filters=4", "filters=many"), "filters=many", "format"),
        (("activation=relu", "activation=gale"), "cfg:6: .*'gale' is not known", "operator"),
        (("[cost]", "groups=2"), r"net.cfg:18: \[softmax\] .* groups=2 is not", "operator"),
        (("size=3", "size=3\nxnor=1"), r"net.cfg:6: \[conv\] .* xnor=1 is not", "operator"),
        (("padding=1", "dilation=3"), "dilation 3 with padding 0", "format"),
        (("[cost]", "[maxpool]"), "it takes images, not rows of 5 numbers", "format"),
        (("[dropout]", "[shortcut]"), "it names no layer to add", "format"),
        (("[dropout]", "[route]\nlayers=-9"), "there is no layer -9", "format"),
        (("output=5", "output=500"), "the layers need more", "format"),
        (("output=5", "output=2"), "numbers more than the layers", "format"),
        (("[network]", "[conv]"), "does not begin with", "format"),
        (("width=8", "width"), "net.cfg:3: 'width' is no option", "format"),
        (("stride=2", "stride=0"), "cannot be", "format"),
    ],
    ids=[
        "unknown layers", "a word for a number", "unknown activation", "groups of a softmax",
        "bits for weights", "odd dilation", "rows", "nothing to add", "no such layer",
        "too few weights", "too many weights", "no net", "no option", "no stride",
    ],
)  # fmt: skip
def test_what_is_no_sound_network_is_refused(
    change: tuple[str, str], said: str, reason: str, tmp_path: Path
) -> None:
    cfg, _ = classifier(tmp_path)
    cfg.write_text(CLASSES.replace(*change))

    with pytest.raises(CompileError, match=said) as refused:
        built(cfg, verify=False)

    assert refused.value.reason == reason


def test_weights_are_looked_for_beside_the_network(tmp_path: Path) -> None:
    cfg, _ = classifier(tmp_path)
    weights = cfg.with_suffix(".weights")
    weights.rename(tmp_path / "a.weights")
    (tmp_path / "b.weights").write_bytes(b"")

    with pytest.raises(RequestError, match=r"a.weights, b.weights") as several:
        built(cfg, verify=False)
    (tmp_path / "a.weights").unlink()
    with pytest.raises(RequestError, match="too short") as short:
        built(cfg, verify=False)
    (tmp_path / "b.weights").unlink()
    with pytest.raises(RequestError, match=r"no .weights file") as none:
        built(cfg, verify=False)

    found = [each.value.reason for each in (several, short, none)]
    assert found == ["several-models", "format", "no-model"]


@pytest.mark.parametrize(
    ("name", "shape"), [("image", (1, 2, 8, 8)), ("data", (1, 3, 8, 8)), ("data", (1, 2))]
)
def test_an_input_that_does_not_fit_is_refused(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    cfg, _ = classifier(tmp_path)

    with pytest.raises(RequestError, match="nput") as refused:
        built(cfg, inputs={name: shape}, verify=False)

    assert "NCHW" in (refused.value.hint or "")


def test_all_that_is_not_compiled_is_told_at_once(tmp_path: Path) -> None:
    cfg, _ = classifier(tmp_path)
    cfg.write_text(CLASSES.replace("[dropout]", "[gru]").replace("=tanh", "=gale") + "groups=3")

    with pytest.raises(CompileError) as refused:
        built(cfg, verify=False)

    assert refused.value.message.splitlines() == [
        "[gru] of net.cfg is not known",
        "net.cfg:15: [connected] cannot be: the activation 'gale' is not known",
    ]


def computed(folder: Path, layers: str, image: Array, *weights: Array) -> list[Array]:
    """What a package of a network gives, its weights written one behind the other."""
    numbers = [each.astype("<f4").tobytes() for each in weights]
    head = struct.pack("<iiii", 0, 1, 0, 99)  # the number of images was narrower before 0.2
    (folder / "net.weights").write_bytes(head + b"".join(numbers))
    size = "[net]\nchannels={}\nheight={}\nwidth={}\n".format(*image.shape[1:])
    (folder / "net.cfg").write_bytes(size.encode() + layers.encode("latin-1"))
    package = built(folder / "net.cfg", verify=False)
    return list(load(package.path, threads=1).run({"data": image}).values())


def test_new_coordinates_are_left_as_the_convolution_made_them(tmp_path: Path) -> None:
    image = RANDOM.random((1, 7, 2, 3)).astype(np.float32)
    layers = "[yolo]\nmask=0\nclasses=2\nnew_coords=1\nscale_x_y=2.0\n"

    (found,) = computed(tmp_path, layers, image)

    expected = image.copy()
    expected[:, :2] = expected[:, :2] * 2 - 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_gate_weighs_channels_and_numbers(tmp_path: Path) -> None:
    image = RANDOM.normal(size=(1, 3, 4, 5)).astype(np.float32)
    layers = """
[activation]
activation=relu6
[avgpool]
[scale_channels]
from=-2
[sam]
from=-3
activation=selu
"""

    (found,) = computed(tmp_path, layers, image)

    first = image.clip(0, 6)
    gated = first * first.mean((2, 3), keepdims=True) * first
    np.testing.assert_allclose(found, 1.0507 * gated, rtol=1e-5, atol=1e-6)


def test_a_crop_takes_the_middle_and_adjusts_pixels(tmp_path: Path) -> None:
    image = RANDOM.random((1, 3, 9, 8)).astype(np.float32)
    layers = "[crop]\ncrop_height=5\ncrop_width=4\nangle=5\n[maxpool]\nsize=1\nstride_x=2\n"

    (found,) = computed(tmp_path, layers, image)

    np.testing.assert_allclose(found, image[:, :, 2:7, 2:6:2] * 2 - 1, rtol=1e-6)


def test_options_are_read_as_darknet_reads_them(tmp_path: Path) -> None:
    image = RANDOM.random((1, 2, 7, 7)).astype(np.float32)
    weights = RANDOM.normal(size=(1, 2, 3, 3)).astype(np.float32)
    # The first of two counts, and a comment is of any encoding.
    layers = (
        "# \u6ce8\u91ca\r\n[ convolutional ]\r\nsize = 3\r\nsize=5\r\n"
        "activation=linear\r\n\r\n; end"
    )
    written = layers.encode("gbk").decode("latin-1")

    (found,) = computed(tmp_path, written, image, np.array([0.5]), weights)

    expected = convolved(image[0].astype(np.float64), weights, np.array([0.5]), 1, 0, 1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-5)


def test_a_byte_order_mark_is_no_option(tmp_path: Path) -> None:
    cfg, _ = classifier(tmp_path)
    cfg.write_bytes(b"\xef\xbb\xbf" + cfg.read_bytes())

    assert built(cfg, verify=False).path.exists()
