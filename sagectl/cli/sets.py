"""Sets of documents as the manifest commands take them: files, or KIND/NAME words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.errors import FindingsError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Plan
    from sagectl.plan.planner import Choices
    from sagectl.render.views import Manifest


FILES = click.Option(
    ("-f", "--file", "files"),
    multiple=True,
    metavar="PATH",
    help="Manifest, folder of manifests (*.yaml, *.yml) or '-' for stdin; repeatable.",
)
RECURSIVE = click.Option(
    ("-R", "--recursive"), is_flag=True, help="Descend into the folders of a folder."
)
CHECK_OBJECTS = click.Option(
    ("--check-objects",),
    is_flag=True,
    help="Also ask whether the objects that input manifests name are there.",
)


def read(app: App, files: Sequence[str], recursive: bool) -> tuple[Document, ...]:
    """The documents of ``files``; warnings are said. Raises FindingsError with all findings."""
    documents, findings = _reading(app, files, recursive)
    return _sound(app, documents, findings)


def checked(
    app: App, files: Sequence[str], recursive: bool, *, check_objects: bool = False
) -> tuple[Document, ...]:
    """Like ``read``, with everything checked that can be without asking anybody.

    ``check_objects`` also asks whether what input manifests name is there.
    """
    from sagectl.plan.order import in_order

    documents, findings = _reading(app, files, recursive)
    findings += _missing_files(documents)
    findings += _wrong_data(app, documents, check_objects=check_objects)
    try:
        in_order(documents, app.settings.region or "")
    except FindingsError as error:
        findings += error.diagnostics
    return _sound(app, documents, findings)


def _reading(
    app: App, files: Sequence[str], recursive: bool
) -> tuple[tuple[Document, ...], list[Diagnostic]]:
    from sagectl.schema.documents import read_documents
    from sagectl.schema.memory import SetMemory

    if not files:
        raise InputError(
            "there is no manifest to read", hint="Name it with -f: -f FILE, -f FOLDER or -f -."
        )
    memory = SetMemory(app.settings.home.cache, files, lenient=app.is_lenient)
    found = read_documents(
        files,
        model=app.model,
        recursive=recursive,
        stdin=app.stdin,
        lenient=app.is_lenient,
        region=lambda: app.region,
        memory=memory,
    )
    memory.close()
    return found.documents, list(found.findings)


def _sound(
    app: App, documents: tuple[Document, ...], findings: Sequence[Diagnostic]
) -> tuple[Document, ...]:
    if any(finding.is_error for finding in findings):
        raise FindingsError(findings)
    for warning in findings:
        app.warn(warning)
    if app.listeners and documents:
        from sagectl.plan.events import Checked

        app.tell(Checked(documents))
    return documents


def _wrong_data(
    app: App, documents: Sequence[Document], *, check_objects: bool
) -> Iterator[Diagnostic]:
    labelings = [document for document in documents if document.kind == "LabelingJob"]
    if not labelings:
        return
    from sagectl.plan.datachecks import data_findings

    looks = app.looks(remote=check_objects, objects=check_objects)
    for document in labelings:
        yield from data_findings(document, looks)


def _missing_files(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    from sagectl.catalog.kinds import KINDS
    from sagectl.manifest.document import Upload
    from sagectl.plan.order import at

    for document in documents:
        kind = KINDS[document.kind]
        for path in kind.uploads:
            if isinstance(upload := at(document.spec, path), Upload):
                from sagectl.plan.uploads import unusable

                if finding := unusable(kind, path, upload):
                    yield finding


def written(app: App, documents: Sequence[Document]) -> Manifest:
    """The documents as they would stand in a file, without what nobody may see."""
    from dataclasses import replace

    from sagectl.catalog.kinds import KINDS
    from sagectl.cli.changes import without_secrets
    from sagectl.render.views import Manifest

    bare = []
    for document in documents:
        spec, hidden = without_secrets(document.spec, KINDS[document.kind].secrets)
        for path in hidden:
            app.say(f"{document.label}: {path} is a secret and left out.")
        bare.append(replace(document, spec=spec))
    return Manifest(tuple(bare))


def planned_set(
    app: App,
    documents: Sequence[Document],
    *,
    apply_set: str | None = None,
    adopt: bool = False,
    prune: bool = False,
    check_objects: bool = False,
    **wishes: Any,
) -> Plan:
    """What it takes to have ``documents`` live; ``wishes`` as ``App.choices`` takes them.

    ``check_objects`` also asks for what the input manifests of new labeling jobs name. Warnings
    are said. Raises InputError, FindingsError.
    """
    from sagectl.plan.planner import planned

    if (adopt or prune) and apply_set is None:
        raise InputError(
            f"--{'prune' if prune else 'adopt'} is about a set", hint="Name it: --set NAME."
        )
    choices = app.choices(**wishes)
    if apply_set and adopt:
        from sagectl.plan.ownership import adopted

        documents = adopted(documents, apply_set)
    plan = planned(documents, app.caller_in, app.model, choices, app.secrets)
    if any(document.workers for document in documents):
        from sagectl.plan.crews import crewed

        plan = crewed(plan, app.backend.people_of)
    _check_data(app, plan, check_objects=check_objects)
    if apply_set:
        from sagectl.plan.ownership import owned

        plan = owned(plan, apply_set)
    if apply_set and prune:
        plan = _pruning(app, plan, documents, apply_set, choices)
    for warning in plan.warnings:
        app.warn(warning)
    if app.listeners:
        from sagectl.plan.events import Planned

        app.tell(Planned(plan))
    return plan


def _pruning(
    app: App, plan: Plan, documents: Sequence[Document], apply_set: str, choices: Choices
) -> Plan:
    from sagectl.gateway.pacing import LOOKS
    from sagectl.plan.ownership import pruning, unlistable
    from sagectl.render.progress import duration

    def tell(count: int) -> None:
        if not app.settings.is_local and count > LOOKS.burst:
            took = duration((count - LOOKS.burst) / LOOKS.per_second)
            app.say(f"Reading the tags of {count} resources, a call for each: about {took}.")

    region, parallel = choices.region, choices.parallel
    for label in unlistable(plan, region, app.caller_in):
        app.say(f"{label} stays: the service does not tell which set it is of.")
    return pruning(
        plan,
        documents,
        apply_set,
        app.caller_in,
        region=region,
        parallel=parallel,
        tell=tell,
    )


def _check_data(app: App, plan: Plan, *, check_objects: bool) -> None:
    """Read the files of labeling jobs that are to be made. Raises FindingsError."""
    from sagectl.plan.change import Action

    made = [
        change.document
        for change in plan.changes
        if change.action is Action.CREATE and change.kind.name == "LabelingJob"
    ]
    if not made:
        return
    from sagectl.plan.datachecks import data_findings

    looks = app.looks(remote=True, objects=check_objects)
    _sound(app, (), [found for one in made for found in data_findings(one, looks)])


def look_ahead(app: App, plan: Plan) -> None:
    """Say what may keep the plan's jobs from ending well. Raises FindingsError if it will."""
    from sagectl.plan.preflight import preflight

    # What a matrix made many of is wrong with all of them in one place.
    findings = tuple(dict.fromkeys(preflight(plan, app.backend.world, app.caller_in)))
    _sound(app, (), findings)


