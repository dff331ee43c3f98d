"""AWS JSON 1.1 by shape: bytes to parameters, results and Faults to bytes.

Sources: the Smithy specification of ``awsJson1_1``; which of ``message`` and ``Message`` an
error has, and that its ``__type`` is bare, from answers of the service.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.faults import Fault
from sagectl.controlplane.summaries import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.errors import ServiceError
    from sagectl.schema.model import ServiceModel, Shape

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "SageMaker."

# Errors that have a shape in the service model call their text Message, the others message.
MODELLED = frozenset(
    ("ConflictException", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound")
)
_INTEGER_BITS = {"integer": 32, "long": 64}
_NOT_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def serialization(message: str) -> Fault:
    """The body cannot be read as the operation's input."""
    return Fault("SerializationException", message)


def decode(operation: str, body: bytes, model: ServiceModel) -> dict[str, Any]:
    """The parameters in ``body``; members that the model does not know are ignored.

    Raises a SerializationException for what is no JSON, or of another type than its shape.
    Nulls count as absent. Limits and patterns are the control plane's to check.
    """
    value = _json(body) if body.strip() else {}
    try:
        decoded: dict[str, Any] = _decoded(model.operation(operation).input_shape, value, "")
    except RecursionError as error:  # the expression of a Search has expressions in it
        raise serialization("The body is nested too deeply.") from error
    return decoded


def encode(operation: str, result: Mapping[str, Any], model: ServiceModel) -> bytes:
    """``result`` by the operation's output shape; members of value None are left out.

    So is what the installed model is too old to know.
    """
    members = model.operation(operation).output_shape.members
    parts = (
        f'"{name}":{_member_text(members[name], value)}'
        for name, value in result.items()
        if value is not None and name in members
    )
    return f"{{{','.join(parts)}}}".encode()


def _member_text(shape: Shape, value: Any) -> str:
    if shape.type == "list":
        return f"[{','.join(_item_text(shape.member, item) for item in value)}]"
    return _text(_encoded(shape, value))


def _item_text(shape: Shape, item: Any) -> str:
    """One item of a list; a summary that was told before is not encoded again."""
    if not isinstance(item, Summary):
        return _text(_encoded(shape, item))
    if not item.wire:
        item.wire.append(_text(_encoded(shape, item)))
    return item.wire[0]


def encode_fault(
    fault: ServiceError, request_id: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """The HTTP status, headers and body that say ``fault``."""
    text = "Message" if fault.code in MODELLED else "message"
    body = _dumped({"__type": fault.code, text: fault.message})
    return fault.status, headers(body, request_id or fault.request_id or ""), body


def headers(body: bytes, request_id: str) -> dict[str, str]:
    """What every answer says of itself."""
    return {
        "x-amzn-RequestId": request_id,
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
    }


# Made once: json.dumps makes one for each call that asks for other separators.
_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _dumped(value: Any) -> bytes:
    return _text(value).encode()


def _json(body: bytes) -> Any:
    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        value = json.loads(body.decode(), parse_constant=constant)
        # An escape can smuggle in half a surrogate pair, which no text can hold.
        if b"\\u" in body:
            _dumped(value)
    except (ValueError, RecursionError) as error:
        raise serialization(f"The body is not JSON: {error}") from error
    return value


def _decoded(shape: Shape, value: Any, path: str) -> Any:
    return _DECODERS[shape.type](shape, value, path)


def _refused(path: str, wanted: str, value: Any) -> Fault:
    return serialization(f"{path or 'The body'} is {_word(value)}, not {wanted}.")


def _word(value: Any) -> str:
    words = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return words.get(type(value), "null" if value is None else "a number")


def _structure_in(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(path, "an object", value)
    prefix = f"{path}." if path else ""
    return {
        name: _decoded(member, value[name], prefix + name)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _list_in(shape: Shape, value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _refused(path, "a list", value)
    return [_decoded(shape.member, item, f"{path}[{at}]") for at, item in enumerate(value)]


def _map_in(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(path, "an object", value)
    return {
        key: _decoded(shape.value, item, f"{path}.{key}")
        for key, item in value.items()
        if item is not None
    }


def _string_in(_shape: Shape, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _refused(path, "a string", value)
    return value


def _boolean_in(_shape: Shape, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _refused(path, "a boolean", value)
    return value


def _integer_in(shape: Shape, value: Any, path: str) -> int:
    # Some clients write whole numbers with a point; true and false are no numbers.
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(path, "a whole number", value)
    bound = 1 << (_INTEGER_BITS[shape.type] - 1)
    if not -bound <= value < bound:
        raise serialization(f"{path} does not fit in {_INTEGER_BITS[shape.type]} bits.")
    return value


def _number_in(_shape: Shape, value: Any, path: str) -> float:
    if isinstance(value, str) and value in _NOT_NUMBERS:
        return _NOT_NUMBERS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(path, "a number", value)
    return value


def _timestamp_in(_shape: Shape, value: Any, path: str) -> datetime:
    """Seconds since the epoch, or ISO 8601 with or without an offset (then UTC)."""
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise serialization(f"{path} is no point in time: {error}.") from error
    raise _refused(path, "a timestamp", value)


def _blob_in(_shape: Shape, value: Any, path: str) -> bytes:
    if not isinstance(value, str):
        raise _refused(path, "a base64 string", value)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise serialization(f"{path} is not base64: {error}.") from error


_DECODERS: Mapping[str, Callable[[Shape, Any, str], Any]] = {
    "structure": _structure_in,
    "list": _list_in,
    "map": _map_in,
    "string": _string_in,
    "boolean": _boolean_in,
    "integer": _integer_in,
    "long": _integer_in,
    "float": _number_in,
    "double": _number_in,
    "timestamp": _timestamp_in,
    "blob": _blob_in,
}


def _encoded(shape: Shape, value: Any) -> Any:
    encoder = _ENCODERS.get(shape.type)
    return encoder(shape, value) if encoder else value


def _structure_out(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    members, shown = shape.members, {}
    for name, item in value.items():
        if item is not None and name in members:
            # Not by _encoded: most members are plain, and a list has thousands of them.
            encoder = _ENCODERS.get(members[name].type)
            shown[name] = encoder(members[name], item) if encoder else item
    return shown


def _list_out(shape: Shape, value: list[Any]) -> list[Any]:
    return [_encoded(shape.member, item) for item in value]


def _map_out(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _encoded(shape.value, item) for key, item in value.items() if item is not None}


def _number_out(_shape: Shape, value: float) -> float | str:
    if isfinite(value):
        return value
    return next(
        name for name, number in _NOT_NUMBERS.items() if str(number) == str(float(value))
    )


def _timestamp_out(_shape: Shape, value: datetime) -> float:
    return round(value.timestamp(), 3)


def _blob_out(_shape: Shape, value: bytes) -> str:
    return base64.b64encode(value).decode()


# Shapes without a row are JSON as they are.
_ENCODERS: Mapping[str, Callable[[Shape, Any], Any]] = {
    "structure": _structure_out,
    "list": _list_out,
    "map": _map_out,
    "float": _number_out,
    "double": _number_out,
    "timestamp": _timestamp_out,
    "blob": _blob_out,
}
