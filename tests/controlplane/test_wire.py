"""AWS JSON 1.1 by shape, both ways."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sagectl.controlplane.faults import Fault, limit_exceeded, throttled, validation
from sagectl.controlplane.wire import decode, encode, encode_fault
from sagectl.schema.model import ServiceModel, service_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("cache"))


# Every type of AWS JSON in one operation, which no operation of the service has.
SHAPES: dict[str, Any] = {
    "Everything": {
        "type": "structure",
        "members": {
            name: {"shape": name.capitalize()}
            for name in ("blob", "long", "double", "when", "map", "flag", "items")
        },
    },
    "Blob": {"type": "blob"},
    "Long": {"type": "long"},
    "Double": {"type": "double"},
    "When": {"type": "timestamp"},
    "Flag": {"type": "boolean"},
    "Text": {"type": "string"},
    "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Long"}},
    "Items": {"type": "list", "member": {"shape": "Text"}},
}
EVERYTHING = ServiceModel(
    lambda _part: {
        "metadata": {},
        "operations": {
            "Search": {"input": {"shape": "Everything"}, "output": {"shape": "Everything"}}
        },
        "shapes": SHAPES,
    }
)


def everything(value: Any) -> dict[str, Any]:
    return decode("Search", json.dumps(value).encode(), EVERYTHING)


def test_a_request_is_read_by_its_shape(model: ServiceModel) -> None:
    body = json.dumps(
        {
            "SortBy": "Name",
            "MaxResults": 5.0,
            "CreationTimeAfter": 1595548800.25,
            "CreationTimeBefore": "2020-07-24T02:00:00+02:00",
            "NameContains": None,
            "NotAMember": {"ignored": True},
        }
    ).encode()
    assert decode("ListCompilationJobs", body, model) == {
        "SortBy": "Name",
        "MaxResults": 5,
        "CreationTimeAfter": datetime(2020, 7, 24, 0, 0, 0, 250000, tzinfo=UTC),
        "CreationTimeBefore": datetime(2020, 7, 24, tzinfo=UTC),
    }


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"NameContains":null}'])
def test_a_body_may_be_empty(model: ServiceModel, body: bytes) -> None:
    assert decode("ListCompilationJobs", body, model) == {}


NO_JSON = {
    "not json": b"{",
    "two values": b"{}{}",
    "not utf-8": b'{"NameContains":"\xff"}',
    "utf-16": '{"NameContains":"a"}'.encode("utf-16"),
    "nan": b'{"MaxResults":NaN}',
    "deep": b'{"a":' * 100_000,
    "half a surrogate pair": b'{"NameContains":"\\ud800"}',
    "endless number": b'{"MaxResults":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_a_serialization_exception(model: ServiceModel, body: bytes) -> None:
    with pytest.raises(Fault, match="not JSON") as fault:
        decode("ListCompilationJobs", body, model)
    assert (fault.value.code, fault.value.status) == ("SerializationException", 400)


def test_expressions_within_expressions_have_an_end(model: ServiceModel) -> None:
    opened = b'{"SubExpressions":[' * 300 + b"{}" + b"]}" * 300
    body = b'{"Resource":"TrainingJob","SearchExpression":' + opened + b"}"
    with pytest.raises(Fault, match="nested too deeply") as fault:
        decode("Search", body, model)
    assert fault.value.code == "SerializationException"


WRONG_TYPES = {
    "body": ([], "The body is a list, not an object"),
    "null body": (None, "The body is null, not an object"),
    "string": ({"items": [1]}, r"items\[0\] is a number, not a string"),
    "null item": ({"items": [None]}, r"items\[0\] is null, not a string"),
    "list": ({"items": {}}, "items is an object, not a list"),
    "map": ({"map": "x"}, "map is a string, not an object"),
    "map value": ({"map": {"a": "1"}}, "map.a is a string, not a whole number"),
    "boolean": ({"flag": "true"}, "flag is a string, not a boolean"),
    "true for a number": ({"long": True}, "long is a boolean, not a whole number"),
    "fraction": ({"long": 1.5}, "long is a number, not a whole number"),
    "65 bits": ({"long": 1 << 63}, "long does not fit in 64 bits"),
    "number": ({"double": "1"}, "double is a string, not a number"),
    "timestamp": ({"when": False}, "when is a boolean, not a timestamp"),
    "no date": ({"when": "yesterday"}, "when is no point in time"),
    "beyond the calendar": ({"when": 1e300}, "when is no point in time"),
    "blob": ({"blob": 1}, "blob is a number, not a base64 string"),
    "not base64": ({"blob": "!"}, "blob is not base64"),
}


@pytest.mark.parametrize(("value", "text"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_a_serialization_exception_that_names_the_member(
    value: Any, text: str
) -> None:
    with pytest.raises(Fault, match=text) as fault:
        everything(value)
    assert fault.value.code == "SerializationException"


def test_every_type_survives_the_way_out_and_in_again() -> None:
    value = {
        "blob": b"\0\xff",
        "long": 1 << 40,
        "double": 0.1,
        "when": datetime(2020, 7, 24, 12, 30, 15, 123000, tzinfo=UTC),
        "map": {"a": 1},
        "flag": False,
        "items": ["é", ""],
    }
    wire = encode("Search", value, EVERYTHING)
    assert decode("Search", wire, EVERYTHING) == value
    assert json.loads(wire)["when"] == 1595593815.123
    assert json.loads(wire)["blob"] == "AP8="


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_no_number_for_travels_as_a_string(text: str) -> None:
    value = everything({"double": text})
    assert json.loads(encode("Search", value, EVERYTHING)) == {"double": text}


def test_a_result_leaves_out_nulls_and_what_the_model_does_not_know() -> None:
    result = {"long": None, "flag": True, "newer": 1, "map": {"a": None}}
    assert json.loads(encode("Search", result, EVERYTHING)) == {"flag": True, "map": {}}


def test_timestamps_leave_as_seconds_whatever_their_zone() -> None:
    when = datetime(2020, 7, 24, 2, tzinfo=timezone(timedelta(hours=2)))
    assert json.loads(encode("Search", {"when": when}, EVERYTHING)) == {"when": 1595548800.0}


def test_the_throttle_has_the_58_bytes_seen_from_the_service() -> None:
    status, headers, body = encode_fault(throttled(), "some-id")
    assert status == 400
    assert body == b'{"__type":"ThrottlingException","message":"Rate exceeded"}'
    assert headers == {
        "x-amzn-RequestId": "some-id",
        "Content-Type": "application/x-amz-json-1.1",
        "Content-Length": "58",
    }


@pytest.mark.parametrize(
    ("fault", "member"),
    [
        pytest.param(validation("no"), "message", id="unmodelled"),
        pytest.param(limit_exceeded("no"), "Message", id="modelled"),
    ],
)
def test_the_case_of_message_follows_the_model(fault: Fault, member: str) -> None:
    _, _, body = encode_fault(fault)
    assert json.loads(body) == {"__type": fault.code, member: "no"}


def test_the_errors_said_with_a_capital_message_are_those_of_the_model(
    model: ServiceModel,
) -> None:
    from sagectl.controlplane.wire import MODELLED
    from sagectl.schema.model import MANAGED

    assert {error for name in MANAGED for error in model.operation(name).errors} == MODELLED
