"""Semantic segmentation from the shell: masks taken in, voted on, read and compared."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.cli.test_labeling import TEXTS

if TYPE_CHECKING:
    from tests.conftest import Run

COLORS = {"cat": "#ff0000", "dog": "#0000ff"}
CELLS = {"c": (255, 0, 0, 255), "d": (0, 0, 255, 255), ".": (0, 0, 0, 0), "g": (0, 255, 0, 255)}
JOB = (
    TEXTS.replace("name: pets\n", "name: masks\n")
    .replace("LabelAttributeName: pet", "LabelAttributeName: pet-ref")
    .replace("TextMultiClass", "SemanticSegmentation")
    .replace("PerDataObject: 2", "PerDataObject: 3")
)
TEMPLATE = """\
<crowd-form><crowd-semantic-segmentation name="pet" src="{{ task.input.taskObject }}"
 labels="{{ task.input.labels | to_json | escape }}"></crowd-semantic-segmentation></crowd-form>
"""
ANN, BOB, EVE = ("ccdd", "cc.."), ("ccdd", "cc.."), ("cccd", "cc.d")


def png(*rows: str) -> bytes:
    image = Image.new("RGBA", (len(rows[0]), len(rows)))
    image.putdata([CELLS[cell] for row in rows for cell in row])
    target = io.BytesIO()
    image.save(target, format="PNG")
    return target.getvalue()


def crowd(data: bytes, mappings: object = None) -> dict[str, Any]:
    """What the element submits, below its name."""
    colors = {label: {"color": color} for label, color in COLORS.items()}
    image = {"pngImageData": base64.b64encode(data).decode()}
    return {"pet": {"labeledImage": image, "labelMappings": mappings or colors}}


def written(folder: Path, *rows: tuple[str, object]) -> None:
    lines = (json.dumps({"object": 0, "worker": who, "answer": what}) for who, what in rows)
    (folder / "answers.jsonl").write_text("\n".join(lines))


@pytest.fixture
def masks(local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The job ``masks`` with one picture to paint, by three workers."""
    from tests.support.manifests import TEAM, WORKFORCE, manifest

    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.manifest").write_text('{"source-ref": "s3://pets/0.png"}\n')
    rows = [{"label": "cat"}, {"label": "dog"}]
    (tmp_path / "pets.json").write_text(
        json.dumps({"document-version": "2018-11-28", "labels": rows})
    )
    (tmp_path / "pets.liquid").write_text(TEMPLATE)
    manifest(tmp_path, WORKFORCE, TEAM, JOB)
    made = local("apply", "-f", "set.yaml", "--yes")
    assert made.code == 0, made.err
    return tmp_path


@pytest.fixture
def painted(local: Run, masks: Path) -> Path:
    """The job completed, by two answers in Base64 and one that names its file."""
    (masks / "eve.png").write_bytes(png(*EVE))
    eve = {"mask": "eve.png", "labelMappings": COLORS}
    written(masks, ("ann", crowd(png(*ANN))), ("bob", crowd(png(*BOB))), ("eve", eve))
    found = local("local", "annotate", "masks", "answers.jsonl", "--yes", "-o", "json")
    assert found.code == 0, found.err
    assert json.loads(found.out)["LabelingJobStatus"] == "Completed"
    return masks


def line(local: Run) -> dict[str, Any]:
    found = local("labeling", "results", "masks", "--format", "jsonl")
    assert found.code == 0, found.err
    told: dict[str, Any] = json.loads(found.out)
    return told


def kept(local: Run, uri: str) -> Image.Image:
    found = json.loads(local("local", "path", uri, "-o", "json").out)
    return Image.open(found["Path"])


def test_the_vote_is_a_picture_beside_the_manifest(local: Run, painted: Path) -> None:
    told = line(local)
    root = "s3://pets/out/masks/annotations/consolidated-annotation/output/0_"
    assert told["pet-ref"].startswith(root)
    assert told["pixels"] == {"cat": 4, "dog": 2}
    metadata = told["pet-ref-metadata"]
    assert metadata["type"] == "groundtruth/semantic-segmentation"
    assert metadata["human-annotated"] == "yes"
    shown = metadata["internal-color-map"]
    assert {key: (row["class-name"], row["confidence"]) for key, row in shown.items()} == {
        "0": ("BACKGROUND", 0.9167),
        "1": ("cat", 0.9167),
        "2": ("dog", 0.9167),
    }
    picture = kept(local, told["pet-ref"])
    assert [picture.getpixel((x, 0)) for x in range(4)] == [1, 1, 2, 2]
    assert (
        "#{:02x}{:02x}{:02x}".format(*picture.convert("RGB").getpixel((0, 0)))
        == (shown["1"]["hex-color"])
    )


