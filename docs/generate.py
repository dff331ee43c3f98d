"""Write the pages and pictures of docs/ that describe code, from that code.

python docs/generate.py           write the pages
python docs/generate.py --check   exit 1 if a page is out of date
"""

from __future__ import annotations

import re
import sys
import textwrap
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pictures import PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCS = Path(__file__).parent
COLUMNS = 88


def commands() -> str:
    """Every command, its help and its own options."""
    from sagectl.cli.options import GLOBAL_OPTIONS
    from sagectl.cli.root import cli

    parts = ["# Commands", "", "`sagectl COMMAND --help` shows the same.", ""]
    root = context(cli, "sagectl")
    shared = {id(option) for option in GLOBAL_OPTIONS}
    for ctx in walked(root):
        parts += [f"## {ctx.command_path}", "", *described(ctx, shared)]
    parts += ["## Global options", "", "They are accepted before and after the command.", ""]
    parts += option_table(root, GLOBAL_OPTIONS)
    return "\n".join(parts)


def context(command: click.Command, name: str, parent: click.Context | None = None):
    return click.Context(command, info_name=name, parent=parent, max_content_width=COLUMNS)


def walked(ctx: click.Context) -> Iterator[click.Context]:
    """Every visible command below ``ctx``, groups before their commands."""
    group = ctx.command
    if not isinstance(group, click.Group):
        return
    # One group has a command for every resource there is, whatever it is called.
    for name in (*group.list_commands(ctx), "RESOURCE"):
        command = group.get_command(ctx, name)
        if command is None or command.hidden:
            continue
        inner = context(command, name, ctx)
        yield inner
        yield from walked(inner)


def described(ctx: click.Context, shared: set[int]) -> list[str]:
    command = ctx.command
    usage = " ".join(command.collect_usage_pieces(ctx))
    parts = ["```text", f"{ctx.command_path} {usage}", "```", "", *prose(command.help or "")]
    own = [option for option in command.get_params(ctx) if id(option) not in shared]
    return [*parts, *option_table(ctx, own)]


def prose(text: str) -> list[str]:
    """A help text as Markdown: paragraphs, and what stands after ``\\b`` as it stands."""
    parts: list[str] = []
    for paragraph in text.replace("\r", "").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line.strip()]
        if lines and lines[0].strip() == "\b":
            parts += ["```sh", *(line.strip() for line in lines[2:]), "```", ""]
        elif lines:
            parts += [" ".join(line.strip() for line in lines), ""]
    return parts


def option_table(ctx: click.Context, params: Iterable[click.Parameter]) -> list[str]:
    records = [param.get_help_record(ctx) for param in params]
    rows = [[f"`{names}`", text] for names, text in filter(None, records)]
    return [*table(["option", "meaning"], rows), ""] if rows else []


def kinds() -> str:
    """The kinds of manifests, and how each field of them is treated."""
    from sagectl.catalog.kinds import KINDS

    parts = [
        "# Kinds",
        "",
        "What a manifest can describe, and what the fields of each allow.",
        "",
    ]
    for kind in KINDS.values():
        facts = {
            "command line": f"`{kind.word}/NAME`, `sagectl {kind.group}`",
            "operations": ", ".join(
                f"`{name}`"
                for name in (
                    kind.create,
                    kind.describe,
                    kind.list,
                    kind.update,
                    kind.stop,
                    kind.delete,
                )
                if name
            ),
            "can be changed": codes(kind.mutable) or "nothing: it is made anew",
            "references": ", ".join(
                f"`{path}` to a {target}" for path, target in kind.references.items()
            ),
            "takes `{upload: PATH}`": codes(kind.uploads),
            "JSON text, writable as YAML": codes(kind.json_text),
            "order does not matter": codes(kind.unordered),
            "never shown": codes(kind.secrets),
            "ends in": codes(sorted(kind.statuses.final)) if kind.statuses else "",
        }
        rows = [[name, text] for name, text in facts.items() if text]
        parts += [f"## {kind.name}", "", *table(["", ""], rows), ""]
    return "\n".join(parts)


