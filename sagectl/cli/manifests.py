"""The commands on whole sets of manifests: apply, diff, validate, delete, wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import DRY_RUN, YES, pass_app, takes
from sagectl.cli.reporting import reported
from sagectl.cli.saving import PLAN, SAVE_PLAN, approved_plan, saved_plan
from sagectl.cli.sets import (
    CHECK_OBJECTS,
    FILES,
    RECURSIVE,
    checked,
    look_ahead,
    named,
    planned_set,
    read,
    words_argument,
    written,
)
from sagectl.cli.waiting import INTERVAL, TIMEOUT, WAIT
from sagectl.cli.wishes import PARALLEL, WISHES

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.app import App


@click.command("apply", cls=Command)
@takes(FILES, RECURSIVE, PLAN, CHECK_OBJECTS, WAIT, TIMEOUT, *WISHES, DRY_RUN, YES)
@reported
def apply(
    app: App,
    files: tuple[str, ...],
    recursive: bool,
    plan_file: Path | None,
    check_objects: bool,
    wait: bool,
    timeout: float | None,
    dry_run: str | None,
    yes: bool,
    **wishes: Any,
) -> None:
    """Create and update what manifests describe.

    What is live and as described is left alone, so applying again does nothing. Work teams
    come after their workforce; what fails stops only what needs it.

    \b
    Examples:
      sagectl --local apply -f examples/quickstart --wait --yes
      sagectl --local apply -f examples/quickstart --dry-run=server
    """
    from sagectl.cli.applying import carry_out, conclude
    from sagectl.render.plan_view import report

    if plan_file:
        plan = approved_plan(app, plan_file, files, wishes, check_objects=check_objects)
    else:
        documents = read(app, files, recursive)
        if dry_run == "client":
            app.show(written(app, documents))
            return
        plan = planned_set(app, documents, check_objects=check_objects, **wishes)
    if dry_run:
        look_ahead(app, plan)
        app.show(report(plan))
        return
    outcome = carry_out(app, plan, yes=yes, parallel=wishes["parallel"])
    conclude(app, plan, outcome, wait=wait, timeout=timeout)


FULL = click.Option(("--full",), is_flag=True, help="Show also what no manifest sets.")


@click.command("diff", cls=Command)
@takes(FILES, RECURSIVE, FULL, SAVE_PLAN, *WISHES)
@reported
def diff(
    app: App,
    files: tuple[str, ...],
    recursive: bool,
    full: bool,
    save_plan: Path | None,
    **wishes: Any,
) -> int:
    """Show what apply would change.

    Only fields that the manifests set are compared. Exits 0 if nothing would change, 1 if
    something would, more on an error. A saved plan is what apply --plan carries out later,
    unless the live state has moved by then.

    \b
    Examples:
      sagectl --local diff -f examples/quickstart
      sagectl --local diff -f examples/quickstart -o json
    """
    from sagectl.render.plan_view import report

    documents = read(app, files, recursive)
    plan = planned_set(app, documents, **wishes)
    if save_plan:
        saved_plan(app, save_plan, plan, documents, wishes)
    app.show(report(plan, is_full=full))
    return 1 if plan.pending else 0


@click.command("validate", cls=Command)
@takes(FILES, RECURSIVE, CHECK_OBJECTS)
@reported
def validate(app: App, files: tuple[str, ...], recursive: bool, check_objects: bool) -> None:
    """Check manifests without calling anything.

    Every finding is listed, with its place, those in the files that a labeling job uploads
    too: its input manifest line by line, its label categories, its worker template. Locally
    the limits of the service model are errors; for AWS, which may know more than the installed
    model, they are warnings unless --strict is given. Exits 0 if apply could go ahead, 2 if
    not.

    \b
    Example:
      sagectl --local validate -f examples/quickstart
    """
    from sagectl.manifest.wording import counted

    documents = checked(app, files, recursive, check_objects=check_objects)
    judge = "as AWS does" if app.is_lenient else "strictly"
    app.say(f"{counted(len(documents), 'document')} valid, judged {judge}.")
    if app.settings.output not in ("table", "wide"):
        from sagectl.render.views import Answer

        app.show(Answer([each.label for each in documents]))


@click.command("delete", cls=Command)
@takes(words_argument(required=False), FILES, RECURSIVE, PARALLEL, DRY_RUN, YES)
@pass_app
def delete(
    app: App,
    words: tuple[str, ...],
    files: tuple[str, ...],
    recursive: bool,
    parallel: int | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Delete what manifests describe, or what is named.

    Work teams go before their workforce, a running job is stopped first. What a manifest
    describes and does not exist is passed over.

    \b
    Examples:
      sagectl --local delete -f examples/quickstart --yes
      sagectl --local delete workteam/digits-labelers compilationjob/digits-x86 --yes
    """
    from sagectl.cli.applying import carry_out, conclude
    from sagectl.cli.deleting import deletion_plan, doomed
    from sagectl.render.plan_view import report

    documents = doomed(app, words, files, recursive)
    if dry_run == "client":
        app.show(written(app, documents))
        return
    plan = deletion_plan(app, documents, parallel=parallel, must_exist=bool(words))
    if dry_run:
        app.show(report(plan))
        return
    conclude(app, plan, carry_out(app, plan, yes=yes, parallel=parallel))


@click.command("wait", cls=Command)
@takes(
    words_argument(required=True),
    click.Option(
        ("--for", "goal"),
        default="ready",
        help="ready, exists, deleted, or status=STATUS.  [ready]",
    ),
    TIMEOUT,
    INTERVAL,
)
@reported
def wait(
    app: App, words: tuple[str, ...], goal: str, timeout: float | None, interval: float
) -> None:
    """Wait for resources to be as wanted.

    Ready means that a job ended well, a workforce is active, a work team exists. What is not
    there yet is waited for. Exits 5 if a job ended Failed or Stopped, 124 when time is up.

    \b
    Examples:
      sagectl --local wait compilationjob/digits-x86
      sagectl --local wait workteam/digits-labelers --for=deleted --timeout 30s
    """
    from sagectl.cli.applying import waited_for
    from sagectl.plan.waiter import Target

    targets = tuple(Target(kind, name, app.region) for kind, name in named(words))
    waited_for(app, targets, goal, timeout=timeout, interval=interval)