def test_results_count_pixels_and_rate_workers_by_mean_iou(local: Run, painted: Path) -> None:
    told = json.loads(local("labeling", "results", "masks", "-o", "json").out)
    assert told["Pixels"] == {"cat": 4, "dog": 2}
    # Ann and Bob are the same; Eve's cat is 4 of 5 pixels, her dog 1 of 3.
    eve = (4 / 5 + 1 / 3) / 2
    assert told["Agreement"] == pytest.approx((1 + 2 * eve) / 3, abs=1e-4)
    rates = {row["Worker"]: row["Accuracy"] for row in told["Workers"]}
    assert rates == {"ann": 1.0, "bob": 1.0, "eve": pytest.approx(eve, abs=1e-4)}
    assert "PIXELS" in local("labeling", "results", "masks").out


def test_masks_are_written_as_coco_csv_and_parquet(local: Run, painted: Path) -> None:
    from pyarrow import parquet

    told = json.loads(local("labeling", "results", "masks", "--format", "coco").out)
    assert told["images"][0]["width"] == 4
    dog = told["annotations"][1]
    # Column by column: two columns and two pixels of others, then dog, other, dog, other.
    assert dog["segmentation"] == {"counts": [4, 1, 1, 1, 1], "size": [2, 4]}
    assert (dog["bbox"], dog["area"], dog["iscrowd"]) == ([2, 0, 2, 1], 2, 1)
    rows = local("labeling", "results", "masks", "--format", "csv").out.splitlines()
    assert rows[0].endswith(",pixels")
    assert rows[1].endswith(",4|2")
    assert local("labeling", "results", "masks", "--format", "parquet", "--to", "x").code == 0
    assert parquet.read_table(painted / "x").column("pixels").to_pylist() == [[4, 2]]


def test_verify_compares_masks_by_mean_iou(local: Run, painted: Path) -> None:
    assert local("labeling", "verify", "masks", "masks", "--at-least", "1").code == 0
    again = (painted / "set.yaml").read_text().replace("name: masks", "name: again")
    (painted / "again.yaml").write_text(again)
    assert local("apply", "-f", "again.yaml", "--yes").code == 0
    written(painted, *((who, crowd(png(*EVE))) for who in ("ann", "bob", "eve")))
    assert local("local", "annotate", "again", "answers.jsonl", "--yes").code == 0
    found = local("labeling", "verify", "masks", "again", "--at-least", "0.9", "-o", "json")
    assert found.code == 7
    assert json.loads(found.out)["Agreement"] == pytest.approx((4 / 5 + 1 / 3) / 2, abs=1e-4)


def bomb() -> bytes:
    """A small picture of a hundred thousand pixels each way."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    check = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + check


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(crowd(bomb()), "pixels at most, not 100000 x 100000", id="bomb"),
        pytest.param(crowd(b"GIF89a"), "the mask is no PNG picture", id="no-png"),
        pytest.param(crowd(png(*ANN)[:60]), "PNG picture is damaged", id="cut"),
        pytest.param(crowd(png("ccgg", "....")), "pixel (2, 0) is #00ff00", id="color"),
        pytest.param(crowd(png("cc")), "the mask is 2 x 1, and another", id="size"),
        pytest.param(crowd(png(*ANN), {"fish": "#00ff00"}), "'fish' is not one", id="label"),
        pytest.param(crowd(png(*ANN), {"cat": "red"}), "a color like #2ca02c", id="name"),
        pytest.param(
            crowd(png(*ANN), {"cat": "#ff0000", "dog": "#FF0000"}),
            "cat and dog are both #ff0000",
            id="same-color",
        ),
        pytest.param(crowd(png(*ANN), [1]), "must give each label's color", id="mappings"),
        pytest.param({"label": "cat"}, "an answer has no labeledImage", id="no-image"),
        pytest.param(
            {"labeledImage": {"pngImageData": "*"}, "labelMappings": COLORS},
            "not in Base64",
            id="base64",
        ),
        pytest.param({"labeledImage": 3, "labelMappings": {}}, "no pngImageData", id="number"),
        pytest.param({"mask": "no.png"}, "no.png: No such file", id="no-file"),
        pytest.param({"mask": 3}, "mask must be the name of a PNG file", id="no-name"),
    ],
)
def test_answers_that_are_no_masks_are_refused_whole(
    local: Run, masks: Path, answer: object, said: str
) -> None:
    written(masks, ("ann", crowd(png(*ANN))), ("bob", answer))
    found = local("local", "annotate", "masks", "answers.jsonl", "--yes")
    assert found.code == 2
    assert said in found.err
    written(masks, ("eve", crowd(png("cc"))))  # nothing of the file was taken
    assert local("local", "annotate", "masks", "answers.jsonl", "--yes").code == 0


def test_a_picture_that_is_damaged_later_is_told_of(local: Run, painted: Path) -> None:
    uri = line(local)["pet-ref"]
    path = json.loads(local("local", "path", uri, "-o", "json").out)["Path"]
    Path(path).write_bytes(b"nothing")
    found = local("labeling", "results", "masks")
    assert found.code == 2
    assert "the mask is no PNG picture" in found.err


def test_the_same_mask_is_the_same_bytes_and_colors_differ() -> None:
    import numpy as np

    from sagectl.consolidation import paintings

    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert paintings.picture(mask) == paintings.picture(mask.copy())
    assert len({paintings.color(number) for number in range(256)}) == 256
