"""What ONNX's own tests say of a model's operators, form by form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from onnx import AttributeProto
    from onnx.defs import OpSchema

    from sagectl.compiler.frontends.onnx.graph import Node

Status = Literal["right", "unsupported", "unknown"]

TABLE = "operators.tsv"

# The version since which an operator set as before does something else.
REDEFINED = {"GroupNormalization": 21, "RoiAlign": 16}


@dataclass(frozen=True, slots=True, order=True)
class Form:
    """How an operator is applied: as of which version of it, to which type, how set.

    ``version`` is the operator set that last changed the operator, ``dtype`` the first
    input's element type, ``attributes`` the names of those given, text with its value;
    one that is given what it is by default is as if left out.
    """

    operator: str
    version: int
    dtype: str
    attributes: tuple[str, ...]

    def __str__(self) -> str:
        settings = f", {', '.join(self.attributes)}" if self.attributes else ""
        return f"{self.operator} ({self.dtype}{settings})"


class Row(NamedTuple):
    """How the tests of one form went; a pass may be one up to rounding."""

    form: Form
    passed: int
    refused: int
    failed: int

    @property
    def is_right(self) -> bool:
        return bool(self.passed) and not self.failed


class Verdict(NamedTuple):
    """What is known of a form, and if it is not known right, what no test vouches for."""

    status: Status
    reason: str = ""


RIGHT = Verdict("right")


def form_of(node: Node) -> Form:
    """The form of a node of the model, its inputs typed."""
    first = next((value for value in node.inputs if value is not None), None)
    name = f"{node.domain}.{node.op}" if node.domain else node.op
    return Form(
        name,
        since(node.domain, node.op, node.version),
        str(first.dtype) if first is not None else "",
        settings(node.domain, node.op, node.version, node.attributes.values()),
    )


def settings(
    domain: str, operator: str, version: int, attributes: Iterable[AttributeProto]
) -> tuple[str, ...]:
    """An operator's attributes as a form has them."""
    defaults = _defaults(domain, operator, version)
    return tuple(
        sorted(
            f"{each.name}={each.s.decode(errors='replace')}" if each.s else each.name
            for each in attributes
            if each.name not in defaults or _value(each) != defaults[each.name]
        )
    )


def _value(attribute: AttributeProto) -> Any:
    from onnx import helper

    return helper.get_attribute_value(attribute)


@cache
def _defaults(domain: str, operator: str, version: int) -> Mapping[str, Any]:
    """What the operator's schema says of attributes that are left out."""
    from onnx import defs

    try:
        schema = defs.get_schema(operator, version, domain)
    except defs.SchemaError:
        return {}
    return {
        name: _value(each.default_value)
        for name, each in schema.attributes.items()
        if each.default_value.type
    }


@cache
def since(domain: str, operator: str, version: int) -> int:
    """The operator set that made the operator what it is in ``version``; 0 if none did."""
    from onnx import defs

    try:
        return int(defs.get_schema(operator, version, domain).since_version)
    except defs.SchemaError:
        return 0


def verdict(form: Form) -> Verdict:
    """What the tests say of a form; what they do not say is unknown."""
    rows = table().get(form.operator, ())
    if not rows:
        return Verdict("unknown", "no test of ONNX covers it alone")
    alike = [row for row in rows if _is_same(form.operator, row.form.version, form.version)]
    right = [row for row in alike if row.is_right]
    typed = [row for row in alike if row.form.dtype == form.dtype]
    if not any(row.is_right for row in typed):
        if typed and all(row.refused and not row.failed for row in typed):
            return Verdict("unsupported", f"every test of it on {form.dtype} is refused")
        if not alike:
            return Verdict("unknown", f"no test covers version {form.version}")
        return Verdict("unknown", f"no test covers {form.dtype}")
    if any(row.failed for row in typed if row.form.attributes == form.attributes):
        return Verdict("unknown", "a test of this very form fails")
    tested = {name for row in right for name in row.form.attributes}
    if untested := [name for name in form.attributes if name not in tested]:
        return Verdict("unknown", f"no test covers {', '.join(untested)}")
    return RIGHT


def not_right(forms: Iterable[Form]) -> list[str]:
    """Those forms that no passing test vouches for, as text."""
    return [str(form) for form in sorted(set(forms)) if verdict(form).status != "right"]


@cache
def table() -> Mapping[str, tuple[Row, ...]]:
    """Operator -> the rows of its forms; generated by the suite of tests/conformance."""
    text = files(__package__).joinpath(TABLE).read_text()
    rows: dict[str, list[Row]] = {}
    for line in text.splitlines()[1:]:
        name, version, dtype, attributes, passed, refused, failed = line.split("\t")
        form = Form(
            name, int(version), dtype, tuple(attributes.split(";")) if attributes else ()
        )
        rows.setdefault(name, []).append(Row(form, int(passed), int(refused), int(failed)))
    return {name: tuple(each) for name, each in rows.items()}


@cache
def _is_same(operator: str, one: int, other: int) -> bool:
    """Whether the later of two versions does what the earlier did, if nothing new is asked.

    It may take more types, further optional inputs and further attributes.
    """
    from onnx import defs

    if one == other:
        return True
    if _is_within(REDEFINED.get(operator, 0), one, other):
        return False
    domain, _, name = operator.rpartition(".")
    try:
        earlier, later = (
            defs.get_schema(name, version, domain) for version in sorted((one, other))
        )
    except defs.SchemaError:
        return False
    before, after = _attributes(earlier), _attributes(later)
    asked, added = later.inputs[: len(earlier.inputs)], later.inputs[len(earlier.inputs) :]
    return (
        before.items() <= after.items()
        and not any(later.attributes[name].required for name in after.keys() - before.keys())
        and len(asked) == len(earlier.inputs)
        and all(map(_accepts, asked, earlier.inputs))
        and all(each.option == type(each.option).Optional for each in added)
    )


def _is_within(version: int, one: int, other: int) -> bool:
    return min(one, other) < version <= max(one, other)


def _attributes(schema: OpSchema) -> dict[str, tuple[str, str]]:
    """Type and default of each attribute."""
    return {
        name: (str(each.type), str(each.default_value))
        for name, each in schema.attributes.items()
    }


def _accepts(later: OpSchema.FormalParameter, earlier: OpSchema.FormalParameter) -> bool:
    """Whether a parameter takes what it took, under whatever name; it may be optional now."""
    optional = type(later.option).Optional
    return later.option in (earlier.option, optional)
