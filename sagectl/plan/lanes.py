"""Lanes in which calls are under way: one in this thread, or several in threads."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sagectl.errors import SagectlError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from concurrent.futures import ThreadPoolExecutor
    from types import TracebackType

T = TypeVar("T")
_LOOK_SECONDS = 0.1  # how long an interrupt may go unnoticed while calls are under way


class Ticket(Protocol):
    """A call that was begun."""

    def result(self) -> Any:
        """Its result; raises what it raised."""
        ...


class Lanes(Protocol):
    """Begins calls, and tells which have ended."""

    def submit(self, function: Callable[[T], Any], item: T, /) -> Ticket: ...

    def ended(self, active: Collection[Ticket], /) -> Iterable[Ticket]: ...


def lanes(count: int) -> AbstractContextManager[Lanes]:
    """``count`` lanes; with one or none, calls are made where they are submitted."""
    return _Threads(count) if count > 1 else nullcontext(_Here())


class _Past:
    """A call that ended before its ticket was handed out."""

    def __init__(self, function: Callable[[T], Any], item: T) -> None:
        self._value: Any = None
        self._error: SagectlError | None = None
        try:
            self._value = function(item)
        except SagectlError as error:
            self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value


class _Here:
    def submit(self, function: Callable[[T], Any], item: T, /) -> Ticket:
        return _Past(function, item)

    def ended(self, active: Collection[Ticket], /) -> Iterable[Ticket]:
        return tuple(active)


class _Threads:
    def __init__(self, count: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool: ThreadPoolExecutor = ThreadPoolExecutor(count)

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=kind is not None)

    def submit(self, function: Callable[[T], Any], item: T, /) -> Ticket:
        return self._pool.submit(function, item)

    def ended(self, active: Collection[Any], /) -> Iterable[Ticket]:
        from concurrent.futures import FIRST_COMPLETED, wait

        return wait(active, _LOOK_SECONDS, FIRST_COMPLETED).done
