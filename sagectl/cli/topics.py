"""What ``sagectl help TOPIC`` says: what holds for all commands, told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Topic(NamedTuple):
    """Something to read: ``text`` makes it from what the code itself goes by."""

    summary: str
    text: Callable[[], str]


def _environment() -> str:
    from sagectl.settings import ENVIRONMENT

    rows = [(name, " ".join(variables)) for name, variables in ENVIRONMENT.items()]
    return f"""\
A flag beats the environment, the environment beats config.toml, and that beats the default.
Of several variables the first that is set counts:

{_table(rows)}

SAGECTL_HOME puts everything that sagectl keeps under one directory; without it the XDG base
directories are used. Credentials are those of the AWS configuration: AWS_ACCESS_KEY_ID,
AWS_PROFILE, ~/.aws/config, a role or single sign-on.

config.toml holds the same settings, and tables of them to be chosen with --profile:

  region = "eu-central-1"
  [profiles.staging]
  region = "eu-west-1"
  profile = "acme-staging"

See what is in force:
  sagectl config view --show-origin
"""


def _exit_codes() -> str:
    from sagectl.errors import EXIT_CODES

    return f"""\
{_table((str(code), meaning.replace("`", "")) for code, meaning in EXIT_CODES.items())}

A difference is no failure, so in a script:
  sagectl diff -f manifests || test $? -eq 1
"""


def _output() -> str:
    from sagectl.settings import CHOICES

    return f"""\
Results go to stdout, everything else to stderr: remarks, progress, warnings, errors. -o takes
{", ".join(CHOICES["output"])}.

  table   for people; in a pipe it is plain, with whole values and times in UTC
  wide    a table with more columns
  json    the service's own answer, field names and all; yaml is the same
  jsonl   a JSON document for each row
  csv     a heading and rows; tsv the same, with tabs
  name    one kind/name a line, to be given to other commands

--query takes JMESPath and is applied once, to all pages together:
  sagectl --local compile list --query 'CompilationJobSummaries[].CompilationJobName'

--color and NO_COLOR rule colour, --progress what is said on the way, -q leaves out remarks.
With -o json an error is JSON on stderr: {{"error": {{"code": ..., "message": ...}}}}.
"""


def _manifests() -> str:
    from sagectl.catalog.kinds import KINDS

    return f"""\
A manifest is YAML: documents with kind, name and spec, the spec in the service's own words.

  kind: Workteam
  name: radiology
  spec:
    WorkforceName: crowd
    Description: Reads scans
    MemberDefinitions:
      - OidcMemberDefinition: {{Groups: [doctors]}}

Kinds are {", ".join(KINDS)}.
Beside these keys may stand region, tags (a mapping), apiVersion, and matrix, which makes many
documents of one. A value may stand elsewhere:

  {{upload: FILE}}            a file that is put where the service reads it
  {{ref: Kind/name}}          another document, or what is live
  {{env: NAME}} {{file: FILE}} {{secret: NAME}}   a secret, never shown and never kept

  sagectl explain Workteam.MemberDefinitions   what a field takes
  sagectl explain Workteam --skeleton          a document to fill in
  sagectl validate -f manifests                every mistake, with its line
  sagectl diff -f manifests                    what would change
  sagectl apply -f manifests                   make it so
"""


def _local() -> str:
    return """\
--local, or SAGECTL_BACKEND=local, answers from a control plane in one SQLite file: no account,
no network, nothing to set up. It validates as SageMaker does, runs compilation jobs and
labeling jobs, and keeps what it is told through any crash.

  sagectl --local apply -f examples/quickstart --wait --yes
  sagectl local status       what is in it, and where it is
  sagectl local serve        the same for any AWS SDK, over HTTP
  sagectl local portal       where people label, in a browser
  sagectl local backup FILE  all of it in one archive
  sagectl local reset        start anew

Files given by {upload: ...} go where s3:// leads locally: a folder of the state directory.
"""


TOPICS = {
    "environment": Topic("Settings: flags, variables and the config file.", _environment),
    "exit-codes": Topic("What the exit code of a command means.", _exit_codes),
    "output": Topic("Formats, queries, streams and colour.", _output),
    "manifests": Topic("What may stand in a YAML file.", _manifests),
    "local": Topic("The embedded control plane.", _local),
}


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = list(rows)
    width = max(len(first) for first, _ in lines)
    return "\n".join(f"  {first.ljust(width)}  {second}" for first, second in lines)
