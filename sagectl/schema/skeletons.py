"""Manifests to fill in: every field of a kind, with a comment that says what goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.schema.explaining import Explainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.catalog.kinds import Kind
    from sagectl.schema.explaining import Field
    from sagectl.schema.model import ServiceModel

# Fields that the shapes call optional because others may stand for them, and that most have.
_USUAL = frozenset(
    (
        *("spec.InputConfig", "spec.InputConfig.DataInputConfig"),
        *("spec.OutputConfig.TargetPlatform", "spec.OidcConfig", "spec.WorkforceName"),
        "spec.StoppingCondition.MaxRuntimeInSeconds",
        "spec.MemberDefinitions[].OidcMemberDefinition",
        "spec.MemberDefinitions[].OidcMemberDefinition.Groups",
        "spec.InputConfig.DataSource.S3DataSource",
    )
)
# What a field may hold, by its name or that of its shape.
_EXAMPLES = {
    "Framework": "ONNX",
    "Os": "LINUX",
    "MaxRuntimeInSeconds": "900",
    "UserPool": "us-east-1_AbCdEf123",
    "RoleArn": "arn:aws:iam::123456789012:role/NAME",
    "S3Uri": "s3://BUCKET/KEY",
    "DataInputConfig": "{INPUT: [1, 3, 224, 224]}",
    "OidcEndpoint": "https://id.example.com/PATH",
    "WorkteamArn": "{ref: Workteam/NAME}",
    "WorkforceName": "{ref: Workforce/NAME}",
    "ClientSecret": "{env: NAME}",
    "Cidr": "203.0.113.0/24",
    "FrameworkVersion": '"1.8"',
}


def skeleton(kind: Kind, model: ServiceModel) -> str:
    """A manifest of ``kind``; what is optional is commented out."""
    explainer = Explainer(kind, model)
    lines = [
        "apiVersion: sagectl/v1",
        f"kind: {kind.name}",
        f"name: NAME  # {kind.name_field}",
        "# region: us-east-1",
        "# tags: {KEY: VALUE}",
        "spec:",
        *_lines(explainer, explainer.root, "  ", is_live=True),
    ]
    return "\n".join(lines) + "\n"


def _lines(
    explainer: Explainer, field: Field, indent: str, *, is_live: bool, bullet: bool = False
) -> Iterator[str]:
    members = sorted(explainer.members(field), key=lambda one: not _is_live(one))
    for index, member in enumerate(members):
        lives = is_live and _is_live(member)
        # The first field of an item carries its hyphen; there is always one.
        lives = lives or (is_live and bullet and index == 0)
        lead = f"{indent[:-2]}- " if bullet and index == 0 else indent
        inner = tuple(explainer.members(member))
        is_list = member.shape.type == "list"
        mark = "" if lives else "# "
        value = "" if inner else f" {_value(member)}"
        yield f"{mark}{lead}{member.name}:{value}{_remark(member)}"
        if inner:
            deeper = indent + ("    " if is_list else "  ")
            yield from _lines(explainer, member, deeper, is_live=lives, bullet=is_list)


def _is_live(field: Field) -> bool:
    return field.is_required or field.path in _USUAL


def _value(field: Field) -> str:
    shape, is_list = field.shape, field.shape.type == "list"
    while shape.type == "list":
        shape = shape.member
    named = _EXAMPLES.get(field.name) or _EXAMPLES.get(shape.name)
    if named:
        value = named
    elif shape.type == "map":
        value = "{KEY: VALUE}"
    elif shape.type == "boolean":
        value = "false"
    elif shape.type != "string":
        value = str(1 if shape.min is None else shape.min)
    elif shape.enum:
        value = shape.enum[0]
    else:
        value = "s3://BUCKET/KEY" if "S3" in field.name else "TEXT"
    return f"[{value}]" if is_list else value


def _remark(field: Field) -> str:
    parts = ["REQUIRED" if field.is_required else "", field.type, field.limits, *field.forms]
    if 1 < len(field.choices) <= 8:
        parts.append(f"one of {', '.join(field.choices)}")
    elif field.choices:
        parts.append(f"one of {len(field.choices)}: sagectl explain")
    return f"  # {'; '.join(part for part in parts if part)}"
