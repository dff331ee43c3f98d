"""The output of a labeling job: what workers said, and the augmented manifest.

Source: developer guide, "Output Data": ``<S3OutputPath>/<job>/annotations/worker-response``,
``.../consolidated-annotation`` and ``<S3OutputPath>/<job>/manifests/output/output.manifest``.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.controlplane.clock import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagectl.controlplane.labeldata import JobData
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.resources import Resource

_ITERATION = "iteration-1"
_PICTURES = "annotations/consolidated-annotation/output"


class Submitted(NamedTuple):
    """One worker's answer; times are milliseconds since the epoch."""

    worker: str
    accepted: int
    submitted: int
    content: Mapping[str, Any]

    def as_response(self) -> dict[str, Any]:
        """The answer as the service writes it below ``worker-response``."""
        return {
            "acceptanceTime": _iso(self.accepted),
            "answerContent": self.content,
            "submissionTime": _iso(self.submitted),
            "timeSpentInSeconds": round((self.submitted - self.accepted) / 1000, 3),
            "workerId": self.worker,
            "workerMetadata": {"identityData": {"identityProviderType": "Local"}},
        }


def root_of(job: Resource) -> str:
    """Where everything of a job's output is below."""
    return f"{job.body['OutputConfig']['S3OutputPath'].rstrip('/')}/{job.name}"


def write_output(
    job: Resource,
    data: JobData,
    answers: Mapping[int, Sequence[Submitted]],
    labels: Sequence[tuple[Any, Mapping[str, Any]] | None],
    objects: ObjectStore,
    *,
    now: int,
) -> str:
    """Write the output of a job; gives the URI of its manifest, which comes last.

    ``labels`` has a value and its metadata for each object, None for one that has none; a
    value of bytes is a PNG picture, which is written beside them.
    """
    # Not of now: two who end the job at once write the same files.
    root, stamp = root_of(job), _iso(job.created).replace(":", "-")
    with TemporaryDirectory(prefix="sagectl-") as folder:
        draft = Path(folder) / "object"

        def put(key: str, lines: Iterable[Any]) -> str:
            # Half a surrogate pair is no UTF-8, but it has an escape, which JSON reads back.
            with draft.open("w", encoding="utf-8", errors="backslashreplace") as stream:
                for line in lines:
                    stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            objects.put(f"{root}/{key}", draft)
            return f"{root}/{key}"

        for number, given in answers.items():
            said = {"answers": [one.as_response() for one in given]}
            put(f"annotations/worker-response/{_ITERATION}/{number}/{stamp}.json", [said])
        labels = _with_pictures(labels, f"{root}/{_PICTURES}", stamp, draft, objects)
        rows = [_row(job, number, one, now) for number, one in enumerate(labels) if one]
        put(f"annotations/consolidated-annotation/{_ITERATION}/{stamp}.json", [rows])
        lines = _manifest(job, data, labels, now)
        return put("manifests/output/output.manifest", lines)


def _with_pictures(
    labels: Sequence[tuple[Any, Mapping[str, Any]] | None],
    folder: str,
    stamp: str,
    draft: Path,
    objects: ObjectStore,
) -> list[tuple[Any, Mapping[str, Any]] | None]:
    """The labels, with the address of each picture (a PNG's bytes) in its place."""
    kept: list[tuple[Any, Mapping[str, Any]] | None] = []
    for number, label in enumerate(labels):
        if label and isinstance(label[0], bytes):
            uri = f"{folder}/{number}_{stamp}.png"
            draft.write_bytes(label[0])
            objects.put(uri, draft)
            kept.append((uri, label[1]))
        else:
            kept.append(label)
    return kept


def _row(
    job: Resource, number: int, label: tuple[Any, Mapping[str, Any]], now: int
) -> dict[str, Any]:
    content = _labeled(job, label, now)
    return {"datasetObjectId": str(number), "consolidatedAnnotation": {"content": content}}


def _manifest(
    job: Resource,
    data: JobData,
    labels: Sequence[tuple[Any, Mapping[str, Any]] | None],
    now: int,
) -> Iterable[dict[str, Any]]:
    for line, label in zip(data.objects, labels, strict=True):
        if label is None:
            failed = {"failure-reason": "ClientError: No worker labeled the object."}
            yield {**line, f"{job.body['LabelAttributeName']}-metadata": failed}
        else:
            yield {**line, **_labeled(job, label, now)}


def _labeled(job: Resource, label: tuple[Any, Mapping[str, Any]], now: int) -> dict[str, Any]:
    name = job.body["LabelAttributeName"]
    value, metadata = label
    common = {
        "job-name": f"labeling-job/{job.name}",
        "human-annotated": "yes",
        "creation-date": _iso(now),
    }
    return {name: value, f"{name}-metadata": {**metadata, **common}}


def _iso(milliseconds: int) -> str:
    return timestamp(milliseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