def rules() -> str:
    """The rules that the shapes of the API cannot express."""
    from sagectl.schema.rules import RULES, rules_of

    parts = [
        "# Rules",
        "",
        "What is checked beyond the API's shapes. A finding carries the rule's identifier.",
        "",
    ]
    seen: set[str] = set()
    rows: list[list[str]] = []
    for operation in RULES:
        for rule in rules_of(operation):
            if rule.id not in seen:
                seen.add(rule.id)
                weight = "warning" if rule.severity.value == "warning" else "error"
                rows.append([f"`{rule.id}`", rule.sentence, weight, rule.source])
    return "\n".join([*parts, *table(["rule", "what it asks", "weight", "source"], rows), ""])


def targets() -> str:
    """The compilation targets: served, or refused with the reason."""
    from sagectl.compiler.targets import rows

    shown = [[cell(value) for value in row.values()] for row in rows()]
    heading = [name.replace("_", " ") for name in rows()[0]]
    parts = ["# Targets", "", "What `sagectl compile` builds for, and why it does not.", ""]
    return "\n".join([*parts, *table(heading, shown), ""])


def frameworks() -> str:
    """What models are read: their files, what reads them, and what is known of each."""
    from sagectl.compiler.frontends import BY_WAY_OF_ONNX, FRONTENDS
    from sagectl.compiler.frontends.archive import MODEL_SUFFIXES
    from sagectl.compiler.frontends.extras import EXTRAS

    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    wishes = project["project"]["optional-dependencies"]
    rows = []
    for name in sorted(FRONTENDS):
        extra = EXTRAS.get(name, ("", ()))[0]
        asked = [wish for wish in wishes.get(extra, ()) if "!=" not in wish]
        libraries = [wish.partition(";")[0] for wish in asked]
        way = "ONNX" if name in BY_WAY_OF_ONNX else "itself"
        rows.append(
            [
                f"`{name}`",
                codes(MODEL_SUFFIXES[name]),
                f"`pip install 'sagectl[{extra}]'`" if extra else "nothing more",
                codes(libraries),
                way,
            ]
        )
    heading = ["framework", "files", "install", "versions", "read by way of"]
    parts = [
        "# Frameworks",
        "",
        "The frameworks whose models compile. A `tar.gz` with one model in it does as well as",
        "the file. Where a library is missing, one line says how to install it; XGBoost's and",
        "LightGBM's are what packages are compared with, and not needed to read their models.",
        "",
        *table(heading, rows),
        "",
        "What is not in these lists is refused before anything is compiled, by name.",
        "",
    ]
    for title, module, member in KNOWN:
        known = getattr(import_module(f"sagectl.compiler.frontends.{module}"), member)
        parts += [f"## {title}", "", codes(sorted(known)), ""]
    return "\n".join(parts)


# Heading -> the table of a frontend whose names are all that it knows.
KNOWN = (
    ("Darknet's layers", "darknet.layers", "LAYERS"),
    ("Darknet's activations", "darknet.activations", "ACTIVATIONS"),
    ("MXNet's operators", "mxnet.operators", "OPERATORS"),
    ("XGBoost's objectives", "xgboost.objectives", "OBJECTIVES"),
    ("scikit-learn's transformers", "sklearn.tables", "TRANSFORMERS"),
    ("scikit-learn's estimators", "sklearn.tables", "ESTIMATORS"),
)


