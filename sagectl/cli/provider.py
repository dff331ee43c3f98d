"""``sagectl workforce check``: whether a workforce and its OIDC provider go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.catalog.kinds import WORKFORCE_KIND, WORKTEAM_KIND, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import DURATION
from sagectl.cli.verbs import described, name_argument, rows
from sagectl.cli.workforce_documents import LOOPBACK
from sagectl.errors import FindingsError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.app import App
    from sagectl.identity.discovery import Check
    from sagectl.identity.fetching import Limits

_COLUMNS = (
    Column("CHECK", "Check"),
    Column("RESULT", "Result"),
    Column("DETAIL", "Detail"),
)


class _Subject(NamedTuple):
    """A workforce, live or written down, and the groups of its teams."""

    name: str
    config: Mapping[str, Any]
    sub_domain: str | None
    teams: Mapping[str, Sequence[str]]


@click.command(cls=Command)
@takes(
    name_argument(WORKFORCE_KIND, required=False),
    click.Option(
        ("-f", "--file"), metavar="FILE", help="Check the workforce that FILE describes."
    ),
    click.Option(
        ("--token-file", "token"),
        metavar="FILE",
        help="Check this ID token or userinfo answer too; '-' is stdin.",
    ),
    LOOPBACK,
    click.Option(
        ("--timeout",), type=DURATION, default="10s", help="Time for each document.  [10s]"
    ),
)
@pass_app
def check(
    app: App,
    name: str | None,
    file: str | None,
    token: str | None,
    allow_loopback: bool,
    timeout: float,
) -> int:
    """Ask whether a workforce and its OIDC provider go together.

    The provider's discovery document and signing keys are fetched and compared; the URLs that
    the provider has to allow are told. With --token-file, what the provider tells of a person
    is verified, and the teams are named that the person would work in.

    The exit code is 0 if nothing is wrong, 1 if something is.

    \b
    Examples:
      sagectl workforce check crowd
      sagectl workforce check -f crowd.yaml --token-file token.txt
    """
    from sagectl.identity.fetching import Limits
    from sagectl.render.views import Listing

    if name and file:
        raise InputError(
            "both NAME and -f FILE are given", hint="Check what is live, or what is written."
        )
    text = _text(app, token) if token is not None else None
    subject = _written(app, file) if file is not None else _live(app, name)
    limits = Limits(seconds=timeout, allows_loopback=allow_loopback)
    found = list(_checks(app, subject, limits, text))
    answer = [each.row() for each in found]
    app.show(Listing("Checks", answer, _COLUMNS, "check", "Check", "checks"))
    return 1 if any(each.result == "wrong" for each in found) else 0


def _checks(app: App, subject: _Subject, limits: Limits, text: str | None) -> Iterator[Check]:
    from sagectl.identity.discovery import addresses, provider_checks
    from sagectl.identity.tokens import landing, told

    if not subject.config:
        raise InputError(f"{subject.name} has no OidcConfig: its people are in Amazon Cognito")
    checks, keys = provider_checks(subject.config, limits)
    yield from checks
    yield from addresses(subject.sub_domain)
    if text is not None:
        person = told(text, subject.config, keys, round(app.clock().timestamp()))
        yield from person.checks
        yield landing(person.claims, subject.teams)


def _live(app: App, name: str | None) -> _Subject:
    from sagectl.plan.members import groups_of

    if name is None:
        raise InputError(
            "which workforce? There is neither a NAME nor -f FILE",
            hint="See sagectl workforce check --help.",
        )
    row = described(app, WORKFORCE_KIND, name).row
    kind = WORKTEAM_KIND
    teams = {
        team["WorkteamName"]: groups_of(team)
        for team in rows(app, kind.list, {}, kind.list_member)
        if team.get("WorkforceArn") == row["WorkforceArn"]
    }
    return _Subject(name, row.get("OidcConfig", {}), row.get("SubDomain"), teams)


def _written(app: App, file: str) -> _Subject:
    from sagectl.plan.members import groups_of
    from sagectl.schema.documents import read_documents

    read = read_documents([file], model=app.model, stdin=app.stdin, lenient=app.is_lenient)
    if errors := [finding for finding in read.findings if finding.is_error]:
        raise FindingsError(errors)
    found = [item for item in read.documents if item.kind == WORKFORCE_KIND.name]
    if len(found) != 1:
        raise InputError(f"{file} describes {len(found)} workforces; one is checked at a time")
    (workforce,) = found
    teams = {
        item.name: groups_of(item.spec)
        for item in read.documents
        if item.kind == WORKTEAM_KIND.name
        and item.spec.get("WorkforceName", workforce.name) == workforce.name
    }
    return _Subject(workforce.name, workforce.spec.get("OidcConfig", {}), None, teams)


def _text(app: App, file: str) -> str:
    from sagectl.manifest.sources import Source, sources

    for source in sources([file], stdin=app.stdin):
        if isinstance(source, Source):
            return source.text
        raise FindingsError([source])
    raise InputError(f"{file} holds nothing")
