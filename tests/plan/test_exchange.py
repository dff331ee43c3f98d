"""A change to a list that others write too."""

from __future__ import annotations

import pytest

from sagectl.errors import ServiceError
from sagectl.plan.exchange import ATTEMPTS, exchanged


class Register:
    """A list on a service; somebody else's writes follow those of the test."""

    def __init__(self, *others: tuple[str, ...], busy: int = 0) -> None:
        self.value: tuple[str, ...] = ("ann",)
        self.others = list(others)
        self.busy = busy
        self.writes = 0

    def read(self) -> tuple[str, ...]:
        return self.value

    def write(self, value: tuple[str, ...]) -> None:
        self.writes += 1
        if self.busy:
            self.busy -= 1
            raise ServiceError("ConflictException", "another change is under way")
        self.value = self.others.pop(0) if self.others else value


def with_bob(value: tuple[str, ...]) -> tuple[str, ...]:
    return value if "bob" in value else (*value, "bob")


def no_pause(_: float) -> None: ...


def test_a_change_is_written_once() -> None:
    register = Register()

    done = exchanged(register.read, with_bob, register.write, pause=no_pause)

    assert (done.before, done.after, done.writes) == (("ann",), ("ann", "bob"), 1)


def test_a_change_that_holds_already_writes_nothing() -> None:
    register = Register()
    register.value = ("bob",)

    assert exchanged(register.read, with_bob, register.write, pause=no_pause).writes == 0
    assert register.writes == 0


def test_a_change_overwritten_by_another_is_made_again_on_top_of_it() -> None:
    register = Register(("ann", "cleo"))

    done = exchanged(register.read, with_bob, register.write, pause=no_pause)

    assert done.writes == 2
    assert register.value == ("ann", "cleo", "bob")


def test_a_conflict_that_the_service_tells_of_is_tried_again() -> None:
    register = Register(busy=2)

    exchanged(register.read, with_bob, register.write, pause=no_pause)

    assert (register.value, register.writes) == (("ann", "bob"), 3)


def test_the_pauses_grow() -> None:
    register = Register(busy=3)
    pauses: list[float] = []

    exchanged(register.read, with_bob, register.write, pause=pauses.append)

    assert pauses == sorted(pauses)
    assert len(pauses) == 3


def test_a_quarrel_is_given_up() -> None:
    register = Register(*[("ann",)] * ATTEMPTS)

    with pytest.raises(ServiceError, match="somebody else"):
        exchanged(register.read, with_bob, register.write, pause=no_pause)


def test_any_other_refusal_is_raised() -> None:
    def refuse(_: tuple[str, ...]) -> None:
        raise ServiceError("ValidationException", "no")

    with pytest.raises(ServiceError, match="no"):
        exchanged(Register().read, with_bob, refuse, pause=no_pause)
