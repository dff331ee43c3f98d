"""``sagectl search``: resources found by what they are."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Command, Group
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import PAIR, Word
from sagectl.cli.verbs import Filter, checked, limit_option, paging, rows
from sagectl.errors import InputError
from sagectl.render.views import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.app import App

FILTERS = (
    Filter("--sort-by", "SortBy", "Property to sort by.  [LastModifiedTime]"),
    Filter("--sort-order", "SortOrder", "Which way.", Word(("Ascending", "Descending"))),
    Filter(
        "--accounts",
        "CrossAccountFilterOption",
        "Whose resources.",
        Word(("SameAccount", "CrossAccount")),
    ),
    *paging(),
)
OPTIONS = (
    click.Argument(("expression",), required=False),
    click.Option(
        ("-f", "--file"),
        metavar="FILE",
        help="Read a SearchExpression from FILE, YAML or JSON ('-' is stdin).",
    ),
    click.Option(("--name-contains",), help="Only names with this in them."),
    *(item.option() for item in FILTERS),
    click.Option(
        ("--visible", "visibility"),
        type=PAIR,
        multiple=True,
        metavar="KEY=VALUE",
        help="Condition of visibility; repeatable.",
    ),
    limit_option(),
    click.Option(("--dry-run",), is_flag=True, help="Call nothing, show what would be sent."),
)
# Times that every type of record may have -> their titles.
_TIMES = {"CreationTime": "CREATED", "LastModifiedTime": "UPDATED"}


class SearchGroup(Group):
    """A group whose unknown words are resources of the service."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = super().get_command(ctx, cmd_name)
        return known or _of_resource(cmd_name)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "RESOURCE [EXPRESSION] [OPTIONS]")


@click.group("search", cls=SearchGroup)
def search() -> None:
    """Find resources by what they are.

    RESOURCE is what the service calls it: TrainingJob, Experiment, ExperimentTrial,
    ExperimentTrialComponent, ModelPackage and others. EXPRESSION is a condition on its
    properties, with and, or, not, in, contains and exists.

    \b
    Examples:
      sagectl --local search TrainingJob "TrainingJobStatus = 'Completed'"
      sagectl --local search TrainingJob "Metrics.accuracy > 0.9 and Tags.team = 'vision'"
      sagectl --local search suggest TrainingJob HyperParameters.
    """


@search.command()
@takes(
    click.Argument(("resource",)),
    click.Argument(("hint",), required=False),
)
@pass_app
def suggest(app: App, resource: str, hint: str | None) -> None:
    """List properties that a search of RESOURCE can name, those beginning with HINT.

    \b
    Example:
      sagectl --local search suggest TrainingJob HyperParameters.
    """
    params: dict[str, Any] = {"Resource": resource}
    if hint:
        params["SuggestionQuery"] = {"PropertyNameQuery": {"PropertyNameHint": hint}}
    request = checked(app, "GetSearchSuggestions", params)
    found = app.caller.call(request.operation, request.params)
    member = "PropertyNameSuggestions"
    columns = (Column("PROPERTY", "PropertyName"),)
    names = found.get(member, [])
    app.show(Listing(member, names, columns, "property", "PropertyName", "suggestions"))


def _of_resource(resource: str) -> click.Command:
    @takes(*OPTIONS)
    @pass_app
    def command(app: App, limit: int | None, dry_run: bool, **given: Any) -> None:
        params = search_params(app, resource, given)
        if dry_run:
            app.show(Record(checked(app, "Search", params).params, "search", resource))
            return
        found = rows(app, "Search", params, "Results", limit)
        app.show(_results(resource, found))

    command.__doc__ = f"""Find resources of the type {resource} by a condition.

    \b
    Example:
      sagectl --local search {resource} --name-contains chest --limit 10
    """
    return click.command(resource, cls=Command)(command)


def search_params(app: App, resource: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of Search that the flags ask for."""
    params = {item.parameter: given[item.parameter] for item in FILTERS}
    params["Resource"] = resource
    params["SearchExpression"] = _expression(app, resource, given)
    conditions = [{"Key": key, "Value": value} for key, value in given["visibility"]]
    params["VisibilityConditions"] = conditions or None
    return {key: value for key, value in params.items() if value is not None}


def _expression(app: App, resource: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    text, file, name = given["expression"], given["file"], given["name_contains"]
    if file and (text or name):
        raise InputError(
            "-f FILE is the whole expression, and conditions are given beside it",
            hint="Write them into the file, or leave -f out.",
        )
    if file:
        from sagectl.schema.values import read_value

        shape = app.model.operation("Search").input_shape.members["SearchExpression"]
        found: dict[str, Any] = read_value(
            file, shape, app.model, stdin=app.stdin, lenient=app.is_lenient
        )
        return found
    if not text and not name:
        return None
    from sagectl.schema.expression.parser import parsed
    from sagectl.schema.expression.tree import search_expression

    conditions = [f"({text})"] if text and name else [text] if text else []
    if name:
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        conditions.append(f"{resource}Name contains '{quoted}'")
    whole = " and ".join(conditions)
    return search_expression(parsed(whole), resource=resource, text=whole)


def _results(resource: str, found: Iterator[Mapping[str, Any]]) -> Listing:
    """The results as rows, their columns chosen by what the first of them has.

    Each holds its record under a member named for its type.
    """
    first = next(found, None)
    member = next(iter(first), resource) if first else resource
    record: Mapping[str, Any] = first[member] if first else {}
    name = f"{member}Name"
    if record and name not in record:
        name = next((key for key in record if key.endswith("Name")), name)
    columns = [Column("NAME", f"{member}.{name}")]
    columns += [
        Column("STATUS", f"{member}.{key}", "status")
        for key in record
        if key.endswith("Status")
    ]
    columns += [
        Column(title, f"{member}.{key}", "time")
        for key, title in _TIMES.items()
        if key in record
    ]
    rows = chain(() if first is None else (first,), found)
    return Listing("Results", rows, columns, member.lower(), f"{member}.{name}", "results")
