"""One desired resource, as its author wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.diagnostics import SourceSpan
    from sagectl.manifest.people import Worker


@dataclass(frozen=True, slots=True)
class Upload:
    """``{upload: PATH}``: a local file standing where the service wants an S3 URI.

    ``path`` is already resolved against the file that said it.
    """

    path: Path
    span: SourceSpan | None = None

    def as_value(self) -> dict[str, str]:
        return {"upload": str(self.path)}


@dataclass(frozen=True, slots=True)
class Reference:
    """``{ref: Kind/name}``: another document's, or a live resource's, name or ARN."""

    kind: str
    name: str
    span: SourceSpan | None = None

    def as_value(self) -> dict[str, str]:
        return {"ref": f"{self.kind}/{self.name}"}


@dataclass(frozen=True, slots=True)
class Secret:
    """``{env: NAME}``, ``{file: PATH}`` or ``{secret: NAME}``: a value that is kept elsewhere.

    ``source`` is the form's word, ``place`` the variable, the path (already resolved against
    the file that said it), or the name or ARN in Secrets Manager. The value itself is never
    part of a document.
    """

    source: str
    place: str
    span: SourceSpan | None = None

    def as_value(self) -> dict[str, str]:
        return {self.source: self.place}

    def __str__(self) -> str:
        return f"{{{self.source}: {self.place}}}"


@dataclass(frozen=True, slots=True)
class Document:
    """A resource of one kind with the fields its create operation takes.

    ``spec`` keeps the service's spelling; its leaves are plain values, ``Upload``,
    ``Reference`` or ``Secret``. ``spans`` maps field paths (``spec.OutputConfig``, ``name``)
    to where they stand, for documents read from a file. ``workers`` are the people that a work
    team is to have.
    """

    kind: str
    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    span: SourceSpan | None = None
    spans: Mapping[str, SourceSpan] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()

    @property
    def label(self) -> str:
        """The document as the command line names it: ``workteam/radiology``."""
        return f"{self.kind.lower()}/{self.name}"

    def as_dict(self) -> dict[str, Any]:
        """The document as it would be written in a manifest, value forms spelled out."""
        written: dict[str, Any] = {"kind": self.kind, "name": self.name}
        if self.region:
            written["region"] = self.region
        if self.tags:
            written["tags"] = dict(self.tags)
        if self.workers:
            written["workers"] = [worker.as_dict() for worker in self.workers]
        return written | {"spec": _written(self.spec)}


def _written(value: Any) -> Any:
    if isinstance(value, Upload | Reference | Secret):
        return value.as_value()
    if isinstance(value, dict):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    return value
