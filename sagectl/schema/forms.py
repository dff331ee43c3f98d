"""Value forms: what may stand in a text field besides text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.manifest.document import Reference, Secret, Upload
from sagectl.manifest.nodes import TooDeepError, core_value, repeated_keys
from sagectl.manifest.wording import shown
from sagectl.schema.walk import INVALID, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import SourceSpan
    from sagectl.manifest.nodes import Mark
    from sagectl.schema.walk import Walk

_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
# Where the value of a secret may be kept.
SECRET_FORMS = ("env", "file", "secret")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms each field of one kind admits; ``prefix`` is what its paths begin with.

    ``base`` is the directory that relative paths start from.
    """

    admitted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    packed: frozenset[str] = frozenset()
    prefix: str = ""
    base: Path = Path()

    def at(self, path: str) -> frozenset[str]:
        """What may stand at ``path`` besides text: names of FORMS, and ``json``."""
        return self.admitted.get(self.field(path), frozenset())

    def field(self, path: str) -> str:
        """``path`` as a Kind row spells it: without the prefix, ``[]`` for every index."""
        return _INDEX.sub("[]", path.removeprefix(self.prefix))


NO_FORMS = Forms()


def forms_of(kind: Kind, *, prefix: str = "", base: Path | None = None) -> Forms:
    """The forms that fields of ``kind`` admit."""
    return Forms(
        _admitted(kind.name),
        kind.references,
        frozenset(kind.packed_uploads),
        prefix,
        base or Path(),
    )


@cache
def _admitted(kind_name: str) -> Mapping[str, frozenset[str]]:
    kind = KINDS[kind_name]
    given = {
        "upload": kind.uploads,
        "ref": tuple(kind.references),
        "json": kind.json_text,
        **dict.fromkeys(SECRET_FORMS, kind.secrets),
    }
    paths = {path for listed in given.values() for path in listed}
    return MappingProxyType(
        {path: frozenset(form for form in given if path in given[form]) for path in paths}
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A mapping or list that stands where a field wants text, whichever door it came by."""

    value: Any
    path: str
    walk: Walk
    mark: Mark | None = None

    @property
    def span(self) -> SourceSpan | None:
        spans = self.walk.spans
        return spans.at(self.mark) if spans is not None and self.mark is not None else None

    def refuse(self, rule: str, summary: str, hint: str | None = None) -> Invalid:
        self.walk.add(rule, self.path, summary, self.mark, hint)
        return INVALID


def from_node(node: Any, path: str, walk: Walk) -> Any:
    """What a node that is no scalar means in a text field: a form, JSON text, or INVALID."""
    mark = node.start_mark
    try:
        value = core_value(node)
    except TooDeepError:
        return Given(None, path, walk, mark).refuse("schema.depth", "is nested too deep")
    for key in repeated_keys(node):
        walk.add("schema.duplicate", path, f"has the key {key.value!r} twice", key.start_mark)
    return _meaning(Given(value, path, walk, mark))


def from_value(value: Any, path: str, walk: Walk) -> Any:
    """The same for a Python value, whose forms may be made already."""
    given = Given(value, path, walk)
    if isinstance(value, Upload):
        return (
            _existing(value, given) if _admits("upload", given) else _refused("upload", given)
        )
    if isinstance(value, Reference):
        return _fitting(value, given) if _admits("ref", given) else _refused("ref", given)
    if isinstance(value, Secret):
        return value if _admits(value.source, given) else _refused(value.source, given)
    if isinstance(value, dict | list | tuple):
        return _meaning(given)
    return walk.mistyped(path, "text", value, None)


def _meaning(given: Given) -> Any:
    form = _form(given.value)
    if form and _admits(form, given):
        return FORMS[form](given.value[form], given)
    if _admits("json", given):
        return _json_text(given)
    if form:
        return _refused(form, given)
    return given.walk.mistyped(given.path, "text", given.value, given.mark)


def _form(value: Any) -> str | None:
    """The form that ``value`` is written as: a mapping of one key, which names it."""
    name = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
    return name if name in FORMS else None


def _admits(form: str, given: Given) -> bool:
    return form in given.walk.forms.at(given.path)


def _refused(form: str, given: Given) -> Invalid:
    admitted = given.walk.forms.at(given.path) - {"json"}
    hint = f"Write {', '.join(f'{{{name}: …}}' for name in sorted(admitted))} or text here."
    return given.refuse(
        "schema.form", f"does not take {{{form}: …}}", hint if admitted else "Write text here."
    )


def _json_text(given: Given) -> Any:
    """A mapping or list as the compact JSON text the service wants, key order kept."""
    try:
        return _as_json(given.value)
    except (TypeError, ValueError) as error:
        return given.refuse("schema.json", f"cannot be written as JSON: {error}")


def _upload(written: Any, given: Given) -> Any:
    if not isinstance(written, str) or not written:
        return given.refuse("schema.upload", f"upload must be a path, not {shown(written)}")
    return _existing(Upload(given.walk.forms.base / written, given.span), given)


def _existing(upload: Upload, given: Given) -> Any:
    """``upload``, if it can be: it names a file, or a folder where that is packed."""
    forms = given.walk.forms
    try:
        is_file, is_folder = upload.path.is_file(), upload.path.is_dir()
    except OSError as error:
        said = f"{upload.path} cannot be read: {error.strerror}"
        return given.refuse("schema.upload", said)
    if is_file or (is_folder and forms.field(given.path) in forms.packed):
        return upload
    if is_folder:
        return given.refuse("schema.upload", f"{upload.path} is a folder", "Name a file.")
    hint = "The path is relative to the file that says it."
    return given.refuse("schema.upload", f"there is no file {upload.path}", hint)


def _reference(written: Any, given: Given) -> Any:
    kind, _, name = written.partition("/") if isinstance(written, str) else ("", "", "")
    if not kind or not name or "/" in name:
        wanted = given.walk.forms.references[given.walk.forms.field(given.path)]
        said = f"ref must be Kind/name, not {shown(written)}"
        return given.refuse("schema.reference", said, f"Write {{ref: {wanted}/NAME}}.")
    return _fitting(Reference(kind, name, given.span), given)


def _fitting(reference: Reference, given: Given) -> Any:
    """``reference``, if it is to the kind of resource that the field names."""
    forms = given.walk.forms
    wanted = forms.references[forms.field(given.path)]
    if reference.kind == wanted:
        return reference
    said = f"must be a reference to a {wanted}, not to {shown(reference.kind)}"
    return given.refuse("schema.reference", said, f"Write {{ref: {wanted}/{reference.name}}}.")


def _secret(source: str) -> Callable[[Any, Given], Any]:
    def secret(written: Any, given: Given) -> Any:
        if not isinstance(written, str) or not written:
            said = f"{source} must be text, not {shown(written)}"
            return given.refuse("schema.secret", said)
        place = str(given.walk.forms.base / written) if source == "file" else written
        return Secret(source, place, given.span)

    return secret


# Form -> what makes the value that its text stands for.
FORMS: Mapping[str, Callable[[Any, Given], Any]] = MappingProxyType(
    {"upload": _upload, "ref": _reference}
    | {source: _secret(source) for source in SECRET_FORMS}
)
