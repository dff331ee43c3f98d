"""Fields of manifests explained: types and limits from the shapes, words from the API."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.errors import InputError
from sagectl.manifest.wording import did_you_mean
from sagectl.schema.forms import SECRET_FORMS, forms_of
from sagectl.schema.patterns import PATTERN_HINTS
from sagectl.schema.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.catalog.kinds import Kind
    from sagectl.schema.model import ServiceModel, Shape
    from sagectl.schema.rules.rule import Rule

_TYPES = {
    "structure": "mapping",
    "list": "list",
    "map": "mapping of names",
    "string": "text",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "boolean": "true or false",
    "timestamp": "date and time",
}
_UNITS = {"string": "characters", "list": "items", "map": "entries"}
_REFERENCE = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_{}.html"


class Field(NamedTuple):
    """One field of a manifest; ``path`` is as a manifest has it: ``spec.OutputConfig``."""

    path: str
    name: str
    type: str
    is_required: bool
    limits: str
    choices: tuple[str, ...]
    forms: tuple[str, ...]  # what may stand there besides
    description: str
    default: str  # what the API reference says of it, if it does
    source: str
    shape: Shape


class Explanation(NamedTuple):
    """A field with those in it, and the rules that speak of it."""

    kind: Kind
    field: Field
    members: tuple[Field, ...]
    rules: tuple[Rule, ...]


def explained(words: str, model: ServiceModel) -> Explanation:
    """What ``Kind`` or ``Kind.spec.Field.Field`` is. Raises InputError for what is neither."""
    first, *steps = words.replace("[]", "").split(".")
    kind = _kind(first)
    explainer = Explainer(kind, model)
    field = explainer.root
    if steps[:1] == ["spec"]:
        steps = steps[1:]
    for step in steps:
        members = {member.name: member for member in explainer.members(field)}
        if step not in members:
            hint = did_you_mean(step, members)
            if hint is None and members:
                hint = f"Its fields are {', '.join(members)}."
            raise InputError(f"{kind.name}.{field.path} has no field {step!r}", hint=hint)
        field = members[step]
    rules = rules_of(kind.create)
    if steps:
        rules = tuple(rule for rule in rules if steps[-1] in rule.sentence)
    return Explanation(kind, field, tuple(explainer.members(field)), rules)


def _kind(word: str) -> Kind:
    by_word = {kind.word: kind for kind in KINDS.values()}
    if word.lower() not in by_word:
        hint = did_you_mean(word, KINDS) or f"Kinds are {', '.join(KINDS)}."
        raise InputError(f"{word!r} is not a kind", hint=hint)
    return by_word[word.lower()]


class Explainer:
    """Makes the fields of one kind."""

    def __init__(self, kind: Kind, model: ServiceModel) -> None:
        self.kind = kind
        self._model = model
        self._forms = forms_of(kind, prefix="spec.")
        shape = model.operation(kind.create).input_shape
        source = _REFERENCE.format(kind.create)
        about = f"What the API calls the parameters of {kind.create}."
        self.root = Field("spec", "spec", "mapping", True, "", (), (), about, "", source, shape)

    def members(self, field: Field) -> Iterator[Field]:
        """The fields in a mapping, or in the mappings of a list."""
        path, shape = field.path, field.shape
        while shape.type == "list":
            path, shape = f"{path}[]", shape.member
        if shape.type != "structure":
            return
        elsewhere = (self.kind.name_field, "Tags") if path == "spec" else ()
        for name, member in shape.members.items():
            if name not in elsewhere:
                yield self._field(f"{path}.{name}", name, member, shape)

    def _field(self, path: str, name: str, shape: Shape, parent: Shape) -> Field:
        description = plain(self._model.documentation(parent.name, name))
        inner = shape
        while inner.type == "list":
            inner = inner.member
        return Field(
            path,
            name,
            _type(shape),
            name in parent.required,
            "; ".join(_limits(shape)),
            inner.enum,
            tuple(self._besides(path)),
            description,
            _default(description),
            _REFERENCE.format(self.kind.create if parent is self.root.shape else parent.name),
            shape,
        )

    def _besides(self, path: str) -> Iterator[str]:
        field, admitted = self._forms.field(path), self._forms.at(path)
        if "upload" in admitted:
            yield "{upload: PATH}"
        if "ref" in admitted:
            yield f"{{ref: {self.kind.references[field]}/NAME}}"
        if admitted.intersection(SECRET_FORMS):
            yield "{env: NAME}, {file: PATH} or {secret: NAME}"
        if "json" in admitted:
            yield "a mapping or a list, which becomes JSON text"


def plain(html: str) -> str:
    """The text of the API reference's HTML, a paragraph a line."""
    text = re.sub(r"</(p|li|dt|dd|note)>|<br/?>", "\n", html)
    text = unescape(re.sub(r"<[^>]+>", "", text))
    return "\n".join(
        line for line in (" ".join(part.split()) for part in text.split("\n")) if line
    )


def _default(description: str) -> str:
    """The sentence that says what holds where the field is left out."""
    sentences = re.split(r"(?<=\.)\s+|\n", description)
    return next((one for one in sentences if re.search(r"\bdefault", one, re.IGNORECASE)), "")


def _type(shape: Shape) -> str:
    if shape.type == "list":
        inner = _type(shape.member)
        return f"list of {inner}s" if inner in ("mapping", "integer") else f"list of {inner}"
    return _TYPES[shape.type]


def _limits(shape: Shape) -> Iterator[str]:
    unit = _UNITS.get(shape.type, "")
    low, high = shape.min, shape.max
    if shape.type == "string" and low == 0:
        low = None
    if low is not None and high is not None:
        yield f"{low} to {high} {unit}".strip() if low != high else f"{low} {unit}".strip()
    elif high is not None:
        yield f"at most {high} {unit}".strip()
    elif low is not None:
        yield f"at least {low} {unit}".strip()
    if shape.name in PATTERN_HINTS:
        yield PATTERN_HINTS[shape.name].rstrip(".")
    elif shape.pattern and shape.pattern not in (".*", r"[\S\s]*", r"[\S\s]+"):
        yield f"matches {shape.pattern}"