def named(words: Sequence[str]) -> tuple[tuple[Kind, str], ...]:
    """What ``workteam/radiology`` and its like name; kinds in any case.

    Raises InputError for a word of another form, and for an unknown kind.
    """
    from sagectl.catalog.kinds import KINDS
    from sagectl.manifest.wording import did_you_mean

    known = {kind.word: kind for kind in KINDS.values()}
    found = []
    for word in words:
        kind, _, name = word.partition("/")
        if kind.lower() not in known or not name:
            form = f"Write KIND/NAME, as in workteam/radiology; KIND is {_either(known)}."
            meant = did_you_mean(kind.lower(), known) if name else None
            raise InputError(
                f"{word!r} does not name a resource",
                hint=" ".join(filter(None, (meant, form))),
            )
        found.append((known[kind.lower()], name))
    return tuple(found)


def _either(words: Sequence[str] | dict[str, Any]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"


def words_argument(*, required: bool) -> click.Argument:
    """KIND/NAME words, completed from what is there locally."""
    return click.Argument(
        ("words",), nargs=-1, required=required, metavar="KIND/NAME", shell_complete=_complete
    )


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    from sagectl.catalog.kinds import KINDS
    from sagectl.cli.completion import names

    word, slash, start = incomplete.partition("/")
    kinds = {kind.word: kind for kind in KINDS.values()}
    if not slash:
        return [CompletionItem(f"{name}/") for name in kinds if name.startswith(word.lower())]
    kind = kinds.get(word.lower())
    found = names(kind, ctx, start) if kind else []
    return [CompletionItem(f"{word}/{item.value}") for item in found]
