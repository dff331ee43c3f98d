"""Ctrl-C and SIGTERM, as a question that running work asks now and then."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether the user wants to stop.

    The first signal is only noted, so that what is under way can end; the second one acts as
    it would without us. Outside the main thread, where Python delivers no signals, the answer
    is always no.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    former: dict[int, Any] = {}

    def note(received_number: int, _: Any) -> None:
        received.append(received_number)
        signal.signal(received_number, former[received_number])

    for number in _SIGNALS:
        former[number] = signal.signal(number, note)
    try:
        yield lambda: bool(received)
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
