"""Plans saved by ``diff`` and carried out by ``apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.app import App
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Plan

_FILE = click.Path(dir_okay=False, path_type=Path)
SAVE_PLAN = click.Option(
    ("--save-plan",), type=_FILE, metavar="FILE", help="Write the plan for apply --plan."
)
PLAN = click.Option(
    ("--plan", "plan_file"),
    type=_FILE,
    metavar="FILE",
    help="Carry out this saved plan, unless the live state has moved.",
)
# Choices that shape a plan, and so belong to it; how fast it is carried out does not.
_SHAPING = (
    *("apply_set", "adopt", "prune"),
    *("retry_failed", "replace_jobs", "recreate", "set_secrets"),
)


def saved_plan(
    app: App, path: Path, plan: Plan, documents: Sequence[Document], wishes: Mapping[str, Any]
) -> None:
    """Write ``plan`` to ``path``. Raises FindingsError, InputError."""
    from sagectl.plan.saved import save

    choices = {name: wishes[name] for name in _SHAPING} | {"upload_to": app.settings.upload_to}
    save(path, plan, documents, _scope(app), choices)
    app.say(f"{path} written")


def approved_plan(
    app: App,
    path: Path,
    files: Sequence[str],
    wishes: Mapping[str, Any],
    *,
    check_objects: bool = False,
) -> Plan:
    """The plan saved in ``path``, made again and found the same.

    Raises InputError where it is not the same, or was made for another place.
    """
    from sagectl.cli.sets import planned_set
    from sagectl.plan.saved import load, require_unmoved

    if files or any(wishes[name] for name in _SHAPING):
        raise InputError(
            "--plan goes with no -f and no flag that shapes a plan",
            hint="The plan holds its documents, and how it was made.",
        )
    saved = load(path, app.model, lenient=app.is_lenient)
    if saved.scope != _scope(app):
        there = " in ".join(saved.scope.values())
        raise InputError(
            f"{path} was made for {there}, not for {' in '.join(_scope(app).values())}",
            hint="Give the same --local, --endpoint-url and --region.",
        )
    choices = {**saved.choices, "parallel": wishes["parallel"]}
    plan = planned_set(app, saved.documents, check_objects=check_objects, **choices)
    require_unmoved(saved, plan)
    return plan


def _scope(app: App) -> dict[str, str]:
    return {"backend": app.scope, "region": app.region}
