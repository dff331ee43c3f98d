"""Options that shape a plan, and how fast it is carried out."""

from __future__ import annotations

import re

import click

from sagectl.cli.options import invocation


def _prefer(ctx: click.Context, value: str | None) -> None:
    if value is not None:
        invocation(ctx).flags["upload_to"] = value


def _set_name(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}", value):
        said = f"{value!r} cannot name a set: up to 63 letters, digits and ._/- can"
        raise click.BadParameter(said)
    return value


PARALLEL = click.Option(
    ("--parallel",),
    type=click.IntRange(1, 64),
    metavar="COUNT",
    help="Calls under way at a time.  [8, locally 1]",
)
UPLOAD_TO = click.Option(
    ("--upload-to",),
    metavar="s3://BUCKET/PREFIX",
    expose_value=False,
    callback=lambda ctx, _, value: _prefer(ctx, value),
    help="Where {upload: PATH} goes.  [locally s3://sagectl-local/uploads]",
)
SET_SECRETS = click.Option(
    ("--set-secrets",),
    is_flag=True,
    help="Send secrets such as ClientSecret even where nothing says that they changed.",
)
RETRY_FAILED = click.Option(
    ("--retry-failed",),
    is_flag=True,
    help="Delete compilation jobs that failed or were stopped, and make them again.",
)

REPLACE_JOBS = click.Option(
    ("--replace-jobs",),
    type=click.Choice(("suffix",)),
    help="Make a changed job anew, under its name and a suffix; the old one stays.",
)
SET = click.Option(
    ("--set", "apply_set"),
    metavar="NAME",
    callback=lambda ctx, param, value: _set_name(value),
    help="Tag what is made as this set's (sagectl:set).",
)
ADOPT = click.Option(
    ("--adopt",), is_flag=True, help="With --set: also tag what is there already."
)
PRUNE = click.Option(
    ("--prune",),
    is_flag=True,
    help="With --set: at the end delete what carries the set's tag and is in no document. "
    "Workforces stay, whose tags cannot be listed, and labeling jobs.",
)
RECREATE = click.Option(
    ("--recreate",),
    is_flag=True,
    help="Delete and make again what cannot be changed otherwise; the plan says what is lost.",
)
# What shapes a plan, as ``planned_set`` takes it.
WISHES = (
    *(SET, ADOPT, PRUNE),
    *(RETRY_FAILED, REPLACE_JOBS, RECREATE, SET_SECRETS, UPLOAD_TO, PARALLEL),
)
