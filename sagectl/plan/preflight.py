"""A look before the leap: what would fail a job only minutes after it was made."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.diagnostics import Diagnostic, Severity
from sagectl.plan.change import Action
from sagectl.plan.checks import span
from sagectl.plan.live import described
from sagectl.plan.order import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.plan.change import Change, Plan
    from sagectl.plan.live import Callers

# Kind -> the fields that name where a job writes.
OUTPUTS = {
    "CompilationJob": ("OutputConfig.S3OutputLocation",),
    "LabelingJob": ("OutputConfig.S3OutputPath",),
}
_TEAM = "HumanTaskConfig.WorkteamArn"


# What is wrong with something outside SageMaker, what to do, and whether that is certain.
Problem: TypeAlias = tuple[str, str, bool]


class World(Protocol):
    """What jobs depend on outside SageMaker; each answer is None where all is well."""

    def input_problem(self, uri: str, region: str, /) -> Problem | None: ...

    def output_problem(self, uri: str, region: str, /) -> Problem | None: ...

    def role_problem(self, arn: str, /) -> Problem | None: ...


def preflight(plan: Plan, world: World, callers: Callers) -> Iterator[Diagnostic]:
    """What stands in the way of the jobs that ``plan`` would make.

    Nothing is written: whether a job's role may read and write is the role's affair.
    """
    # Many jobs share a model, a bucket, a role; each is looked at once.
    looks = _Looks(
        cache(world.input_problem),
        cache(world.output_problem),
        cache(world.role_problem),
        cache(lambda name, region: described(WORKTEAM_KIND, name, callers(region)) is None),
    )
    for change in plan.pending:
        if change.kind.is_job and change.action in (Action.CREATE, Action.REPLACE):
            yield from _change_findings(change, looks)


class _Looks(NamedTuple):
    """The questions to the world, each asked once."""

    input: Callable[[str, str], Problem | None]
    output: Callable[[str, str], Problem | None]
    role: Callable[[str], Problem | None]
    lacks_team: Callable[[str, str], bool]


def _change_findings(change: Change, looks: _Looks) -> Iterator[Diagnostic]:
    sent = {transfer.uri for transfer in change.uploads}
    for path in change.kind.uploads:
        uri = at(change.params, path)
        if isinstance(uri, str) and uri.startswith("s3://") and uri not in sent:
            yield from _finding(change, path, looks.input(uri, change.region))
    for path in OUTPUTS[change.kind.name]:
        uri = at(change.params, path)
        if isinstance(uri, str) and uri.startswith("s3://"):
            yield from _finding(change, path, looks.output(uri, change.region))
    role = at(change.params, "RoleArn")
    if isinstance(role, str):
        yield from _finding(change, "RoleArn", looks.role(role))
    team = at(change.params, _TEAM)
    if isinstance(team, str) and "/private-crowd/" in team:
        name = team.rpartition("/")[2]
        is_made = any(key[:2] == ("Workteam", name) for key in change.needs)
        if not is_made and looks.lacks_team(name, change.region):
            said = f"there is no work team {name} in {change.region}"
            yield from _finding(change, _TEAM, (said, "", True))


def _finding(change: Change, path: str, problem: Problem | None) -> Iterator[Diagnostic]:
    if problem is not None:
        summary, hint, is_certain = problem
        yield Diagnostic(
            summary,
            f"spec.{path}",
            span(change.document, path),
            hint or None,
            "plan.preflight",
            Severity.ERROR if is_certain else Severity.WARNING,
        )
