"""What is going on, on stderr: live, a line per change, JSON, or nothing."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from sagectl.plan.change import Action
from sagectl.plan.events import (
    INTERRUPTED,
    Checked,
    Done,
    Failed,
    Planned,
    Skipped,
    Started,
    StatusSeen,
    Uploaded,
)
from sagectl.render.columns import brief
from sagectl.render.outcome_view import MANY, PAST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sagectl.plan.events import Event
    from sagectl.render.console import Console

_BAR_WIDTH = 40


def progress(console: Console, total: int = 0) -> AbstractContextManager[Progress]:
    """An observer of plans, waits and compilations, in the way the settings ask for.

    Use it as a context; call it with events, or let a compilation use its stages. Of
    ``total`` changes to come a terminal shows a bar if they are many.
    """
    mode = console.settings.progress
    if console.settings.quiet:
        mode = "none"
    elif mode == "auto":
        is_live = console.is_error_terminal and console.environ.get("TERM") != "dumb"
        mode = "tty" if is_live else "plain"
    if mode == "tty" and total > MANY:
        return Bar(console, total)
    return MODES[mode](console)


class Progress:
    """Says nothing; the ways that say something build on it."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def __call__(self, event: Event, /) -> None:
        """Hear of something that happened to a plan or a resource."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage of a compilation is under way."""
        begin = monotonic()
        self.begun(name)
        yield
        self.ended(name, monotonic() - begin)

    def begun(self, name: str) -> None:
        """A stage begins."""

    def ended(self, name: str, seconds: float) -> None:
        """A stage has ended well."""

    def warn(self, message: str) -> None:
        """A remark of the compiler."""
        self.line(f"{self.console.style_error('warning:', 'warning')} {message}")

    def line(self, text: str) -> None:
        """Write one line that stays."""
        self.console.stderr.write(f"{text}\n")
        self.console.stderr.flush()


class Plain(Progress):
    """One line for every change of state."""

    def __call__(self, event: Event, /) -> None:
        if text := event_line(event, self.console):
            self.line(text)

    def ended(self, name: str, seconds: float) -> None:
        self.line(f"{name:<9} {duration(seconds)}")


class JsonLines(Progress):
    """One JSON object for every event."""

    def __call__(self, event: Event, /) -> None:
        self._put(event_dict(event))

    def begun(self, name: str) -> None:
        self._put({"event": "stage", "stage": name, "state": "begun"})

    def ended(self, name: str, seconds: float) -> None:
        done = {"event": "stage", "stage": name, "state": "done", "seconds": round(seconds, 3)}
        self._put(done)

    def warn(self, message: str) -> None:
        self._put({"event": "warning", "message": message})

    def _put(self, value: Mapping[str, Any]) -> None:
        import json

        self.line(json.dumps(value, default=str, ensure_ascii=False))


class Live(Progress):
    """What is under way turns at the bottom of the terminal, what is done stands above it."""

    is_transient = True

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._active: dict[str, tuple[str, float]] = {}
        self._rich: Any = None
        self._live: Any = None

    def __enter__(self) -> Live:
        from rich.live import Live as RichLive

        self._rich = self.console.rich(error=True)
        self._live = RichLive(
            console=self._rich,
            get_renderable=self._view,
            transient=self.is_transient,
            refresh_per_second=8,
        )
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event, /) -> None:
        label = _label(event)
        if isinstance(event, Started):
            self._active[label] = ("", monotonic())
            return
        if isinstance(event, StatusSeen) and not event.is_final:
            doing = f"{event.status} {event.stage or ''}".strip()
            self._active[label] = (doing, monotonic() - event.elapsed_seconds)
            return
        if not isinstance(event, Uploaded):
            self._active.pop(label, None)
        if text := event_line(event, self.console):
            self.line(text)

    def begun(self, name: str) -> None:
        self._active[name] = ("", monotonic())

    def ended(self, name: str, seconds: float) -> None:
        self._active.pop(name, None)
        done = self.console.style_error("✓", "good")
        self.line(f"{done} {name:<9} {duration(seconds)}")

    def line(self, text: str) -> None:
        from rich.text import Text

        self._rich.print(Text.from_ansi(text), soft_wrap=True)

    def _view(self) -> Any:
        from rich.spinner import Spinner
        from rich.table import Table

        grid = Table.grid(padding=(0, 1))
        # The spinner's phase is its time, so that one made anew for each frame still turns.
        for label, (doing, begin) in tuple(self._active.items()):
            spinner = Spinner("dots")
            spinner.start_time = 0.0
            grid.add_row(spinner, label, doing, duration(monotonic() - begin))
        return grid


