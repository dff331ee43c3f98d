"""A document on its way to the service: created or updated, or only shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagectl.cli.documents import document, named_flags
from sagectl.cli.options import consent
from sagectl.cli.waiting import waited
from sagectl.errors import FindingsError
from sagectl.manifest.document import Reference, Secret, Upload
from sagectl.plan.confidential import remember, set_fields, with_values
from sagectl.plan.live import described
from sagectl.render.columns import brief
from sagectl.render.views import Manifest, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagectl.app import App
    from sagectl.cli.documents import Wanted
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Change
    from sagectl.schema.request import Request


def created(
    app: App,
    wanted: Wanted,
    *,
    wait: bool = False,
    timeout: float | None = None,
    check_objects: bool = False,
) -> None:
    """Create what is wanted and show the answer; with ``--dry-run`` show the document.

    Raises FindingsError, the findings naming the flags that set what is wrong.
    """
    from sagectl.schema.request import create_request

    desired = document(app, wanted)
    request = _checked(app, wanted, desired, create_request)
    _check_data(app, desired, check_objects)
    if wanted.dry_run:
        return _shown(app, wanted, desired)
    consent(wanted.is_yes)
    params = _sent(app, desired) if any(_forms(desired.spec)) else dict(request.params)
    answer = app.caller.call(wanted.kind.create, with_values(params, app.region, app.secrets))
    remember(params, wanted.kind, answer[wanted.kind.arn_field], app.region, app.secrets)
    app.say(f"{desired.label} created")
    app.show(record(wanted.kind, desired.name, answer))
    if wait:
        waited(app, wanted.kind, desired.name, "ready", timeout=timeout)
    return None


def updated(
    app: App, wanted: Wanted, *, wait: bool = False, timeout: float | None = None
) -> None:
    """Change what is wanted to be otherwise and show it; with ``--dry-run`` show the document.

    Raises FindingsError.
    """
    from sagectl.schema.request import update_request

    desired = document(app, wanted)
    request = _checked(app, wanted, desired, update_request)
    if wanted.dry_run:
        return _shown(app, wanted, desired)
    consent(wanted.is_yes)
    params = with_values(request.params, app.region, app.secrets)
    answer = app.caller.call(request.operation, params)
    _remember_update(app, wanted, desired, request)
    app.say(f"{desired.label} updated")
    app.show(record(wanted.kind, desired.name, answer))
    if wait:
        waited(app, wanted.kind, desired.name, "ready", timeout=timeout)
    return None


def _remember_update(app: App, wanted: Wanted, desired: Document, request: Request) -> None:
    if not any(set_fields(desired, wanted.kind.secrets)):
        return
    live = described(wanted.kind, desired.name, app.caller) or {}
    arn = str(live.get(wanted.kind.arn_field, ""))
    remember(request.params, wanted.kind, arn, app.region, app.secrets)


def _checked(
    app: App, wanted: Wanted, desired: Document, request_of: Callable[..., Request]
) -> Request:
    try:
        request = request_of(desired, app.model, lenient=app.is_lenient)
    except FindingsError as error:
        raise FindingsError(named_flags(error.diagnostics, wanted.flags)) from error
    for warning in request.warnings:
        app.warn(warning)
    return request


def _check_data(app: App, desired: Document, check_objects: bool) -> None:
    """Read the files that a labeling job names, warnings said. Raises FindingsError."""
    if desired.kind != "LabelingJob":
        return
    from sagectl.plan.datachecks import data_findings, raise_errors

    looks = app.looks(remote=True, objects=check_objects)
    for warning in raise_errors(data_findings(desired, looks)):
        app.warn(warning)


def _shown(app: App, wanted: Wanted, desired: Document) -> None:
    """The document; with ``--dry-run=server`` also what the live state makes of it."""
    if wanted.dry_run == "server":
        change = _planned(app, desired)
        app.say(f"{change.action.value} {change.label}")
    spec, hidden = without_secrets(desired.spec, wanted.kind.secrets)
    for path in hidden:
        app.say(f"{path} is a secret and left out; put it in before applying this.")
    app.show(Manifest((replace(desired, spec=spec),)))


def without_secrets(
    spec: Mapping[str, Any], secrets: tuple[str, ...]
) -> tuple[dict[str, Any], list[str]]:
    """``spec`` without its secret fields, and the paths of those it had."""
    hidden: list[str] = []

    def bare(value: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in value.items():
            path = f"{prefix}{key}"
            if path in secrets and not isinstance(item, Secret):
                hidden.append(path)
            else:
                kept[key] = bare(item, f"{path}.") if isinstance(item, dict) else item
        return kept

    return bare(spec, ""), hidden


def _sent(app: App, desired: Document) -> dict[str, Any]:
    """The create parameters, references looked up and files sent to where they point."""
    from sagectl.plan.planner import creation
    from sagectl.plan.uploads import send

    change = creation(desired, app.caller_in, app.model, app.choices(), app.secrets)
    for transfer in change.uploads:
        if send(transfer, app.backend.objects):
            app.say(f"{brief(transfer.uri)} uploaded")
    return dict(change.params)


def _planned(app: App, desired: Document) -> Change:
    from sagectl.plan.planner import planned

    (change,) = planned(
        (desired,), app.caller_in, app.model, app.choices(), app.secrets
    ).changes
    return change


def _forms(value: Any) -> Iterator[Upload | Reference]:
    if isinstance(value, Upload | Reference):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _forms(item)
