"""The JSON Schema of manifests, for editors and for checks without sagectl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.catalog.task_types import TASK_TYPES
from sagectl.manifest.axes import MAX_DOCUMENTS
from sagectl.manifest.reader import API_VERSION, REQUIRED
from sagectl.schema.explaining import Explainer
from sagectl.schema.forms import SECRET_FORMS
from sagectl.schema.shorthands import PLACE, WORD, task_defaults, task_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sagectl.catalog.kinds import Kind
    from sagectl.schema.explaining import Field
    from sagectl.schema.model import ServiceModel, Shape

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A field that is text takes what YAML reads as something else: its text is what counts.
_TEXT = ["string", "number", "boolean"]
_NUMBERS = {"integer": "integer", "long": "integer", "float": "number", "double": "number"}
_ITEM = {"type": ["string", "number", "boolean", "object"]}


def manifest_schema(model: ServiceModel) -> dict[str, Any]:
    """The schema of one document. Where it has a matrix, its spec is not judged here."""
    return {
        "$schema": DIALECT,
        "title": "sagectl manifest",
        "type": "object",
        "required": list(REQUIRED),
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(KINDS)},
            "name": {"type": _TEXT},
            "region": {"type": "string"},
            "tags": {"type": "object", "additionalProperties": {"type": _TEXT}},
            "workers": _workers(),
            "spec": {"type": "object"},
            "matrix": _matrix(),
        },
        "allOf": [
            {
                "if": {
                    "required": ["kind"],
                    "properties": {"kind": {"const": name}},
                    "not": {"required": ["matrix"]},
                },
                "then": {
                    "properties": {
                        "spec": {"$ref": f"#/$defs/{name}"},
                        **({} if name == "Workteam" else {"workers": False}),
                    }
                },
            }
            for name in KINDS
        ],
        "$defs": {name: _spec(kind, model) for name, kind in KINDS.items()},
    }


def _workers() -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    person = {
        "type": "object",
        "required": ["email"],
        "additionalProperties": False,
        "properties": {
            "email": {"type": "string"},
            "name": {"type": "string"},
            "groups": texts,
        },
    }
    return {
        "description": "People of a Workteam: an e-mail address each, or email, name, groups.",
        "type": "array",
        "items": {"anyOf": [{"type": "string"}, person]},
    }


def _matrix() -> dict[str, Any]:
    rows = {"type": "array", "items": {"type": "object", "additionalProperties": _ITEM}}
    return {
        "description": "Axes to multiply: ${axis} and ${axis.key} stand for their items.",
        "type": "object",
        "properties": {
            "include": rows,
            "exclude": rows,
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_DOCUMENTS},
        },
        "additionalProperties": {"type": "array", "minItems": 1, "items": _ITEM},
    }


def _spec(kind: Kind, model: ServiceModel) -> dict[str, Any]:
    explainer = Explainer(kind, model)
    schema = _mapping(explainer, explainer.members(explainer.root))
    # Tags stand at the top, and may stand here as the API has them.
    tags = model.operation(kind.create).input_shape.members["Tags"]
    tag = {"type": "object", "required": ["Key", "Value"]}
    schema["properties"]["Tags"] = {"type": "array", "items": tag, **_sizes(tags, "Items")}
    return schema


def _mapping(explainer: Explainer, members: Iterable[Field]) -> dict[str, Any]:
    members = tuple(members)
    required = [member.name for member in members if member.is_required]
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {member.name: _field(explainer, member) for member in members},
    }
    if required:
        schema["required"] = required
    return schema


def _field(explainer: Explainer, field: Field) -> dict[str, Any]:
    schema = _value(explainer, field, field.shape)
    if field.path == f"spec.{PLACE}":
        _allow_task_type(schema)
    if field.description:
        schema = {"description": field.description.split("\n")[0], **schema}
    return schema


def _value(explainer: Explainer, field: Field, shape: Shape) -> dict[str, Any]:
    match shape.type:
        case "structure":
            return _mapping(explainer, explainer.members(field))
        case "list":
            items = _value(explainer, field, shape.member)
            return {"type": "array", "items": items, **_sizes(shape, "Items")}
        case "map":
            value = _value(explainer, field, shape.value)
            return {
                "type": "object",
                "additionalProperties": value,
                **_sizes(shape, "Properties"),
            }
        case "boolean":
            return {"type": "boolean"}
        case "timestamp":
            return {"type": ["string", "number"]}
        case "string":
            return _text(field, shape)
    limits = {"minimum": shape.min, "maximum": shape.max}
    return {"type": _NUMBERS[shape.type], **_given(limits)}


def _text(field: Field, shape: Shape) -> dict[str, Any]:
    text: dict[str, Any] = {"type": _TEXT, **_sizes(shape, "Length")}
    if shape.enum:
        text = {"enum": list(shape.enum)}
    elif shape.pattern and "\\p" not in shape.pattern:
        text["pattern"] = f"^(?:{shape.pattern.removeprefix('^').removesuffix('$')})$"
    forms = [form for said in field.forms for form in _form(said)]
    return {"anyOf": [text, *forms]} if forms else text


def _form(said: str) -> list[dict[str, Any]]:
    """The schemas of one value form, as ``explain`` words it."""
    if said.startswith("{upload"):
        return [_one_key("upload")]
    if said.startswith("{ref"):
        kind = said.removeprefix("{ref: ").partition("/")[0]
        return [_one_key("ref", {"type": "string", "pattern": f"^{kind}/[^/]+$"})]
    if said.startswith("{env"):
        return [_one_key(source) for source in SECRET_FORMS]
    return [{"type": ["object", "array"]}]


def _one_key(key: str, value: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [key],
        "additionalProperties": False,
        "properties": {key: dict(value or {"type": "string"})},
    }


def _allow_task_type(schema: dict[str, Any]) -> None:
    """Let ``TaskType`` stand for the fields that it decides."""
    task = next(iter(TASK_TYPES.values()))
    decided = {*task_fields(task, "us-east-1"), *task_defaults(task)}
    schema["properties"][WORD] = {"enum": list(TASK_TYPES)}
    needed = [name for name in schema["required"] if name in decided]
    schema["required"] = [
        name for name in schema["required"] if name not in decided | {"UiConfig"}
    ]
    schema["anyOf"] = [{"required": [WORD]}, {"required": needed}]


def _sizes(shape: Shape, what: str) -> dict[str, Any]:
    return _given({f"min{what}": shape.min, f"max{what}": shape.max})


def _given(known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if value is not None}
