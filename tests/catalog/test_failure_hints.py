"""Failure hints: the texts of real jobs, and what to do about each."""

from __future__ import annotations

import pytest

from sagectl.catalog.failure_hints import failure_hint


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        (
            "ClientError: Unable to untar input model. Please confirm the model is a tar.gz",
            "tar",
        ),
        ("ClientError: S3 object does not exist. Bucket: b, Key: k", "--dry-run=server"),
        (
            "Bucket b is in region r which is different from AWS Sagemaker service region r2",
            "job's region",
        ),
        ("ClientError: The bucket b does not exist.", "name and the region"),
        ("The following operators are not implemented: {'RNN'}", "operator set"),
        ("Input x has wrong shape in Input Shape dictionary.", "DataInputConfig"),
        ("ServerError: There was an internal server error during the compilation", "retry"),
    ],
)
def test_a_known_reason_has_a_hint(reason: str, hint: str) -> None:
    assert hint in (failure_hint(reason) or "")


def test_an_unknown_reason_has_none() -> None:
    assert failure_hint("ClientError: something else") is None
