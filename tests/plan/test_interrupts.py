"""Interrupts: the first signal is a question answered, the second acts as ever."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from sagectl.plan.interrupts import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_the_first_signal_is_only_noted(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interrupts() as stops:
        assert not stops()
        os.kill(os.getpid(), number)
        assert stops()
    assert signal.getsignal(number) == before


def test_the_second_ctrl_c_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts():  # noqa: PT012 - the second one raises
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_nothing_is_touched() -> None:
    answers: list[bool] = []

    def ask() -> None:
        with interrupts() as stops:
            answers.append(stops())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [False]