def operators() -> str:
    """What ONNX's own tests say of each operator, in the types that they try."""
    from sagectl.compiler.frontends.onnx.gate import table as tested

    rows = []
    for name, forms in sorted(tested().items()):
        versions = sorted({row.form.version for row in forms})
        right = {row.form.dtype for row in forms if row.is_right}
        refused = {row.form.dtype for row in forms if not row.is_right} - right
        rows.append(
            [
                f"`{name}`",
                ", ".join(map(str, versions)),
                codes(sorted(filter(None, right))),
                codes(sorted(filter(None, refused))),
                f"{sum(row.passed for row in forms)} of {sum(sum(row[1:]) for row in forms)}",
            ]
        )
    parts = [
        "# Operators",
        "",
        "ONNX's operators as its backend suite tries them one at a time: by the type of the",
        "first input, those that are right and those that are refused. What no test covers is",
        "compiled and must be verified; `sagectl compile check` tells it of a model.",
        "",
        *table(["operator", "as of version", "right", "refused", "tests passed"], rows),
        "",
    ]
    return "\n".join(parts)


def exit_codes() -> str:
    """What the exit code of a command means."""
    from sagectl.errors import EXIT_CODES

    rows = [[str(code), meaning] for code, meaning in EXIT_CODES.items()]
    return "\n".join(["# Exit codes", "", *table(["code", "meaning"], rows), ""])


def faults() -> str:
    """What the control plane answers instead of a result."""
    import inspect

    from sagectl.controlplane import faults as module
    from sagectl.controlplane.wire import serialization

    made = {}
    for function in (*module.FAULTS.values(), serialization):
        (code,) = re.findall(
            r'"(\w+(?:Exception|InUse|Exceeded|NotFound|Failure))"', inspect.getsource(function)
        )
        made[code] = (inspect.getdoc(function) or "").partition("\n")[0]
    rows = [
        [f"`{code}`", str(status), made.get(code, "")]
        for code, status in module.STATUSES.items()
    ]
    parts = [
        "# Faults",
        "",
        "What the embedded control plane refuses with, as the service does: over HTTP as",
        "`__type`, to boto3 as the code of a ClientError, in a shell as the first word",
        "of the error, with exit code 3.",
        "",
        *table(["code", "HTTP status", "when"], rows),
        "",
        "A reason of a failed compilation is no fault; those are in",
        "[Fidelity](../explanation/fidelity.md).",
        "",
    ]
    return "\n".join(parts)


def settings() -> str:
    """Settings, and the environment variables that hold them."""
    from sagectl.settings import CHOICES, ENVIRONMENT

    rows = [
        [f"`{name}`", codes(variables), codes(CHOICES.get(name, ()))]
        for name, variables in ENVIRONMENT.items()
    ]
    parts = [
        "# Settings",
        "",
        "A flag beats the environment, the environment beats `config.toml`, and that beats the",
        "default. `SAGECTL_HOME` puts everything sagectl keeps under one directory.",
        "`sagectl config view --show-origin` tells which value is in force and why.",
        "",
        "`config.toml` has the same settings at its top. A table `[profiles.NAME]` in it holds",
        "those for `--profile NAME`, its own `profile` being the one of the AWS configuration;",
        "any other NAME is a profile of the AWS configuration.",
        "",
    ]
    heading = ["setting", "environment variables, first found wins", "values"]
    return "\n".join([*parts, *table(heading, rows), ""])


def fidelity() -> str:
    """What the embedded control plane does as the service does, and how that is known."""
    from sagectl.controlplane.failures import TEXTS
    from sagectl.controlplane.fidelity import FIDELITY, NOT_EMULATED, SOURCES

    rows = [
        [codes(row.operations.split(", ")), row.says, told(row), f"`tests/{row.tested_by}`"]
        for row in FIDELITY
    ]
    reasons = [[reason, framework, text] for (reason, framework), text in TEXTS.items()]
    parts = [
        "# Fidelity",
        "",
        "How the embedded control plane compares with SageMaker: what it does, how that is",
        "known of the service, and which test holds it to that. Where no source is known, the",
        "table says that the behaviour was decided here.",
        "",
        *table(["source", "what it is"], [[name, text] for name, text in SOURCES.items()]),
        "",
        "## Behaviour",
        "",
        *table(["operation", "behaviour", "source", "tested by"], rows),
        "",
        "## Reasons of failed compilations",
        "",
        "`FailureReason` begins with `ClientError: ` for what the request or the model is to",
        "blame for, with `ServerError: ` for what the compiler is. The texts are Neo's, as its",
        "troubleshooting page and public issues have them; for anything else it says what our",
        "compiler said.",
        "",
        *table(["reason", "framework", "text"], reasons),
        "",
        "## Not emulated",
        "",
        *(f"- {text}" for text in NOT_EMULATED),
        "",
    ]
    return "\n".join(parts)


