"""Labels in the forms that other tools read: COCO, CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.consolidation.results import Row

COLUMNS = ("object", "source", "labels", "confidence", "value")


def coco(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Boxes as COCO's object detection format has them (cocodataset.org, "Data format").

    Raises ValueError for labels that are no boxes.
    """
    numbers = {name: number for number, name in enumerate(names, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for row in rows:
        size = _size(row)
        images.append({"id": row.number + 1, "file_name": row.source, **size})
        for name, box in row.label or ():
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": row.number + 1,
                    "category_id": numbers.setdefault(name, len(numbers) + 1),
                    "bbox": [box.left, box.top, box.width, box.height],
                    "area": box.area,
                    "iscrowd": 0,
                }
            )
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    return json.dumps(whole, ensure_ascii=False) + "\n"


def _size(row: Row) -> dict[str, int]:
    for value in row.line.values():
        if isinstance(value, dict) and "image_size" in value:
            seen = value["image_size"][0]
            return {"width": seen.get("width", 0), "height": seen.get("height", 0)}
    if row.label is not None:
        raise ValueError("COCO is for boxes, and these labels are none")
    return {"width": 0, "height": 0}


def as_csv(rows: Sequence[Row], attribute: str) -> str:
    """One line for each object; several labels are joined by ``|``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in table(rows, attribute):
        writer.writerow([*row[:2], "|".join(row[2]), "" if row[3] is None else row[3], row[4]])
    return text.getvalue()


def jsonl(rows: Sequence[Row]) -> str:
    """The lines of the augmented manifest, with the names of the labels beside them."""
    lines = ({**row.line, "labels": list(row.labels)} for row in rows)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def write_parquet(rows: Sequence[Row], attribute: str, path: Path) -> None:
    """The table as a Parquet file. Raises ImportError without pyarrow."""
    import pyarrow
    from pyarrow import parquet

    columns = zip(*table(rows, attribute), strict=True) if rows else [[]] * len(COLUMNS)
    schema = pyarrow.schema(
        [
            ("object", pyarrow.int64()),
            ("source", pyarrow.string()),
            ("labels", pyarrow.list_(pyarrow.string())),
            ("confidence", pyarrow.float64()),
            ("value", pyarrow.string()),
        ]
    )
    arrays = [
        pyarrow.array(list(column), field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.table(arrays, schema=schema), path)


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
