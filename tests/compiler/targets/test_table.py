from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sagectl.compiler.targets import rows
from sagectl.compiler.targets.table import ACCELERATORS, ARCHES, DEVICES, OSES

ROWS = rows()


def service_enum(shape: str) -> set[str]:
    """The values of an enum of the installed SageMaker model."""
    spec = find_spec("botocore")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (path,) = Path(spec.submodule_search_locations[0]).glob(
        "data/sagemaker/2017-07-24/service-2.json*"
    )
    data = path.read_bytes()
    model = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return set(model["shapes"][shape]["enum"])


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("TargetDevice", DEVICES),
        ("TargetPlatformOs", OSES),
        ("TargetPlatformArch", ARCHES),
        ("TargetPlatformAccelerator", ACCELERATORS),
    ],
)
def test_every_value_of_the_service_has_a_row(shape: str, known: Any) -> None:
    assert set(known) == service_enum(shape)


def test_every_combination_is_served_or_refused_with_what_works_instead() -> None:
    assert len(ROWS) == len(OSES) * len(ARCHES) * (len(ACCELERATORS) + 1) + len(DEVICES)
    for row in ROWS:
        assert row["Status"] in ("served", "refused")
        if row["Status"] == "refused":
            assert row["Reason"], row
            assert row["Nearest"], row


def test_the_processors_of_the_service_that_need_no_accelerator_are_served() -> None:
    served = {row["Device"] for row in ROWS if row["Status"] == "served" and row["Device"]}

    assert {"ml_c4", "ml_c5", "ml_m4", "ml_m5", "lambda", "ml_c6g", "rasp3b"} <= served
