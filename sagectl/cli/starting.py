"""``sagectl init``: a folder to start from."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.writing import write_text
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.app import App

_PROVIDERS = ("oidc", "cognito")
_SYSTEMS = ("github", "gitlab", "none")
# Stands where the reader's own belongs; such as the service takes.
_POOL, _CLIENT, _ISSUER = "us-east-1_x1Y2z3", "labeling-portal", "https://id.example.com"
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


class _Wishes(NamedTuple):
    """What the folder shall be about."""

    provider: str
    workforce: str
    teams: Sequence[str]
    ci: str
    region: str


@click.command("init", cls=Command)
@takes(
    click.Argument(("folder",), default=".", type=click.Path(path_type=Path, file_okay=False)),
    click.Option(
        ("--provider",),
        type=click.Choice(_PROVIDERS),
        help="Where people sign in: a provider of your own, or a Cognito user pool.  [oidc]",
    ),
    click.Option(("--workforce",), metavar="NAME", help="The workforce.  [crowd]"),
    click.Option(
        ("--team", "teams"), multiple=True, metavar="NAME", help="A work team; repeatable."
    ),
    click.Option(
        ("--ci",), type=click.Choice(_SYSTEMS), help="Also write what CI runs.  [none]"
    ),
)
@pass_app
def init(
    app: App,
    folder: Path,
    provider: str | None,
    workforce: str | None,
    teams: tuple[str, ...],
    ci: str | None,
) -> None:
    """Write a folder to start from: manifests of a workforce and its teams, and what CI runs.

    On a terminal it asks for what no option says; elsewhere it takes the defaults. A file that
    is there already is never overwritten.

    \b
    Examples:
      sagectl init
      sagectl init labels --provider cognito --team radiology --team audit --ci github
    """
    wishes = _Wishes(
        provider or _asked("Where do people sign in", "oidc", _PROVIDERS),
        workforce or _asked("Name of the workforce", "crowd"),
        teams or tuple(_asked("Work teams, by comma", "labelers").replace(",", " ").split()),
        ci or _asked("Which CI", "none", _SYSTEMS),
        app.settings.region or "us-east-1",
    )
    _require_names(wishes)
    files = dict(_files(wishes))
    if there := [name for name in files if (folder / name).exists()]:
        raise InputError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} in {folder} already",
            hint="Nothing was written. Name another folder, or move them away.",
        )
    for name, text in files.items():
        write_text(folder / name, text, is_new=True, makes_folder=True)
        app.say(f"{folder / name} written")
    where = "" if folder == Path() else f"cd {folder} && "
    app.say(f"Next: {where}{_export(wishes)}sagectl --local apply -f manifests")


def _asked(question: str, default: str, choices: Sequence[str] = ()) -> str:
    """What a person at a terminal answers, or the default."""
    if not sys.stdin or not sys.stdin.isatty():
        return default
    among = f" ({', '.join(choices)})" if choices else ""
    while True:
        sys.stderr.write(f"{question}{among} [{default}]: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise click.Abort
        answer = line.strip() or default
        if not choices or answer in choices:
            return answer
        sys.stderr.write(f"Answer one of {', '.join(choices)}.\n")


def _require_names(wishes: _Wishes) -> None:
    for name in (wishes.workforce, *wishes.teams):
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} is not a name",
                hint="Names have letters, digits and hyphens, 63 at most.",
            )
    if not wishes.teams or len(set(wishes.teams)) < len(wishes.teams):
        raise InputError("work teams are one or more, each once", hint="Give --team NAME.")


def _files(wishes: _Wishes) -> Iterator[tuple[str, str]]:
    """Each file's place in the folder, and its text."""
    yield "manifests/workforce.yaml", _filled(f"workforce-{wishes.provider}.yaml", wishes)
    teams = [
        _filled(f"team-{wishes.provider}.yaml", wishes, TEAM=team) for team in wishes.teams
    ]
    yield "manifests/teams.yaml", "---\n".join(teams)
    yield "README.md", _filled("README.md", wishes)
    if wishes.ci != "none":
        yield _ci_file(wishes.ci), _filled(f"{wishes.ci}.yml", wishes)


def _ci_file(system: str) -> str:
    return {"github": ".github/workflows/sagectl.yml", "gitlab": ".gitlab-ci.yml"}[system]


def _filled(template: str, wishes: _Wishes, **more: str) -> str:
    from importlib.resources import files

    secret = _secret(wishes)
    by_ci = (
        f"| `{_ci_file(wishes.ci)}` | reviews and applies them |\n"
        if wishes.ci != "none"
        else ""
    )
    github = f"    env:\n      {secret}: ${{{{ secrets.{secret} }}}}\n" if secret else ""
    words = {
        "WORKFORCE": wishes.workforce,
        "REGION": wishes.region,
        "POOL": _POOL,
        "CLIENT": _CLIENT,
        "ISSUER": _ISSUER,
        "SECRET": secret,
        "EXPORT": f"export {secret}=from-your-identity-provider\n" if secret else "",
        "GITHUBENV": github,
        "CIROW": by_ci,
        **more,
    }
    text = (files("sagectl.cli") / "start" / template).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)


def _secret(wishes: _Wishes) -> str:
    """The variable that holds the client's secret; a Cognito pool needs none here."""
    if wishes.provider == "cognito":
        return ""
    return f"{wishes.workforce.replace('-', '_').upper()}_CLIENT_SECRET"


def _export(wishes: _Wishes) -> str:
    secret = _secret(wishes)
    return f"{secret}=... " if secret else ""
