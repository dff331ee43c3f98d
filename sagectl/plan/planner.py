"""The planner: documents and the live state in, a plan or findings out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.errors import FindingsError
from sagectl.plan import checks
from sagectl.plan.change import Action, Change, FieldChange, Plan
from sagectl.plan.confidential import judged
from sagectl.plan.diff import differences
from sagectl.plan.live import Callers, described, failure, lean, status
from sagectl.plan.looking import Looking
from sagectl.plan.order import Key, in_order, key, needs
from sagectl.plan.tags import new_tags
from sagectl.plan.targets import resolved
from sagectl.plan.uploads import Uploads
from sagectl.schema.params import create_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.document import Document
    from sagectl.plan.secrets import Secrets
    from sagectl.schema.model import ServiceModel

_NAME, _SUFFIX = 63, 8  # characters of a job's name, and of the suffix that tells two apart


class Choices(NamedTuple):
    """How to plan.

    ``region`` is where documents without one belong; ``upload_to`` the ``s3://`` prefix of
    uploads; ``is_lenient`` turns limits of the installed model into warnings;
    ``retry_failed`` remakes jobs that ended badly; ``replace_jobs`` makes changed jobs under
    another name; ``recreate`` deletes and makes again what cannot be changed otherwise;
    ``set_secrets`` sends secrets whatever is remembered of them; ``parallel`` is how many
    calls to have under way at a time.
    """

    region: str
    upload_to: str | None = None
    is_lenient: bool = False
    retry_failed: bool = False
    replace_jobs: bool = False
    recreate: bool = False
    set_secrets: bool = False
    parallel: int = 1


def planned(
    documents: Sequence[Document],
    callers: Callers,
    model: ServiceModel,
    choices: Choices,
    secrets: Secrets,
) -> Plan:
    """What it takes to have ``documents`` live.

    Calls only Describe and List operations. Raises FindingsError with everything that stands
    in the way, ServiceError where the live state cannot be read.
    """
    planner = _Planner(documents, callers, model, choices, secrets)
    changes = tuple(planner.changes())
    findings = (*planner.findings, *checks.findings(changes, callers))
    if any(finding.is_error for finding in findings):
        raise FindingsError(findings)
    return Plan(changes, findings)


def creation(
    document: Document,
    callers: Callers,
    model: ServiceModel,
    choices: Choices,
    secrets: Secrets,
) -> Change:
    """The change that creates ``document``, whatever is live under its name.

    Raises FindingsError.
    """
    return _Planner((document,), callers, model, choices, secrets).creation(document)


class _Planner:
    """One set on its way to a plan; findings gather while the changes are made."""

    def __init__(
        self,
        documents: Sequence[Document],
        callers: Callers,
        model: ServiceModel,
        choices: Choices,
        secrets: Secrets,
    ) -> None:
        self.findings: list[Diagnostic] = []
        self._callers = callers
        self._model = model
        self._choices = choices
        self._secrets = secrets
        self._needs = needs(documents, choices.region)
        self._documents = in_order(documents, choices.region, self._needs)
        self._uploads = Uploads(choices.upload_to)
        self._referred: Mapping[Key, Mapping[str, Any] | None] = {}
        self._emptied: set[str] = set()  # regions whose work teams go with their workforce

    def changes(self) -> Iterator[Change]:
        """Every document's change; what cannot be planned becomes a finding instead."""
        for document, live, tags in self._looking():
            try:
                yield self._change(document, live, tags)
            except FindingsError as error:
                self.findings.extend(error.diagnostics)

    def creation(self, document: Document) -> Change:
        """The change that creates one document."""
        self._looking()
        change = self._created(document, None)
        self._require_secrets(change)
        return change

    def _looking(self) -> Looking:
        choices = self._choices
        looking = Looking(self._documents, self._callers, choices.region, choices.parallel)
        self._referred = looking.referred
        return looking

    def _change(
        self,
        document: Document,
        live: Mapping[str, Any] | None,
        tags: Mapping[str, str] | None,
    ) -> Change:
        region = document.region or self._choices.region
        if document.kind == "Workteam" and region in self._emptied:
            live = None
        change = self._created(document, live)
        if live is not None:
            return self._held_against(live, change, tags)
        self._require_secrets(change)
        return change

    def _require_secrets(self, change: Change) -> None:
        if unreadable := judged(change, (), self._secrets, is_forced=False).findings:
            raise FindingsError(unreadable)

    def _created(self, document: Document, live: Mapping[str, Any] | None) -> Change:
        kind, own = KINDS[document.kind], key(document, self._choices.region)
        params, transfers, problems = self._uploads.resolved(
            document, kind, self._params(document), live
        )
        params, unknown = resolved(params, document, own[2], self._referred, self._needs)
        if problems or unknown:
            raise FindingsError((*problems, *unknown))
        return Change(
            Action.CREATE,
            kind,
            document,
            own[2],
            params=params,
            live=live,
            needs=self._needs[own],
            uploads=transfers,
        )

    def _params(self, document: Document) -> dict[str, Any]:
        if document.span is not None:
            return create_params(document)  # it was checked as it was read from its file
        from sagectl.schema.request import create_request

        request = create_request(document, self._model, lenient=self._choices.is_lenient)
        self.findings.extend(request.warnings)
        return dict(request.params)

    def _held_against(
        self, live: Mapping[str, Any], made: Change, tags: Mapping[str, str] | None = None
    ) -> Change:
        """The change for a resource that exists, given the one that would create it."""
        fields = differences(made.kind, made.params, live)
        if made.kind.is_job:
            return self._job(live, made, fields, tags)
        immutable = checks.immutable(made.document, made.kind, fields, live)
        forced = self._choices.set_secrets
        secret = judged(made, fields, self._secrets, is_forced=forced)
        fields = (*fields, *secret.fields)
        teams = checks.teams_of(made, fields, self._callers)
        if self._choices.recreate and (immutable or teams):
            return self._recreated(made, fields)
        if found := (*immutable, *checks.sign_in(made, fields, teams)):
            raise FindingsError(found)
        self.findings.extend(secret.findings)
        return self._updated(live, made, fields, tags, secret.left_alone)

    def _recreated(self, made: Change, fields: tuple[FieldChange, ...]) -> Change:
        """The change that deletes a resource and makes it again, its work teams with it."""
        self._require_secrets(made._replace(live=None))
        if made.kind.name != "Workforce":
            return _with(made, Action.REPLACE, fields, reason="it is deleted and made again")
        self._emptied.add(made.region)
        lost = checks.team_names(self._callers(made.region))
        kept = {
            item[1] for item in self._needs if item[0] == "Workteam" and item[2] == made.region
        }
        reason = checks.loss(lost, kept)
        return _with(made, Action.REPLACE, fields, reason=reason)._replace(lost=lost)

    def _job(
        self,
        live: Mapping[str, Any],
        made: Change,
        fields: tuple[FieldChange, ...],
        tags: Mapping[str, str] | None,
    ) -> Change:
        state = status(made.kind, live) or ""
        has_failed = made.kind.statuses is not None and state in made.kind.statuses.failed
        why = ": ".join(filter(None, (state, failure(made.kind, live))))
        if has_failed and self._choices.retry_failed:
            if made.kind.delete is None:
                raise FindingsError([checks.not_deletable(made.document, made.kind, state)])
            return _with(made, Action.REPLACE, fields, reason=why)
        if fields and self._choices.replace_jobs:
            return self._renamed(made)
        if fields:
            raise FindingsError(
                checks.changed_job(made.document, made.kind, fields, has_failed=has_failed)
            )
        if has_failed:
            return _with(made, Action.FAILED, (), reason=why)
        return self._updated(live, made, (), tags)

    def _renamed(self, made: Change) -> Change:
        """The job under a name that its content gives, so that planning again finds it."""
        import hashlib
        from dataclasses import replace

        content = {**made.params, made.kind.name_field: ""}
        text = json.dumps(content, sort_keys=True, default=str)
        suffix = hashlib.sha256(text.encode()).hexdigest()[:_SUFFIX]
        name = f"{made.document.name[: _NAME - _SUFFIX - 1]}-{suffix}"
        document = replace(made.document, name=name)
        own = key(document, self._choices.region)
        self._needs[own] = made.needs
        live = described(made.kind, name, self._callers(made.region))
        again = self._created(document, live)
        if live is not None:
            return self._held_against(live, again)
        return again._replace(reason=f"in place of {made.label}, which stays")

    def _updated(
        self,
        live: Mapping[str, Any],
        made: Change,
        fields: tuple[FieldChange, ...],
        there: Mapping[str, str] | None,
        left_alone: Sequence[str] = (),
    ) -> Change:
        tags = new_tags(made.document.tags, there)
        if not fields and not tags:
            kept = f"{', '.join(left_alone)} cannot be read back and is left alone"
            reason = kept if left_alone else status(made.kind, live) or ""
            held = lean(live, made.params)
            return made._replace(
                action=Action.UNCHANGED, params={}, live=held, uploads=(), reason=reason
            )
        params: dict[str, Any] = {}
        if fields:
            from sagectl.schema.request import update_request

            request = update_request(
                made.document, self._model, lenient=self._choices.is_lenient
            )
            changed = {_top(item.path) for item in fields} | {made.kind.name_field}
            params = {name: item for name, item in request.params.items() if name in changed}
        return _with(made, Action.UPDATE, (*fields, *tags), params=params)


def _with(
    made: Change,
    action: Action,
    fields: tuple[FieldChange, ...],
    *,
    params: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Change:
    tags = {
        item.path.removeprefix("Tags."): item.after
        for item in fields
        if item.path.startswith("Tags.")
    }
    return made._replace(
        action=action,
        fields=fields,
        params=made.params if params is None else params,
        tags=tags,
        # What stays reads what was uploaded when it was made.
        uploads=made.uploads if action is Action.REPLACE else (),
        reason=reason,
    )


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
