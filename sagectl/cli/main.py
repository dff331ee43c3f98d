"""The entry point, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys

TYPE_CHECKING = False  # not typing's: what is imported here comes before Ctrl-C is caught
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import click

    from sagectl.cli.options import Invocation
    from sagectl.errors import InputError, SagectlError

# Name -> (where the command is, what --help says of it), in the order of use.
COMMANDS = {
    "init": ("sagectl.cli.starting:init", "Write a folder to start from."),
    "apply": ("sagectl.cli.manifests:apply", "Create and update what manifests describe."),
    "diff": ("sagectl.cli.manifests:diff", "Show what apply would change."),
    "validate": ("sagectl.cli.manifests:validate", "Check manifests without calling anything."),
    "delete": (
        "sagectl.cli.manifests:delete",
        "Delete what manifests describe, or what is named.",
    ),
    "export": (
        "sagectl.cli.exporting:export",
        "Write live resources as manifests that apply back with no difference.",
    ),
    "explain": ("sagectl.cli.explaining:explain", "Explain a kind of manifest, or a field."),
    "schema": ("sagectl.cli.explaining:schema", "Print the JSON Schema of manifests."),
    "wait": ("sagectl.cli.manifests:wait", "Wait for resources to be as wanted."),
    "compile": ("sagectl.cli.compile:compile_", "Compile models, here or as jobs."),
    "workforce": ("sagectl.cli.workforce:workforce", "Manage who may label in a region."),
    "workteam": ("sagectl.cli.workteam:workteam", "Manage the teams of people who label."),
    "labeling": ("sagectl.cli.labeling:labeling", "Manage labeling jobs."),
    "search": ("sagectl.cli.search:search", "Find resources by what they are."),
    "tag": ("sagectl.cli.tag:tag", "Manage the tags of resources."),
    "local": ("sagectl.cli.local:local", "Look after the embedded control plane."),
    "doctor": ("sagectl.cli.doctor:doctor", "Show what this machine can build and run."),
    "config": ("sagectl.cli.config:config", "Show the settings in force."),
    "help": ("sagectl.cli.helping:help_", "Explain a topic, or a command."),
    "completion": ("sagectl.cli.completion:completion", "Print a shell completion script."),
}
COMPLETE = "_SAGECTL_COMPLETE"
UNUSABLE, INTERRUPTED, BUG, PIPE_CLOSED = 3, 130, 70, 141


def version() -> str:
    from sagectl import __version__

    return f"sagectl {__version__}"


def run() -> None:
    """The console script: ``main`` in a process of its own."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{version()}\n")
        return
    # A closed stream is None, and a terminal of another encoding lacks letters.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    try:
        code = _started()
    except KeyboardInterrupt:  # before there was anything to interrupt
        code = INTERRUPTED
    except OSError as error:  # not even the failure can be told
        code = PIPE_CLOSED if isinstance(error, BrokenPipeError) else UNUSABLE
    # The interpreter would now take itself apart, which the system does faster.
    os._exit(code)


def _started() -> int:
    import gc

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # What start-up makes stays until the end: looking for garbage in it only takes time.
    gc.disable()
    importlib.import_module("sagectl.cli.root")
    gc.freeze()
    gc.enable()
    code = main()
    sys.stderr.flush()
    return code


def main(args: list[str] | None = None, **extra: Any) -> int:
    """Run ``sagectl ARGS`` and return its exit code; ``extra`` goes to click's context."""
    import click

    from sagectl.cli.options import Invocation
    from sagectl.errors import SagectlError

    args = sys.argv[1:] if args is None else args
    invocation = Invocation()
    try:
        return _outcome(args, invocation, extra)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _report(_usage(error), invocation, args)
    except SagectlError as error:
        return _report(error, invocation, args)
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return PIPE_CLOSED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _crashed(error, args, invocation)
        _drop_output()
        return _report(_full(error), invocation, args)
    except Exception as error:
        return _crashed(error, args, invocation)


def _outcome(args: list[str], invocation: Invocation, extra: dict[str, Any]) -> int:
    from click.exceptions import Exit

    from sagectl.cli.root import cli

    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        if instruction.startswith("powershell"):
            importlib.import_module("sagectl.cli.powershell")
        return shell_complete(cli, {"obj": invocation}, "sagectl", COMPLETE, instruction)
    try:
        with cli.make_context("sagectl", list(args), obj=invocation, **extra) as ctx:
            answer = cli.invoke(ctx)
    except Exit as leaving:
        answer = leaving.exit_code
    finally:
        invocation.close()
    sys.stdout.flush()
    return answer if isinstance(answer, int) else 0


def _drop_output() -> None:
    """Let what is still to be written go nowhere: to fail again at exit would only be noise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _full(error: OSError) -> SagectlError:
    from sagectl.errors import StateError

    where = error.filename or "the output"
    return StateError(f"{where}: no space left", hint="Free some space, then try again.")


def _report(error: SagectlError, invocation: Invocation, args: Sequence[str]) -> int:
    invocation.console(args).problem(error)
    if "--debug" in args:
        import traceback

        traceback.print_exception(error)
    return error.exit_code


def _usage(error: click.ClickException) -> InputError:
    """Click's complaint about the command line, as one of ours."""
    from sagectl.errors import InputError

    ctx = getattr(error, "ctx", None)
    hint = f"See {ctx.command_path} --help." if ctx else None
    return InputError(error.format_message().rstrip("."), hint=hint)


def _crashed(error: Exception, args: Sequence[str], invocation: Invocation) -> int:
    from sagectl.cli.crash import write_log

    log = write_log(error, args, invocation.home)
    sys.stderr.write(f"sagectl: a bug: {type(error).__name__}; {log}\n")
    if "--debug" in args:
        import traceback

        traceback.print_exception(error)
    return BUG
