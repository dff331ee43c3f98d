"""The installed botocore's SageMaker model, pruned to the operations sagectl knows."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

MANAGED = (
    *("CreateWorkforce", "UpdateWorkforce", "DeleteWorkforce"),
    *("DescribeWorkforce", "ListWorkforces"),
    *(
        "CreateWorkteam",
        "UpdateWorkteam",
        "DeleteWorkteam",
        "DescribeWorkteam",
        "ListWorkteams",
    ),
    *("DescribeSubscribedWorkteam", "ListSubscribedWorkteams"),
    *("CreateCompilationJob", "DescribeCompilationJob", "ListCompilationJobs"),
    *("StopCompilationJob", "DeleteCompilationJob"),
    *("CreateLabelingJob", "DescribeLabelingJob", "ListLabelingJobs"),
    *("ListLabelingJobsForWorkteam", "StopLabelingJob"),
    *("AddTags", "ListTags", "DeleteTags"),
)
# Search answers with every resource type there is: three quarters of all shapes, so kept apart.
SEARCH = ("Search", "GetSearchSuggestions")
PARTS: Mapping[str, tuple[str, ...]] = {"managed": MANAGED, "search": SEARCH}

_FORMAT = 1  # of the cached files; a change makes older ones go unread


class Shape:
    """One shape of the service model, its raw definition behind named accessors."""

    def __init__(
        self, name: str, raw: Mapping[str, Any], named: Callable[[str], Shape]
    ) -> None:
        self.name = name
        self.raw = raw
        self.type: str = raw["type"]
        self._named = named

    def __repr__(self) -> str:
        return f"Shape({self.name!r}, {self.type})"

    @cached_property
    def members(self) -> dict[str, Shape]:
        """The fields of a structure."""
        members = self.raw.get("members", {})
        return {name: self._named(member["shape"]) for name, member in members.items()}

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(self.raw.get("required", ()))

    @cached_property
    def member(self) -> Shape:
        """What a list holds."""
        return self._named(self.raw["member"]["shape"])

    @cached_property
    def key(self) -> Shape:
        """What names the entries of a map."""
        return self._named(self.raw["key"]["shape"])

    @cached_property
    def value(self) -> Shape:
        """What the entries of a map hold."""
        return self._named(self.raw["value"]["shape"])

    @cached_property
    def enum(self) -> tuple[str, ...]:
        return tuple(self.raw.get("enum", ()))

    @property
    def min(self) -> float | None:
        return self.raw.get("min")

    @property
    def max(self) -> float | None:
        return self.raw.get("max")

    @property
    def pattern(self) -> str | None:
        """A regular expression as Java reads it, for the whole value."""
        return self.raw.get("pattern")

    @property
    def is_sensitive(self) -> bool:
        return bool(self.raw.get("sensitive"))

    @property
    def is_union(self) -> bool:
        return bool(self.raw.get("union"))

    def at(self, path: str) -> Shape | None:
        """The shape of the field at ``A.B[0].C`` below this one, if there is such a field."""
        shape: Shape | None = self
        for step in path.replace("[", ".[").split("."):
            if shape is None or not step:
                continue
            if shape.type == "list" and step.startswith("["):
                shape = shape.member
            elif shape.type == "map":
                shape = shape.value
            else:
                shape = shape.members.get(step)
        return shape


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation takes, gives and may fail with."""

    name: str
    input_shape: Shape
    output_shape: Shape
    errors: tuple[str, ...]


def _no_shape(name: str) -> Shape:
    raise KeyError(name)


_NOTHING = Shape("Nothing", {"type": "structure", "members": {}}, _no_shape)


