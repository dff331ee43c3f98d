"""``sagectl search``: resources found by what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Command, Group
from sagectl.cli.options import pass_app, takes
from sagectl.cli.search_here import kind_named, record_shape
from sagectl.cli.search_resource import (
    OPTIONS,
    complete_property,
    found_of,
    member,
    require_searchable,
    run,
)
from sagectl.cli.verbs import checked
from sagectl.errors import NotFoundError
from sagectl.render.views import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from sagectl.app import App


class SearchGroup(Group):
    """A group whose unknown words are resources of the service."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = super().get_command(ctx, cmd_name)
        return known or _of_resource(cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        from sagectl.cli.completion import resources

        return [*resources(ctx, incomplete), *super().shell_complete(ctx, incomplete)]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "RESOURCE [EXPRESSION] [OPTIONS]")


@click.group("search", cls=SearchGroup)
def search() -> None:
    """Find resources by what they are.

    RESOURCE is what the service calls it: TrainingJob, Experiment, ExperimentTrial,
    ExperimentTrialComponent, ModelPackage and others. EXPRESSION is a condition on its
    properties, with and, or, not, in, contains and exists. Workforces, work teams, labeling
    jobs and compilation jobs, which the service's Search cannot reach, are searched here.

    \b
    Examples:
      sagectl --local search TrainingJob "TrainingJobStatus = 'Completed'"
      sagectl --local search TrainingJob "Metrics.accuracy > 0.9 and Tags.team = 'vision'"
      sagectl --local search workteam "Description contains 'X-ray'"
      sagectl --local search suggest TrainingJob HyperParameters.
    """


@search.command()
@takes(
    click.Argument(("resource",)),
    click.Argument(("hint",), required=False, shell_complete=complete_property),
)
@pass_app
def suggest(app: App, resource: str, hint: str | None) -> None:
    """List properties that a search of RESOURCE can name, those beginning with HINT.

    \b
    Example:
      sagectl --local search suggest TrainingJob HyperParameters.
    """
    member = "PropertyNameSuggestions"
    columns = (Column("PROPERTY", "PropertyName"),)
    names = _suggested(app, resource, hint or "")
    app.show(Listing(member, names, columns, "property", "PropertyName", "suggestions"))


def _suggested(app: App, resource: str, hint: str) -> list[dict[str, Any]]:
    if kind := kind_named(resource):
        return [
            {"PropertyName": name}
            for name in sorted(record_shape(app, kind).members)
            if name.lower().startswith(hint.lower())
        ]
    require_searchable(app, resource)
    params: dict[str, Any] = {"Resource": resource}
    if hint:
        params["SuggestionQuery"] = {"PropertyNameQuery": {"PropertyNameHint": hint}}
    request = checked(app, "GetSearchSuggestions", params)
    found = app.caller.call(request.operation, request.params)
    names: list[dict[str, Any]] = found.get("PropertyNameSuggestions", [])
    return names


@search.command()
@takes(click.Argument(("resource",)), click.Argument(("name",)))
@pass_app
def describe(app: App, resource: str, name: str) -> None:
    """Show everything that Search knows about one RESOURCE.

    A trial component shows the training, processing or transform job it came from.

    \b
    Example:
      sagectl --local search describe ExperimentTrialComponent chest-scan
    """
    app.show(Record(_one(app, resource, name), resource.lower(), name))


@search.command()
@takes(
    click.Argument(("resource",)),
    click.Argument(("left",)),
    click.Argument(("right",)),
    click.Option(("--full",), is_flag=True, help="Compare all fields."),
)
@pass_app
def diff(app: App, resource: str, left: str, right: str, full: bool) -> int:
    """Compare two records: hyper-parameters, metrics and tags side by side.

    Records that have none of these, such as work teams, are compared whole. The exit code is
    1 if they differ.

    \b
    Example:
      sagectl --local search diff TrainingJob chest-1 chest-2
    """
    from sagectl.cli.search_diff import compared

    records = (_one(app, resource, name) for name in (left, right))
    here, there = (next(iter(record.values())) for record in records)
    view = compared(here, there, (left, right), is_full=full)
    app.show(view)
    return 1 if view.rows else 0


def _one(app: App, resource: str, name: str) -> Mapping[str, Any]:
    """The record called ``name``; NotFoundError without one."""
    require_searchable(app, resource)
    kind = kind_named(resource)
    field = kind.name_field if kind else f"{member(resource)}Name"
    expression = {"Filters": [{"Name": field, "Operator": "Equals", "Value": name}]}
    found = found_of(app, resource, {"SearchExpression": expression}, 1)
    for row in found.rows:
        return dict(row)
    raise NotFoundError("ResourceNotFound", f"there is no {resource} called {name}")


def _of_resource(resource: str) -> click.Command:
    @takes(*OPTIONS)
    @pass_app
    def command(app: App, **given: Any) -> None:
        run(app, resource, given)

    command.__doc__ = f"""Find resources of the type {resource} by a condition.

    Without EXPRESSION all of them are found.

    \b
    Examples:
      sagectl --local search {resource} --name-contains chest --limit 10
      sagectl --local search {resource} "CreationTime > '2026-01-01T00:00:00'" --explain
    """
    return click.command(resource, cls=Command)(command)
