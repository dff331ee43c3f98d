"""The installed botocore's SageMaker model, pruned to the operations sagectl knows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError
from sagectl.schema.pruning import MANAGED, PARTS, SEARCH, loader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


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

    def with_member(self, name: str, shape: str) -> Shape:
        """This structure with one more field."""
        members = {**self.raw.get("members", {}), name: {"shape": shape}}
        return Shape(self.name, {**self.raw, "members": members}, self._named)

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


class Operation(NamedTuple):
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
    """The model of the installed botocore, its prunings kept in ``cache``."""
    return ServiceModel(loader(cache))


def _listed() -> str:
    return ", ".join(sorted(MANAGED + SEARCH))
