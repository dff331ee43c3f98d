"""``sagectl search``: resources found by what they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Command, Group
from sagectl.cli.options import pass_app, takes
from sagectl.cli.search_found import Found, cells, grouped, listed, numeric
from sagectl.cli.search_here import found_here, kind_named, record_shape
from sagectl.cli.types import DURATION, PAIR, Word
from sagectl.cli.verbs import Filter, checked, limit_option, paging, rows
from sagectl.errors import InputError, NotFoundError
from sagectl.render.views import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.shell_completion import CompletionItem

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


def _properties(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem[Any]]:
    from sagectl.cli.completion import properties

    return properties(ctx.params.get("resource") or ctx.info_name or "", ctx, incomplete)


# How results are shown.
SHOWN = (
    click.Option(
        ("--columns",),
        metavar="PROPERTY,...",
        help="Properties to show: Metrics.accuracy,Tags.team.",
    ),
    click.Option(("--group-by",), metavar="PROPERTY", help="Show a row for each value of it."),
    click.Option(
        ("--agg", "aggregates"),
        multiple=True,
        metavar="'max PROPERTY'",
        help="With --group-by: max, min, mean, sum or count of a property; repeatable.",
    ),
    click.Option(("--plot",), metavar="PROPERTY", help="Draw a numeric property as bars."),
    click.Option(
        ("--save",),
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the table to a .parquet, .csv or .jsonl file instead.",
    ),
    click.Option(
        ("--watch",),
        type=DURATION,
        is_flag=False,
        flag_value="5s",
        metavar="[SECONDS]",
        help="Search again and again, until interrupted.",
    ),
)
OPTIONS = (
    click.Argument(("expression",), required=False, shell_complete=_properties),
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
    *SHOWN,
    click.Option(
        ("--explain",),
        is_flag=True,
        help="Show the expression as the service takes it; one from a file as a condition.",
    ),
    click.Option(("--dry-run",), is_flag=True, help="Call nothing, show what would be sent."),
)


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
    click.Argument(("hint",), required=False, shell_complete=_properties),
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
    kind = kind_named(resource)
    field = kind.name_field if kind else f"{_member(resource)}Name"
    expression = {"Filters": [{"Name": field, "Operator": "Equals", "Value": name}]}
    found = _found(app, resource, {"SearchExpression": expression}, 1)
    for row in found.rows:
        return dict(row)
    raise NotFoundError("ResourceNotFound", f"there is no {resource} called {name}")


def _of_resource(resource: str) -> click.Command:
    @takes(*OPTIONS)
    @pass_app
    def command(app: App, limit: int | None, watch: float | None, **given: Any) -> None:
        params = search_params(app, resource, given)
        if given["explain"]:
            return _explained(app, params, is_written=bool(given["file"]))
        if given["dry_run"]:
            return app.show(Record(checked(app, "Search", params).params, "search", resource))
        while True:
            _shown(app, _found(app, resource, params, limit), given)
            if watch is None:
                return None
            app.sleep(watch)
            if app.console.is_terminal:
                click.clear()

    command.__doc__ = f"""Find resources of the type {resource} by a condition.

    \b
    Examples:
      sagectl --local search {resource} --name-contains chest --limit 10
      sagectl --local search {resource} "CreationTime > '2026-01-01T00:00:00'" --explain
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
        kind = kind_named(resource)
        field = kind.name_field if kind else f"{_member(resource)}Name"
        conditions.append(f"{field} contains '{quoted}'")
    whole = " and ".join(conditions)
    return search_expression(parsed(whole), resource=resource, text=whole)


def _explained(app: App, params: Mapping[str, Any], *, is_written: bool) -> None:
    """The expression in its other form: JSON for a condition, a condition for JSON."""
    expression = params.get("SearchExpression")
    if expression is None:
        raise InputError(
            "there is no expression to explain", hint="Write one, or name -f FILE."
        )
    from sagectl.render.formats import as_json
    from sagectl.schema.expression.tree import conditions, written

    text = written(conditions(expression)) if is_written else as_json(expression)
    app.stdout.write(f"{text}\n")


def _found(app: App, resource: str, params: Mapping[str, Any], limit: int | None) -> Found:
    if kind := kind_named(resource):
        return found_here(
            app,
            kind,
            params.get("SearchExpression"),
            sort_by=params.get("SortBy"),
            is_descending=params.get("SortOrder") == "Descending",
            limit=limit,
        )
    results = rows(app, "Search", {"Resource": resource, **params}, "Results", limit)
    member = _member(resource)
    records = app.model.operation("Search").output_shape.members["Results"].member
    shape = records.members.get(member, records)
    return Found(resource, member, shape, results)


def _member(resource: str) -> str:
    from sagectl.controlplane.records import member

    return member(resource)


def _shown(app: App, found: Found, given: Mapping[str, Any]) -> None:
    names = [name for name in (given["columns"] or "").split(",") if name.strip()]
    if given["plot"]:
        names.append(given["plot"])
    if given["group_by"]:
        view = grouped(found, given["group_by"], given["aggregates"])
    elif given["aggregates"]:
        raise InputError("--agg says what to make of groups", hint="Name --group-by PROPERTY.")
    else:
        kind = kind_named(found.resource)
        # A list of these kinds is what Describe says; of jobs it is less.
        usual = kind.columns if kind and kind.describe_member else ()
        view = listed(found, [name.strip() for name in names], usual)
    if given["save"]:
        from sagectl.render.files import save_rows

        count = save_rows(given["save"], cells(view))
        app.say(f"{count} rows saved to {given['save']}.")
    elif given["plot"]:
        is_grouped = bool(given["group_by"])
        read = _of_groups(view, given["plot"]) if is_grouped else found.reader(given["plot"])
        _plot(app, view, given["plot"], read)
    else:
        app.show(view)


def _of_groups(view: Listing, name: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function from a group to its value in the column ``name``."""
    titles = [column.title for column in view.columns[1:]]
    if name not in titles:
        raise InputError(
            f"--plot: groups have no {name!r}", hint=f"They have {', '.join(titles)}."
        )
    return lambda row: row[name]


def _plot(
    app: App, view: Listing, name: str, number: Callable[[Mapping[str, Any]], Any]
) -> None:
    from sagectl.render.columns import reader
    from sagectl.render.plot import bars

    label = reader(view.columns[0])
    pairs = ((label(row), numeric(number(row))) for row in view.rows)
    numbers = [(word, value) for word, value in pairs if value is not None]
    if not numbers:
        raise InputError(f"--plot: no result has a number in {name}")
    app.stdout.writelines(f"{line}\n" for line in bars(numbers, app.console.width))
