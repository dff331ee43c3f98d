"""ONNX's backend suite through the compiler, held against the table of results."""

from __future__ import annotations

import pytest

from tests.conformance.suite import kept, run_suite, summary

pytestmark = pytest.mark.conformance


def test_every_test_that_passed_still_passes() -> None:
    outcomes = run_suite()
    lost = {
        name: (outcomes[name].sagectl, outcomes[name].note)
        for name, status in kept().items()
        if status == "pass" and name in outcomes and outcomes[name].sagectl != "pass"
    }
    assert not lost, summary(outcomes)


def test_no_result_is_silently_wrong_that_was_not_before() -> None:
    before = kept()
    suspects = "|".join(f"^{name}$" for name, status in before.items() if status == "refused")
    outcomes = run_suite(suspects)
    wrong = [name for name, outcome in outcomes.items() if outcome.sagectl == "wrong"]
    assert not wrong
