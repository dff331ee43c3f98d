"""Labels in the forms that other tools read: COCO, CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from sagectl.consolidation.paintings import Painting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sagectl.consolidation.results import Row

COLUMNS = ("object", "source", "labels", "confidence", "value")


def coco(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Boxes as COCO's object detection format has them (cocodataset.org, "Data format").

    Masks are as its stuff segmentation has them, in run lengths, each label of an image one.
    Raises ValueError for labels that are neither.
    """
    numbers = {name: number for number, name in enumerate(names, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for row in rows:
        size = _size(row)
        images.append({"id": row.number + 1, "file_name": row.source, **size})
        for name, shape in _shapes(row):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": row.number + 1,
                    "category_id": numbers.setdefault(name, len(numbers) + 1),
                    **shape,
                }
            )
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    return json.dumps(whole, ensure_ascii=False) + "\n"


def _shapes(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    """What COCO says of each box, or each label of a mask."""
    if not isinstance(row.label, Painting):
        for name, box in row.label or ():
            sides = [box.left, box.top, box.width, box.height]
            yield name, {"bbox": sides, "area": box.area, "iscrowd": 0}
        return
    import numpy as np

    mask = row.label.mask(row.labels)
    for number, name in enumerate(row.labels, start=1):
        here = mask == number
        # Column by column, as COCO counts; the first run is of pixels that are not the label's.
        flat = np.concatenate(([False], here.ravel(order="F")))
        edges = np.flatnonzero(flat[1:] != flat[:-1])
        runs = np.diff(np.concatenate(([0], edges, [here.size])))
        down, across = np.nonzero(here)
        left, top = int(across.min()), int(down.min())
        yield (
            name,
            {
                "segmentation": {"counts": runs.tolist(), "size": list(here.shape)},
                "bbox": [left, top, int(across.max()) - left + 1, int(down.max()) - top + 1],
                "area": int(here.sum()),
                "iscrowd": 1,
            },
        )


def _size(row: Row) -> dict[str, int]:
    if isinstance(row.label, Painting):
        return dict(zip(("width", "height"), row.label.size, strict=True))
    for value in row.line.values():
        if isinstance(value, dict) and "image_size" in value:
            seen = value["image_size"][0]
            return {"width": seen.get("width", 0), "height": seen.get("height", 0)}
    if row.label is not None:
        raise ValueError("COCO is for boxes and masks, and these labels are neither")
    return {"width": 0, "height": 0}


def as_csv(rows: Sequence[Row], attribute: str) -> str:
    """One line for each object; several labels are joined by ``|``.

    A column ``pixels`` of masks has the pixels of each of them, in the same order.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    has_pixels = _has_pixels(rows)
    writer.writerow((*COLUMNS, "pixels") if has_pixels else COLUMNS)
    for row, of in zip(table(rows, attribute), rows, strict=True):
        pixels = ["|".join(map(str, (of.pixels or {}).values()))] if has_pixels else []
        sure = "" if row[3] is None else row[3]
        writer.writerow([*row[:2], "|".join(row[2]), sure, row[4], *pixels])
    return text.getvalue()


def jsonl(rows: Sequence[Row]) -> str:
    """The lines of the augmented manifest, with the names of the labels beside them."""
    lines = (
        {
            **row.line,
            "labels": list(row.labels),
            **({} if row.pixels is None else {"pixels": row.pixels}),
        }
        for row in rows
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def write_parquet(rows: Sequence[Row], attribute: str, path: Path) -> None:
    """The table as a Parquet file. Raises ImportError without pyarrow."""
    import pyarrow
    from pyarrow import parquet

    columns: list[Sequence[Any]] = [[] for _ in COLUMNS]
    if rows:
        columns = list(zip(*table(rows, attribute), strict=True))
    fields = [
        ("object", pyarrow.int64()),
        ("source", pyarrow.string()),
        ("labels", pyarrow.list_(pyarrow.string())),
        ("confidence", pyarrow.float64()),
        ("value", pyarrow.string()),
    ]
    if _has_pixels(rows):
        fields.append(("pixels", pyarrow.list_(pyarrow.int64())))
        columns.append(tuple(list((row.pixels or {}).values()) for row in rows))
    schema = pyarrow.schema(fields)
    arrays = [
        pyarrow.array(list(column), field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.table(arrays, schema=schema), path)


def _has_pixels(rows: Sequence[Row]) -> bool:
    return any(row.pixels is not None for row in rows)


def table(rows: Sequence[Row], attribute: str) -> list[tuple[Any, ...]]:
    """The rows by COLUMNS; ``value`` is the label as the job wrote it, in JSON."""
    return [
        (
            row.number,
            row.source,
            list(row.labels),
            row.confidence,
            json.dumps(row.line.get(attribute), ensure_ascii=False),
        )
        for row in rows
    ]
