"""A search of one resource: its options, its expression, and how its results are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.search_found import Found, cells, grouped, listed, numeric
from sagectl.cli.search_here import found_here, kind_named
from sagectl.cli.types import PAIR, PAUSE, Word
from sagectl.cli.verbs import Filter, checked, limit_option, paging, rows
from sagectl.errors import InputError
from sagectl.render.views import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from sagectl.app import App
    from sagectl.schema.model import ServiceModel

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


def complete_property(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem[Any]]:
    """Properties of the resource that a command is about, for an expression."""
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
        type=PAUSE,
        is_flag=False,
        flag_value="5s",
        metavar="[SECONDS]",
        help="Search again and again, until interrupted.",
    ),
)
OPTIONS = (
    click.Argument(("expression",), required=False, shell_complete=complete_property),
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


def run(app: App, resource: str, given: Mapping[str, Any]) -> None:
    """Search ``resource`` as the options ``given`` say, and show what is found."""
    require_searchable(app, resource)
    _require_drawable(app, given)
    params = search_params(app, resource, given)
    if given["explain"]:
        return _explained(app, params, is_written=bool(given["file"]))
    if given["dry_run"]:
        return app.show(Record(checked(app, "Search", params).params, "search", resource))
    while True:
        _shown(app, found_of(app, resource, params, given["limit"]), given)
        if given["watch"] is None:
            return None
        app.sleep(given["watch"])
        if app.console.is_terminal:
            click.clear()


def searchable(model: ServiceModel) -> Sequence[str]:
    """The resources that the service's Search knows."""
    return model.operation("Search").input_shape.members["Resource"].enum


def require_searchable(app: App, resource: str) -> None:
    """Raises InputError, which lists what can be searched, for what no search knows."""
    if kind_named(resource) or app.is_lenient or resource in (known := searchable(app.model)):
        return
    from sagectl.catalog.kinds import KINDS
    from sagectl.manifest.wording import did_you_mean

    meant = did_you_mean(resource, [*known, *KINDS])
    names = f"Resources are {', '.join((*known, *KINDS))}."
    raise InputError(
        f"{resource!r} is not a resource that can be searched",
        hint=" ".join(filter(None, (meant, names))),
    )


def _require_drawable(app: App, given: Mapping[str, Any]) -> None:
    """Raises InputError for --plot with what asks for another form."""
    if not given["plot"]:
        return
    settings = app.settings
    asked = {
        "--save": given["save"],
        "--query": settings.query,
        f"-o {settings.output}": settings.output not in ("table", "wide"),
    }
    if other := next((flag for flag, is_given in asked.items() if is_given), None):
        raise InputError(f"--plot draws bars, and {other} asks for rows", hint="Leave one out.")


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
    if text is not None and not text.strip():
        raise InputError(
            "the expression is empty", hint="Leave it out to find everything there is."
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
        field = kind.name_field if kind else f"{member(resource)}Name"
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


def found_of(app: App, resource: str, params: Mapping[str, Any], limit: int | None) -> Found:
    """The results of a search: the service's, or ours of a kind that it does not reach."""
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
    inside = member(resource)
    records = app.model.operation("Search").output_shape.members["Results"].member
    shape = records.members.get(inside, records)
    return Found(resource, inside, shape, results)


def member(resource: str) -> str:
    """What holds a ``resource`` in a row of the results."""
    from sagectl.controlplane import records

    return records.member(resource)


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
        from sagectl.manifest.wording import counted
        from sagectl.render.files import save_rows

        count = save_rows(given["save"], cells(view))
        app.say(f"{counted(count, 'row')} written to {given['save']}.")
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
