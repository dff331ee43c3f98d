"""The records that Search looks through: training jobs, experiments, trials, ..."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.clock import moment, timestamp
from sagectl.controlplane.keys import Keeper, walk, within
from sagectl.errors import InputError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.keys import Key
    from sagectl.controlplane.ranges import Range
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store
    from sagectl.schema.model import ServiceModel, Shape

# Resource of Search -> the member of a SearchRecord that holds it, where they differ.
MEMBERS: Mapping[str, str] = MappingProxyType(
    {"ExperimentTrial": "Trial", "ExperimentTrialComponent": "TrialComponent"}
)
# Member -> the fields that together tell one record from another, where the name does not.
IDENTITIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ModelPackage": ("ModelPackageArn",),
        "PipelineExecution": ("PipelineExecutionArn",),
        "PipelineVersion": ("PipelineArn", "PipelineVersionId"),
        "FeatureMetadata": ("FeatureGroupArn", "FeatureName"),
        "HubContent": ("HubContentArn",),
        "ModelCard": ("ModelCardName", "ModelCardVersion"),
    }
)
TIMES = ("LastModifiedTime", "CreationTime")


@dataclass(frozen=True, slots=True)
class Record:
    """One record; times in ``body`` are milliseconds since the epoch."""

    id: int
    modified: int
    body: Mapping[str, Any]


def member(resource: str) -> str:
    """The member of a SearchRecord that holds a ``resource``."""
    return MEMBERS.get(resource, resource)


def record_shape(model: ServiceModel, resource: str) -> Shape | None:
    """The shape of a record, or None for a resource of which SearchRecord has no member."""
    return _search_record(model).members.get(member(resource))


def load(
    store: Store, lines: Iterable[str], *, place: Place, model: ServiceModel, now: int
) -> int:
    """Keep the records of JSON lines, each a SearchRecord (``{"TrainingJob": {...}}``).

    A record that is there already is replaced. All of the lines are kept, or none: raises
    InputError naming the first line that is no record. Returns how many there were.
    """
    shapes = _search_record(model).members
    rows = (
        _row(number, line, shapes, now)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )
    loaded = 0
    with store.writing() as db:
        keeper = Keeper(db, place, shapes)
        for kind, name, modified, body in rows:
            loaded += 1
            (key,) = db.execute(
                "INSERT INTO records (kind, account, region, name, modified, body)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, account, region, name)"
                " DO UPDATE SET modified = excluded.modified, body = excluded.body"
                " RETURNING id",
                (kind, *place, name, modified, body),
            ).fetchone()
            keeper.keep(kind, key, body)
    return loaded


def newest_first(
    db: Connection, kind: str, place: Place, *, after: tuple[int, int] | None = None
) -> Iterator[Record]:
    """Records by descending time, beginning behind ``(modified, id)``."""
    past = "AND (modified, id) < (?, ?)" if after else ""
    return _records(db, kind, place, f"{past} ORDER BY modified DESC, id DESC", after or ())


def oldest_first(
    db: Connection, kind: str, place: Place, *, after: tuple[int, int] | None = None
) -> Iterator[Record]:
    """Records by ascending time, beginning behind ``(modified, id)``."""
    past = "AND (modified, id) > (?, ?)" if after else ""
    return _records(db, kind, place, f"{past} ORDER BY modified, id", after or ())


def is_any_past(db: Connection, kind: str, place: Place, number: int) -> bool:
    """Whether there are more records of a kind than ``number``."""
    query = "SELECT 1 FROM records WHERE kind = ? AND account = ? AND region = ?"
    row = db.execute(f"{query} LIMIT 1 OFFSET ?", (kind, *place, number)).fetchone()
    return row is not None


def every(db: Connection, kind: str, place: Place) -> Iterator[Record]:
    """All records of a kind, in no promised order."""
    return _records(db, kind, place, "", ())


def keyed(
    db: Connection, number: int, *, is_down: bool, after: tuple[Key, int] | None = None
) -> Iterator[Record]:
    """Records in the order of the keys of that number, beginning behind ``(key, id)``."""
    rows = walk(db, number, is_down=is_down, after=after)
    return (_record(*row) for row in rows)


def ranged(db: Connection, number: int, found: Range) -> Iterator[Record]:
    """The records that hold a value in a range of keys, in no promised order."""
    condition, values = within(found)
    rows = db.execute(
        "SELECT id, modified, body FROM records WHERE id IN"
        f" (SELECT record FROM search_keys WHERE property = ? AND {condition})",
        (number, *values),
    )
    return (_record(*row) for row in rows)


def shown(body: Any, shape: Shape) -> Any:
    """A record's value as a result carries it: timestamps as aware datetimes."""
    if shape.type == "structure":
        return {name: shown(value, shape.members[name]) for name, value in body.items()}
    if shape.type == "list":
        return [shown(item, shape.member) for item in body]
    if shape.type == "map":
        return {name: shown(value, shape.value) for name, value in body.items()}
    return timestamp(body) if shape.type == "timestamp" else body


