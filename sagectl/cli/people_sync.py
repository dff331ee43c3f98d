"""``sagectl workforce sync``: the people of a workforce, as a file says."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes
from sagectl.cli.pools import (
    NO_MAIL,
    PASSWORD,
    REDACT,
    USER_POOL,
    WORKFORCE,
    first_password,
    pool,
    shown,
)
from sagectl.errors import FindingsError, InputError, InterruptedRunError, PartialApplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sagectl.app import App
    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.people import Worker
    from sagectl.plan.people import Done, PeoplePlan, PersonChange, Pool

    Shown = Callable[[str], str]

# Findings that quote the file -> what they say without.
_WITHOUT_TEXT = {
    "people.email": "is not an e-mail address",
    "people.group": "is not the name of a group",
    "people.header": "is not the header",
    "people.field": "is not known, or missing, or there twice",
}
_LINES = 50  # changes that are shown before they are agreed to
_COLUMNS = (
    Column("ACTION", "Action"),
    Column("PERSON", "Email"),
    Column("NAME", "Name"),
    Column("JOINS", "Joins", "list"),
    Column("LEAVES", "Leaves", "list"),
    Column("OUTCOME", "Outcome", "status"),
)


@click.command(cls=Command)
@takes(
    click.Option(
        ("-f", "--file"), required=True, metavar="FILE", help="CSV or YAML; '-' is stdin."
    ),
    WORKFORCE,
    USER_POOL,
    click.Option(("--prune",), is_flag=True, help="Delete the people who are not in FILE."),
    NO_MAIL,
    PASSWORD,
    REDACT,
    DRY_RUN,
    YES,
)
@pass_app
def sync(
    app: App,
    file: str,
    workforce: str | None,
    user_pool: str | None,
    prune: bool,
    no_mail: bool,
    password_stdin: bool,
    redact: bool,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Bring the people of a workforce to what a file says.

    FILE is CSV with the header email,name,groups, groups split by ';', or YAML with a list
    people: of the same fields. The e-mail address is the key, in any case. Missing people are
    invited, missing groups made; the groups of a listed person become those of the file.
    People who are not listed stay, unless --prune deletes them; disabled people stay disabled.

    What was done is not done again: if some of it fails, or it is interrupted, run it again.

    \b
    Examples:
      sagectl --local workforce sync -f people.csv --dry-run
      sagectl workforce sync -f people.yaml --prune --redact --yes
    """
    from sagectl.plan.people import people_plan

    if password_stdin and file == "-":
        raise InputError(
            "-f - and --password-stdin both read stdin", hint="Keep the people in a file."
        )
    people = _people(app, file, redact)
    if prune and not people:
        raise InputError(f"{file} lists nobody, and --prune would delete everybody")
    password = first_password(app) if password_stdin else None
    where = pool(app, workforce, user_pool, password=password, sends_mail=not no_mail)
    plan = people_plan(people, where, prune=prune)
    name = shown(redact)
    for line in _lines(plan, name):
        app.say(line)
    if plan.is_empty or dry_run:
        _show(app, [_row(change, name, "planned") for change in plan.changes])
        return
    consent(yes, "Make these changes?")
    _carried_out(app, plan, where, name)


def _people(app: App, file: str, redact: bool) -> Sequence[Worker]:
    """Everybody in the file. Raises FindingsError, without a text of the file if redacted."""
    from sagectl.manifest.people import read_people

    people, findings = read_people(file, stdin=app.stdin)
    if findings:
        raise FindingsError(map(_redacted, findings) if redact else findings)
    return people


def _redacted(finding: Diagnostic) -> Diagnostic:
    """The same without a word of the file: its place is told, so that no excerpt is shown."""
    from sagectl.diagnostics import Diagnostic

    said = _WITHOUT_TEXT.get(finding.rule, finding.summary)
    return Diagnostic(f"{finding.span}: {said}" if finding.span else said, rule=finding.rule)


def _carried_out(app: App, plan: PeoplePlan, where: Pool, name: Shown) -> None:
    """Make ``plan`` so and show how it went. Raises PartialApplyError, InterruptedRunError."""
    from sagectl.plan.interrupts import interrupts
    from sagectl.plan.people import apply_people

    with interrupts() as stops:
        done = apply_people(plan, where, parallel=app.backend.parallel, stops=stops)
    outcomes = [_row(change, name, "done") for change in done.done]
    outcomes += [_row(each.change, name, "failed") for each in done.failed]
    outcomes += [_row(change, name, "not tried") for change in done.untried]
    _show(app, outcomes)
    _raise_unfinished(done, name)


def _raise_unfinished(done: Done, name: Shown) -> None:
    counts = f"{len(done.done)} done, {len(done.failed)} failed, {len(done.untried)} not tried"
    again = "Run it again to go on; nothing is done twice."
    if done.untried:
        raise InterruptedRunError(f"interrupted: {counts}", hint=again)
    if done.failed:
        told = [
            f"{each.change.span or name(each.change.email)}: "
            + str(each.error).replace(each.change.email, name(each.change.email))
            for each in done.failed[:_LINES]
        ]
        raise PartialApplyError("\n".join([*told, counts]), hint=again)


def _lines(plan: PeoplePlan, name: Shown) -> Iterator[str]:
    yield from (f"+ group {group}" for group in plan.groups)
    for change in islice(plan.changes, _LINES):
        joins = [f"+{group}" for group in change.joins]
        joins += [f"-{group}" for group in change.leaves]
        yield " ".join([change.action.value, name(change.email), *joins])
    if (more := len(plan.changes) - _LINES) > 0:
        yield f"... and {more} more"
    counts = f"{len(plan.changes)} to change, {plan.unchanged} unchanged"
    yield f"{counts}, {plan.unlisted} not in the file."


def _row(change: PersonChange, name: Shown, outcome: str) -> dict[str, Any]:
    known = {
        "Action": change.action.name.lower(),
        "Email": name(change.email),
        "Name": change.name if name(change.email) == change.email else None,
        "Joins": list(change.joins),
        "Leaves": list(change.leaves),
        "Outcome": outcome,
    }
    return {key: value for key, value in known.items() if value not in (None, "", [])}


def _show(app: App, found: Sequence[dict[str, Any]]) -> None:
    from sagectl.render.views import Listing

    app.show(Listing("People", found, _COLUMNS, "person", "Email", "changes"))