# Module -> its public names, as they are documented.
PYTHON = {
    "sagectl": ("compile_request", "compile_model", "load", "Platform"),
    "sagectl.local": ("client", "session", "objects", "running"),
    "sagectl.schema": (
        "service_model",
        "read_documents",
        "create_request",
        "operation_request",
    ),
}


def python() -> str:
    """What may be imported, each with its signature and its docstring."""
    parts = [
        "# Python",
        "",
        "What the package promises to programs. Nothing is imported before it is asked for,",
        "and every failure on purpose is a `sagectl.errors.SagectlError` with `message` and",
        "`hint`.",
        "",
        "```python",
        "from pathlib import Path",
        "import sagectl",
        "",
        'shapes = {"image": (1, 64)}',
        'model, folder = Path("digits.onnx"), Path("out")',
        "request = sagectl.compile_request(model, output=folder, inputs=shapes)",
        "package = sagectl.compile_model(request)",
        'outputs = sagectl.load(package.path).run({"image": array})',
        "```",
        "",
        "There are fixtures for pytest as well:",
        "[Test against the local plane](../how-to/test-against-the-local-plane.md).",
        "",
    ]
    for module, names in PYTHON.items():
        parts += [f"## {module}", ""]
        for name in names:
            parts += documented(f"{module}.{name}", getattr(import_module(module), name))
    return "\n".join(parts)


def documented(name: str, value: Any) -> list[str]:
    """A name's head as it stands in the source, without its docstring, and the docstring."""
    import ast
    import inspect

    lines = textwrap.dedent(inspect.getsource(value)).splitlines()
    (node,) = ast.parse("\n".join(lines)).body
    text, *rest = node.body
    head = lines[node.lineno - 1 : text.lineno - 1]
    if isinstance(node, ast.ClassDef):
        fields = [each for each in rest if isinstance(each, ast.AnnAssign)]
        head += [lines[each.lineno - 1] for each in fields]
    prose = (inspect.getdoc(value) or "").replace("``", "`")
    return [f"### {name}", "", "```python", *head, "```", "", prose, ""]


def told(row: Any) -> str:
    return f"{row.source}: {row.detail}" if row.detail else row.source


def table(heading: list[str], rows: Iterable[list[str]]) -> list[str]:
    """A Markdown table; cells are escaped here and nowhere else."""
    lines = [heading, ["---"] * len(heading), *rows]
    return ["| " + " | ".join(escaped(text) for text in line) + " |" for line in lines]


def escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def cell(value: Any) -> str:
    if value is None or value == "" or value == {}:
        return ""
    return str(value)


PAGES = {
    "reference/commands": commands,
    "reference/kinds": kinds,
    "reference/rules": rules,
    "reference/targets": targets,
    "reference/frameworks": frameworks,
    "reference/operators": operators,
    "reference/exit-codes": exit_codes,
    "reference/faults": faults,
    "reference/settings": settings,
    "reference/python": python,
    "explanation/fidelity": fidelity,
}


def written() -> Iterator[tuple[Path, str]]:
    """Every page and picture: where it is, and what it is to be."""
    for name, page in PAGES.items():
        text = f"<!-- Written by docs/generate.py; change the code instead. -->\n\n{page()}"
        yield DOCS / f"{name}.md", text
    for name, picture in PICTURES.items():
        yield DOCS / f"{name}.svg", picture()


def main(args: list[str]) -> int:
    stale = []
    for path, text in written():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if args != ["--check"]:
            path.write_text(text, encoding="utf-8")
    if args == ["--check"] and stale:
        print(f"out of date: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
