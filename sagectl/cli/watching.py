"""Who is told of what happens: the progress on stderr, and whoever else listens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from sagectl.app import App
    from sagectl.plan.events import Event, Observer
    from sagectl.render.progress import Progress


def watched(app: App, total: int = 0) -> AbstractContextManager[Observer]:
    """An observer that shows progress, of ``total`` changes, and tells ``app``'s listeners."""
    from sagectl.render.progress import progress

    return _heard(app, progress(app.console, total))


def awaited(app: App, labels: Sequence[str]) -> AbstractContextManager[Observer]:
    """An observer that shows how a wait for ``labels`` goes, and tells ``app``'s listeners."""
    from sagectl.render.waiting_view import waiting

    return _heard(app, waiting(app.console, labels))


@contextmanager
def _heard(app: App, shown: AbstractContextManager[Progress]) -> Iterator[Observer]:
    with shown as show:

        def tell(event: Event) -> None:
            show(event)
            app.tell(event)

        yield tell if app.listeners else show