class Bar(Live):
    """Many changes as one bar; what went wrong stands above it, what went well is counted."""

    def __init__(self, console: Console, total: int) -> None:
        super().__init__(console)
        self._total = total
        self._ended = 0
        self._begin = monotonic()

    def __call__(self, event: Event, /) -> None:
        self._ended += isinstance(event, Done | Failed | Skipped)
        if isinstance(event, Done):
            self._active.pop(_label(event), None)
        elif not isinstance(event, Uploaded):
            super().__call__(event)

    def _view(self) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        rate = self._ended / max(monotonic() - self._begin, 0.001)
        left = duration((self._total - self._ended) / rate) if self._ended else "?"
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(self._total, self._ended, width=_BAR_WIDTH)
        grid.add_row(bar, f"{self._ended}/{self._total}", f"{rate:.0f}/s", f"{left} left")
        return grid


MODES: Mapping[str, Callable[[Console], Progress]] = {
    "tty": Live,
    "plain": Plain,
    "json": JsonLines,
    "none": Progress,
}


def event_line(event: Event, console: Console) -> str | None:
    """``event`` as a line, or None if it is not worth one."""
    match event:
        case Done(change=change):
            mark = console.style_error(change.action.value, "good")
            return f"{mark} {change.label} {PAST[change.action]}"
        case Failed(change=change, error=error):
            mark = console.style_error("!", "bad")
            hint = f"\n  hint: {error.hint}" if error.hint else ""
            return f"{mark} {change.label} failed: {error}{hint}"
        case Skipped(change=change, because=because) if because != INTERRUPTED:
            return f"{console.style_error('-', 'busy')} {change.label} skipped: {because}"
        case Uploaded(uri=uri, was_there=False):
            return f"{console.style_error('^', 'good')} {brief(uri)} uploaded"
        case StatusSeen(label=label, status=status, stage=stage):
            doing = f"{console.style_error(status, console.status(status))} {stage or ''}"
            reason = f": {event.reason}" if event.reason else ""
            seconds = duration(event.elapsed_seconds)
            return f"  {label} {doing.strip()} after {seconds}{reason}"
    return None


def event_dict(event: Event) -> dict[str, Any]:
    """``event`` for a program."""
    known: dict[str, Any] = {"event": type(event).__name__.lower(), "label": _label(event)}
    match event:
        case Checked(documents=documents):
            known |= {"documents": len(documents)}
        case Planned(plan=plan):
            known |= {action.name.lower(): plan.number_of(action) for action in Action}
        case StatusSeen():
            known["event"] = "status"
            known |= {"status": event.status, "stage": event.stage, "reason": event.reason}
            known |= {"seconds": round(event.elapsed_seconds, 3), "final": event.is_final}
        case Failed(error=error):
            known |= {"action": event.change.action.name.lower(), "error": str(error)}
        case Skipped(because=because):
            known |= {"because": because}
        case Uploaded(uri=uri, was_there=was_there):
            known |= {"uri": uri, "was_there": was_there}
        case _:
            known["action"] = event.change.action.name.lower()
    return {key: value for key, value in known.items() if value not in (None, "")}


def duration(seconds: float) -> str:
    """``0.4s``, ``12s``, ``3m 5s``, ``2h 1m``."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    return f"{whole // 3600}h {whole % 3600 // 60}m"


def _label(event: Event) -> str:
    match event:
        case StatusSeen(label=label):
            return label
        case Checked() | Planned():
            return ""
    return event.change.label
