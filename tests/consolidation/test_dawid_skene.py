"""Dawid and Skene's estimate, against their own paper and workers of known skill."""

from __future__ import annotations

import numpy as np
import pytest

from sagectl.consolidation.dawid_skene import Estimate, Prior, estimate
from tests.consolidation import anaesthetists

FLAT = Prior()


@pytest.fixture(scope="module")
def published() -> Estimate:
    return estimate(
        anaesthetists.OBJECTS,
        anaesthetists.WORKERS,
        anaesthetists.ANSWERS,
        classes=4,
        prior=FLAT,
    )


def test_the_marginals_are_those_of_the_paper(published: Estimate) -> None:
    assert np.round(published.marginals, 2).tolist() == [0.40, 0.42, 0.11, 0.07]


def test_the_first_observers_error_rates_are_those_of_the_paper(published: Estimate) -> None:
    assert np.round(published.error_rates[0], 2).tolist() == [
        [0.89, 0.11, 0.00, 0.00],
        [0.07, 0.88, 0.05, 0.00],
        [0.00, 0.34, 0.66, 0.00],
        [0.00, 0.00, 0.56, 0.44],
    ]


def by_the_equations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marginals, error rates and posteriors, as the equations of the paper give them."""
    counts = np.zeros((len(anaesthetists.TABLE), 5, 4))
    for at in zip(
        anaesthetists.OBJECTS, anaesthetists.WORKERS, anaesthetists.ANSWERS, strict=True
    ):
        counts[at] += 1
    posterior = counts.sum(axis=1) / counts.sum(axis=(1, 2))[:, None]  # (3.1)
    for _ in range(2000):
        marginals = posterior.mean(axis=0)  # (2.4)
        said = np.einsum("ij,ikl->kjl", posterior, counts)
        rates = said / said.sum(axis=2, keepdims=True)  # (2.3)
        likely = marginals * np.prod(rates[None] ** counts[:, :, None], axis=(1, 3))
        posterior = likely / likely.sum(axis=1, keepdims=True)  # (2.5)
    return marginals, rates, posterior


def test_it_is_what_the_equations_converge_to(published: Estimate) -> None:
    marginals, rates, posterior = by_the_equations()
    assert np.allclose(published.marginals, marginals, atol=1e-4)
    assert np.allclose(published.error_rates, rates, atol=1e-4)
    assert np.allclose(published.posterior, posterior, atol=1e-4)


def simulated(
    objects: int, skills: list[float], classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Truth, and each worker's answer to each object: right with the worker's skill."""
    random = np.random.default_rng(seed)
    truth = random.integers(classes, size=objects)
    wrong = (truth[:, None] + random.integers(1, classes, (objects, len(skills)))) % classes
    is_right = random.random((objects, len(skills))) < np.array(skills)
    answers = np.where(is_right, truth[:, None], wrong)
    rows = np.repeat(np.arange(objects), len(skills))
    workers = np.tile(np.arange(len(skills)), objects)
    return truth, rows, workers, answers.ravel()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_learns_whom_to_trust(seed: int) -> None:
    skills = [0.95, 0.9, 0.4, 0.35, 0.3]
    truth, objects, workers, answers = simulated(2000, skills, 4, seed)
    found = estimate(objects, workers, answers, classes=4)
    votes = np.stack([np.bincount(row, minlength=4) for row in answers.reshape(-1, 5)])
    by_vote = (votes.argmax(axis=1) == truth).mean()
    by_estimate = (found.posterior.argmax(axis=1) == truth).mean()
    assert by_estimate > by_vote + 0.05
    measured = found.error_rates.diagonal(axis1=1, axis2=2).mean(axis=1)
    assert np.allclose(measured, skills, atol=0.06)


def test_its_confidence_is_calibrated() -> None:
    truth, objects, workers, answers = simulated(5000, [0.9, 0.8, 0.8, 0.7, 0.7], 3, 7)
    found = estimate(objects, workers, answers, classes=3).posterior
    right = (found.argmax(axis=1) == truth).mean()
    assert found.max(axis=1).mean() == pytest.approx(right, abs=0.02)


def test_the_order_of_answers_does_not_matter() -> None:
    _, objects, workers, answers = simulated(200, [0.9, 0.8, 0.6], 3, 5)
    order = np.random.default_rng(0).permutation(len(answers))
    one = estimate(objects, workers, answers, classes=3).posterior
    other = estimate(objects[order], workers[order], answers[order], classes=3).posterior
    assert np.allclose(one, other, atol=1e-6)


def test_a_handful_of_answers_is_no_proof_of_anything() -> None:
    found = estimate([0, 0, 0, 1, 1, 1], [0, 1, 2] * 2, [0, 0, 1, 1, 1, 1], classes=2)
    assert found.posterior.argmax(axis=1).tolist() == [0, 1]
    assert 0.5 < found.posterior[0, 0] < 1


def test_objects_without_answers_get_the_marginals() -> None:
    found = estimate([0, 2], [0, 0], [0, 0], classes=2)
    assert np.allclose(found.posterior[1], found.marginals)