def _records(
    db: Connection, kind: str, place: Place, rest: str, values: tuple[int, ...]
) -> Iterator[Record]:
    rows = db.execute(
        "SELECT id, modified, body FROM records"
        f" WHERE kind = ? AND account = ? AND region = ? {rest}",
        (kind, *place, *values),
    )
    return (_record(*row) for row in rows)


def _record(key: int, modified: int, body: str) -> Record:
    try:
        return Record(key, modified, json.loads(body))
    except ValueError as error:
        raise StateError(
            f"record {key} of Search is damaged: {error}",
            hint="Load it again, restore a backup, or start afresh with `sagectl local reset`.",
        ) from error


def _search_record(model: ServiceModel) -> Shape:
    return model.operation("Search").output_shape.members["Results"].member


def _row(
    number: int, line: str, shapes: Mapping[str, Shape], now: int
) -> tuple[str, str, int, str]:
    try:
        given = json.loads(line, parse_constant=_refused_constant)
    except ValueError as error:
        raise InputError(f"line {number}: not JSON: {error}") from error
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in shapes:
        raise InputError(
            f"line {number}: not a search record",
            hint=f'Write {{"TrainingJob": {{...}}}}; kinds are {", ".join(sorted(shapes))}.',
        )
    ((kind, content),) = given.items()
    body = _kept(content, shapes[kind], kind, number)
    modified = next((body[name] for name in TIMES if name in body), now)
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return kind, _identity(kind, body, number), modified, text


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _identity(kind: str, body: Mapping[str, Any], number: int) -> str:
    wanted = IDENTITIES.get(kind, (f"{kind}Name",))
    missing = [name for name in wanted if name not in body]
    if missing:
        raise InputError(f"line {number}: {kind} has no {' and no '.join(missing)}")
    return "\n".join(str(body[name]) for name in wanted)


_PLAIN: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "string": (str,),
        "integer": (int,),
        "long": (int,),
        "float": (int, float),
        "double": (int, float),
        "boolean": (bool,),
        "structure": (dict,),
        "map": (dict,),
        "list": (list,),
    }
)


def _kept(value: Any, shape: Shape, path: str, number: int) -> Any:
    """``value`` held against its shape, with times as milliseconds and without nulls."""
    if shape.type == "timestamp":
        return _time(value, path, number)
    fits = isinstance(value, _PLAIN[shape.type]) and (
        not isinstance(value, bool) or shape.type == "boolean"
    )
    if not fits:
        raise InputError(
            f"line {number}: {path} must be of type {shape.type}, not {value!r:.60}"
        )
    if shape.type == "list":
        return [
            _kept(item, shape.member, f"{path}[{index}]", number)
            for index, item in enumerate(value)
        ]
    if shape.type == "structure":
        for name in value:
            if name not in shape.members:
                raise InputError(f"line {number}: {path} has no field {name!r}")
        inner: Callable[[str], Shape] = shape.members.__getitem__
    elif shape.type == "map":
        inner = lambda _: shape.value  # noqa: E731 (one of two ways to find the shape)
    else:
        return value
    return {
        name: _kept(item, inner(name), f"{path}.{name}", number)
        for name, item in value.items()
        if item is not None
    }


def _time(value: Any, path: str, number: int) -> int:
    try:
        if isinstance(value, str):
            return moment(datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return moment(value)
    except (ValueError, OverflowError) as error:
        raise InputError(f"line {number}: {path}: {error}") from error
    raise InputError(f"line {number}: {path} is not a time: {value!r:.60}")
