"""Protocol buffers' wire format, read without the schema that a message was written by."""

from __future__ import annotations

from collections import defaultdict

# Field number -> what the message has for it, in order: numbers, or bytes of whatever kind.
Message = dict[int, list[int | bytes]]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10


def fields(data: bytes) -> Message:
    """The fields of one message; raises ValueError for what is none."""
    found: Message = defaultdict(list)
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            found[number].append(value)
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in _WIDTHS:
            length = _WIDTHS[kind]
        else:
            raise ValueError(f"no wire type {kind} is known")
        if place + length > len(data):
            raise ValueError("the message is cut short")
        found[number].append(data[place : place + length])
        place += length
    return found


def messages(message: Message, number: int) -> list[Message]:
    """The messages that a field holds, one or repeated."""
    return [fields(each) for each in message.get(number, ()) if isinstance(each, bytes)]


def texts(message: Message, number: int) -> list[str]:
    """The strings that a field holds."""
    return [each.decode() for each in message.get(number, ()) if isinstance(each, bytes)]


def number_of(message: Message, number: int, default: int = 0) -> int:
    """The last number of a field, read as int64."""
    found = [each for each in message.get(number, ()) if isinstance(each, int)]
    value = found[-1] if found else default
    return value - (1 << 64) if value >= 1 << 63 else value


def entries(message: Message, number: int) -> dict[str, Message]:
    """A field that maps strings to messages."""
    return {
        texts(each, 1)[0]: messages(each, 2)[0]
        for each in messages(message, number)
        if each.get(1) and each.get(2)
    }


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST_VARINT):
        if place >= len(data):
            raise ValueError("the message is cut short")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, place
    raise ValueError("a number has more than 64 bits")
