"""Flags as shorthand for a manifest: fields of a command line to a document."""

from __future__ import annotations

from functools import update_wrapper
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.cli.options import DRY_RUN, YES, takes
from sagectl.cli.types import PAIR
from sagectl.errors import FindingsError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.document import Document


class Field(NamedTuple):
    """A flag and the field of the specification that it sets, in the service's spelling."""

    flag: str
    path: str
    help: str
    type: Any = None
    is_list: bool = False
    metavar: str | None = None

    @property
    def parameter(self) -> str:
        # A name of our own: two flags of a command never meet, whatever they are called.
        return "field_" + self.path.replace(".", "_").lower()

    def option(self) -> click.Option:
        text = f"{self.help[:-1]}; repeatable." if self.is_list else self.help
        return click.Option(
            (self.flag, self.parameter),
            type=self.type,
            multiple=self.is_list,
            metavar=self.metavar,
            help=text,
        )


class Wanted(NamedTuple):
    """What a create or update command was asked for, its fields already put together."""

    kind: Kind
    name: str | None
    spec: dict[str, Any]
    tags: dict[str, str]
    file: str | None
    flags: Mapping[str, str]  # field path -> the flag that sets it
    is_yes: bool
    dry_run: str | None
    defaults: Mapping[str, Any] = MappingProxyType({})

    def over(self, spec: Mapping[str, Any]) -> Wanted:
        """The same with more fields set; what is None, empty or set already stays out."""
        return self._replace(spec=merged(present(spec), self.spec))

    def under(self, **defaults: Any) -> Wanted:
        """The same with values for fields that neither flags nor a file set."""
        return self._replace(defaults=defaults)


def document_options(
    kind: Kind,
    fields: Sequence[Field],
    *,
    tags: bool = False,
    also: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command NAME, ``-f``, a flag per field; hand it a Wanted as ``wanted``.

    ``also`` maps fields to flags that the command has of its own, for messages.
    """
    flags = {field.path: field.flag for field in fields} | dict(also)
    parameters: list[click.Parameter] = [
        click.Argument(("name",), required=False),
        *(field.option() for field in fields),
        click.Option(
            ("-f", "--file"),
            metavar="FILE",
            help="Start from the document in FILE ('-' is stdin); flags go over it.",
        ),
    ]
    if tags:
        parameters.append(
            click.Option(
                ("--tag", "tags"),
                type=PAIR,
                multiple=True,
                metavar="KEY=VALUE",
                help="A tag; repeatable.",
            )
        )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def command(*args: Any, **given: Any) -> Any:
            wanted = Wanted(
                kind,
                given.pop("name"),
                spec_of({field.path: given.pop(field.parameter) for field in fields}),
                dict(given.pop("tags", ())),
                given.pop("file"),
                flags,
                given.pop("yes"),
                given.pop("dry_run"),
            )
            return function(*args, wanted=wanted, **given)

        update_wrapper(command, function)
        inner = getattr(command, "__click_params__", [])
        # Whatever the decorators below add stands between the fields and these two.
        command.__click_params__ = [YES, DRY_RUN, *inner]  # type: ignore[attr-defined]
        return takes(*parameters)(command)

    return decorate


def document(app: App, wanted: Wanted) -> Document:
    """The document that the file and the flags describe together; flags win."""
    from dataclasses import replace

    from sagectl.manifest.document import Document

    if wanted.file is None:
        if wanted.name is None:
            raise InputError(
                f"which {wanted.kind.noun}? There is neither a NAME nor -f FILE",
                hint=f"See {click.get_current_context().command_path} --help.",
            )
        spec = merged(wanted.defaults, wanted.spec)
        return Document(wanted.kind.name, wanted.name, spec, tags=wanted.tags)
    found = _only(app, wanted.file, wanted)
    return replace(
        found,
        name=wanted.name or found.name,
        spec=merged(merged(wanted.defaults, found.spec), wanted.spec),
        tags={**found.tags, **wanted.tags},
    )


def _only(app: App, file: str, wanted: Wanted) -> Document:
    """The only document of ``file``, which must be of the kind wanted.

    What it lacks the flags may give, so that and the rules are left to the check of the whole.
    """
    from sagectl.manifest.reader import Draft, read_drafts
    from sagectl.schema.drafting import DraftReader

    found = list(read_drafts([file], stdin=app.stdin))
    drafts = [item for item in found if isinstance(item, Draft) and item.kind]
    if len(found) != 1 or [draft.kind for draft in drafts] != [wanted.kind.name]:
        raise _unsuitable(file, found, drafts, wanted.kind)
    read, findings = DraftReader(
        wanted.kind, app.model, app.is_lenient, lambda: app.region
    ).read(drafts[0])
    spare = ("name",) if wanted.name else ()
    errors = [
        finding
        for finding in findings
        if finding.is_error
        and finding.rule != "schema.required"
        and finding.rule.startswith(("schema.", "manifest."))
        and finding.path not in spare
    ]
    if errors:
        raise FindingsError(errors)
    return read


def _unsuitable(
    file: str, found: Sequence[Any], drafts: Sequence[Any], kind: Kind
) -> FindingsError | InputError:
    """Why the documents of ``file`` are not the one that a command makes."""
    findings = [item for item in found if not hasattr(item, "findings")]
    findings += [each for item in found for each in getattr(item, "findings", ())]
    if findings:
        return FindingsError(findings)
    kinds = ", ".join(draft.kind for draft in drafts)
    return InputError(
        f"{file} holds {f'documents of {kinds}' if kinds else 'no document'}, "
        f"and this command makes one {kind.name}",
        hint=f"Use sagectl apply -f {file}.",
    )


def named_flags(
    findings: Iterable[Diagnostic], flags: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """The findings, those without a place in a file naming a flag that sets their field.

    ``flags`` maps field paths to flags; a field that holds others is set by theirs.
    """
    from dataclasses import replace

    def named(finding: Diagnostic) -> Diagnostic:
        path = finding.path.removeprefix("spec.")
        within = f"{path}."
        flag = flags.get(path) or next(
            (flag for field, flag in flags.items() if field.startswith(within)), None
        )
        if finding.span or finding.hint or not flag:
            return finding
        return replace(finding, hint=f"Set it by {flag}, or with -f FILE.")

    return tuple(map(named, findings))


def spec_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted paths as nested mappings; what was not given stays out."""
    spec: dict[str, Any] = {}
    for path, value in values.items():
        if value is None or value == ():
            continue
        *outer, last = path.split(".")
        place = spec
        for step in outer:
            place = place.setdefault(step, {})
        place[last] = list(value) if isinstance(value, tuple) else value
    return spec


def present(spec: Mapping[str, Any]) -> dict[str, Any]:
    """``spec`` without members that are None or empty."""
    return {key: value for key, value in spec.items() if value not in (None, {}, [], ())}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on it, mappings member by member."""
    result = dict(base)
    for key, value in over.items():
        is_nested = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if is_nested else value
    return result
