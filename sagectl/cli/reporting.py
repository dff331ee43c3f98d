"""``--report`` and ``--events``: what a run did, for machines that read along."""

from __future__ import annotations

from contextlib import ExitStack
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from sagectl.cli.options import invocation, takes
from sagectl.cli.writing import unwritable, write_text
from sagectl.errors import SagectlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sagectl.app import App
    from sagectl.plan.events import Event

_FORMATS = ("junit", "sarif", "github")


class _Report(click.ParamType[tuple[str, str]]):
    """``junit=FILE``, ``sarif=FILE`` or ``github``."""

    name = "report"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        form, _, file = value.partition("=")
        if form not in _FORMATS or bool(file) == (form == "github"):
            self.fail(f"{value!r} is not junit=FILE, sarif=FILE or github", param, ctx)
        return form, file


REPORT = click.Option(
    ("--report", "reports"),
    type=_Report(),
    multiple=True,
    metavar="junit=FILE|sarif=FILE|github",
    help="Also write what was found and done, for CI; repeatable.",
)
EVENTS = click.Option(
    ("--events",),
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what happens as JSON lines, while it happens.",
)


def reported(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its App, and ``--report`` and ``--events`` besides."""

    def command(*args: Any, reports: Any, events: Path | None, **kwargs: Any) -> Any:
        ctx = click.get_current_context()
        app = invocation(ctx).app
        with ExitStack() as watched:
            watched.callback(_say_calls, app)
            if reports or events is not None:
                watched.enter_context(Watch(app, str(ctx.info_name), reports, events))
            return function(app, *args, **kwargs)

    # Shown behind the command's own options: parameters are kept in reverse.
    return takes(REPORT, EVENTS)(update_wrapper(command, function))


def _say_calls(app: App) -> None:
    """With ``--verbose``, what a run took in calls over the network."""
    if app.settings.verbose and (calls := app.backend.calls):
        each = ", ".join(f"{count} {operation}" for operation, count in calls.items())
        app.say(f"{sum(calls.values())} calls: {each}")


class Watch:
    """Listens to one command, and writes its reports when it ends, however it ends."""

    def __init__(
        self, app: App, command: str, reports: tuple[tuple[str, str], ...], events: Path | None
    ) -> None:
        from sagectl.render.reports import Record

        self._app = app
        self._reports = reports
        self._record = Record(command)
        self._events = events
        self._stream: TextIO | None = None
        self._open = ExitStack()

    def __enter__(self) -> None:
        if self._events is not None:
            try:
                self._stream = self._open.enter_context(
                    self._events.open("w", encoding="utf-8")
                )
            except OSError as error:
                raise unwritable(self._events, error) from error
        self._app.listeners.append(self._hear)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._open:
            if isinstance(error, SagectlError):
                self._record.fail(error)
            self._record.warnings += self._app.warned
            code = error.exit_code if isinstance(error, SagectlError) else int(bool(error))
            calls = self._app.backend.calls
            end: dict[str, Any] = {"event": "end", "exit_code": code}
            self._put(end | ({"calls": calls} if calls else {}))
        for form, file in self._reports:
            self._write(form, file)

    def _hear(self, event: Event) -> None:
        from sagectl.render.progress import event_dict

        self._record.hear(event)
        self._put(event_dict(event))

    def _put(self, value: dict[str, Any]) -> None:
        if self._stream is not None:
            import json

            from sagectl.render.columns import exact

            line = {"time": exact(self._app.clock()), **value}
            self._stream.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
            self._stream.flush()

    def _write(self, form: str, file: str) -> None:
        from sagectl.render import reports

        if form == "github":
            self._app.stderr.write(reports.workflow_commands(self._record))
            if summary := self._app.environ.get("GITHUB_STEP_SUMMARY"):
                _append(Path(summary), reports.markdown(self._record))
            return
        text = {"junit": reports.junit, "sarif": reports.sarif}[form](self._record)
        write_text(Path(file), text)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise unwritable(path, error) from error