class ServiceModel:
    """The operations sagectl knows and their shapes, loaded part by part on first use."""

    def __init__(self, load: Callable[[str], Mapping[str, Any]]) -> None:
        self._load = load
        self._parts: dict[str, Mapping[str, Any]] = {}
        self._shapes: dict[tuple[str, str], Shape] = {}
        self._operations: dict[str, Operation] = {}
        self.checkers: dict[Shape, Any] = {}  # compiled by schema.constraints, one per shape

    def __contains__(self, operation: str) -> bool:
        return any(operation in names for names in PARTS.values())

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Protocol, target prefix and the like, as botocore has them."""
        metadata: Mapping[str, Any] = self._part("managed")["metadata"]
        return metadata

    def operation(self, name: str) -> Operation:
        """The operation called ``name``; raises InputError where there is none."""
        if (known := self._operations.get(name)) is None:
            known = self._operations[name] = self._operation(name)
        return known

    def documentation(self, shape: str, member: str = "") -> str:
        """What the service says of a shape, or of one of its fields: HTML, "" if nothing."""
        return str(self._part("documentation").get(shape, {}).get(member, ""))

    def _operation(self, name: str) -> Operation:
        part = next((part for part, names in PARTS.items() if name in names), None)
        raw = self._part(part)["operations"].get(name) if part else None
        if part is None or raw is None:
            raise InputError(
                f"{name!r} is not an operation sagectl knows", hint=f"It knows {_listed()}."
            )

        def shape(role: str) -> Shape:
            named = raw.get(role, {}).get("shape")
            return self._shape(part, named) if named else _NOTHING

        errors = tuple(error["shape"] for error in raw.get("errors", ()))
        return Operation(name, shape("input"), shape("output"), errors)

    def _part(self, name: str) -> Mapping[str, Any]:
        if name not in self._parts:
            self._parts[name] = self._load(name)
        return self._parts[name]

    def _shape(self, part: str, name: str) -> Shape:
        if (known := self._shapes.get((part, name))) is None:
            raw = self._part(part)["shapes"][name]
            known = Shape(name, raw, lambda other: self._shape(part, other))
            self._shapes[part, name] = known
        return known


def service_model(cache: Path) -> ServiceModel:
    """The model of the installed botocore, its prunings kept in ``cache``.

    Nothing of botocore is imported. A cache that cannot be read or written only costs time.
    """
    source = _source()
    made: dict[str, Mapping[str, Any]] = {}

    def load(part: str) -> Mapping[str, Any]:
        if part in made:
            return made[part]
        file = cache / f"sagemaker-{part}-{_key(source)}.json"
        if (kept := _kept(file)) is not None:
            return kept
        made.update(_pruned(source))
        for name, model in made.items():
            _keep(cache / f"sagemaker-{name}-{_key(source)}.json", model)
        return made[part]

    return ServiceModel(load)


def _source() -> Path:
    """The data file of the installed botocore; finding it runs none of botocore's code."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("botocore")
    for root in (spec.submodule_search_locations if spec else None) or ():
        for version in sorted(Path(root, "data", "sagemaker").glob("*"), reverse=True):
            for name in ("service-2.json.gz", "service-2.json"):
                if (file := version / name).is_file():
                    return file
    raise MissingExtraError(
        "botocore's model of SageMaker is not installed", hint="Run: pip install botocore"
    )


def _key(source: Path) -> str:
    """Names one installation of one version, so that several can share a cache."""
    from zlib import crc32

    facts = source.stat()
    place = crc32(os.fsencode(source))
    return f"{_FORMAT}-{place:08x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"


def _kept(file: Path) -> Mapping[str, Any] | None:
    """What ``_keep`` wrote, or None where it is missing, damaged or out of reach."""
    from zlib import crc32

    try:
        checksum, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if checksum != b"%08x" % crc32(body):
        return None
    model: Mapping[str, Any] = json.loads(body)
    return model


def _keep(file: Path, model: Mapping[str, Any]) -> None:
    """Write ``model`` whole or not at all; a cache that takes nothing is done without."""
    from contextlib import suppress
    from zlib import crc32

    body = json.dumps(model, separators=(",", ":")).encode()
    draft = file.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            draft.write_bytes(b"%08x\n%s" % (crc32(body), body))
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def _pruned(source: Path) -> dict[str, Mapping[str, Any]]:
    """Every part, and apart from them the documentation of the shapes they use."""
    import gzip

    raw = source.read_bytes()
    full = json.loads(gzip.decompress(raw) if source.suffix == ".gz" else raw)
    parts: dict[str, Mapping[str, Any]] = {}
    documentation: dict[str, dict[str, str]] = {}
    for part, names in PARTS.items():
        operations = {
            name: full["operations"][name] for name in names if name in full["operations"]
        }
        shapes = _reached(operations.values(), full["shapes"])
        documentation |= {name: _documentation(full["shapes"][name]) for name in shapes}
        parts[part] = {
            "version": full.get("version"),
            "metadata": full["metadata"],
            "operations": {name: _bare(item) for name, item in operations.items()},
            "shapes": {name: _bare(full["shapes"][name]) for name in shapes},
        }
    return {**parts, "documentation": documentation}


def _reached(operations: Iterable[Any], shapes: Mapping[str, Any]) -> list[str]:
    """The names of all shapes that the operations use, in the order first met."""
    pending = [
        role["shape"]
        for operation in operations
        for role in (
            operation.get("input"),
            operation.get("output"),
            *operation.get("errors", ()),
        )
        if role
    ]
    met: dict[str, None] = {}
    while pending:
        name = pending.pop()
        if name in met:
            continue
        met[name] = None
        shape = shapes[name]
        uses = [*shape.get("members", {}).values()]
        uses += [shape[role] for role in ("member", "key", "value") if role in shape]
        pending += [use["shape"] for use in uses]
    return sorted(met)


def _bare(raw: Any) -> Any:
    """``raw`` without its documentation strings (a field may be called that, and stays)."""
    if not isinstance(raw, dict):
        return raw
    return {
        key: {name: _bare(member) for name, member in value.items()}
        if key == "members"
        else _bare(value)
        for key, value in raw.items()
        if key != "documentation"
    }


def _documentation(shape: Mapping[str, Any]) -> dict[str, str]:
    texts = {"": shape.get("documentation", "")}
    for name, member in shape.get("members", {}).items():
        texts[name] = member.get("documentation", "")
    return {name: text for name, text in texts.items() if text}


def _listed() -> str:
    return ", ".join(sorted(MANAGED + SEARCH))
