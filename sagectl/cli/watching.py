"""Who is told of what happens: the progress on stderr, and whoever else listens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.app import App
    from sagectl.plan.events import Event, Observer


@contextmanager
def watched(app: App, total: int = 0) -> Iterator[Observer]:
    """An observer that shows progress, of ``total`` changes, and tells ``app``'s listeners."""
    from sagectl.render.progress import progress

    with progress(app.console, total) as shown:

        def tell(event: Event) -> None:
            shown(event)
            app.tell(event)

        yield tell if app.listeners else shown
