"""What the local plane knows of the things that jobs depend on: its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.controlplane.places import object_place

if TYPE_CHECKING:
    from sagectl.controlplane.objects import ObjectStore


class LocalWorld:
    """Looks into the object store; buckets are made by writing, roles do not matter here."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def input_problem(self, uri: str, region: str) -> tuple[str, str, bool] | None:
        """Whether the object is there."""
        bucket = object_place(uri).bucket
        if not self._objects.bucket_exists(bucket):
            hint = "Put it there first, or write {upload: PATH} to have it sent."
            return (f"nothing was ever put into the bucket {bucket}", hint, True)
        if not self._objects.exists(uri):
            return (f"{uri} does not exist", "", True)
        return None

    def output_problem(self, uri: str, region: str) -> None:
        """A bucket is made by the first write to it."""

    def role_problem(self, arn: str) -> None:
        """Nothing is done in anybody's name."""
