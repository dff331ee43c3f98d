"""Who is right, and who tends to be: maximum likelihood by expectation and maximisation.

Source: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates
Using the EM Algorithm", Applied Statistics 28 (1979), 20-28.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.intp]


class Prior(NamedTuple):
    """Answers supposed beforehand, for each worker and true class, as pseudo-counts.

    ``right`` and ``wrong`` keep a worker of few answers from being taken for flawless.
    """

    right: float = 0.0
    wrong: float = 0.0


# Workers are supposed to be right rather than wrong, which a handful of answers outweighs.
CAUTIOUS = Prior(right=1.0, wrong=0.1)


class Estimate(NamedTuple):
    """What the answers make likely.

    ``posterior`` is (objects, classes), ``marginals`` (classes,), ``error_rates`` (workers,
    true class, answered class). ``rounds`` is how many it took.
    """

    posterior: Floats
    marginals: Floats
    error_rates: Floats
    rounds: int


def estimate(
    objects: Sequence[int] | Counts,
    workers: Sequence[int] | Counts,
    answers: Sequence[int] | Counts,
    *,
    classes: int,
    prior: Prior = CAUTIOUS,
    max_rounds: int = 200,
    tolerance: float = 1e-7,
) -> Estimate:
    """The likely classes of objects, given triples of object, worker and answer (from 0).

    An object that nobody answered gets the marginals. Ends when a round changes the
    log-likelihood of an answer by no more than ``tolerance``, or after ``max_rounds``.
    """
    import numpy as np

    data = _Answers(np.asarray(objects), np.asarray(workers), np.asarray(answers), classes)
    posterior = data.votes()
    likelihood, gain, rounds = -np.inf, np.inf, 0
    while rounds < max_rounds and abs(gain) > tolerance * data.size:
        marginals, error_rates = data.maximised(posterior, prior)
        posterior, found = data.expected(marginals, error_rates)
        gain, likelihood, rounds = found - likelihood, found, rounds + 1
    return Estimate(posterior, marginals, error_rates, rounds)


class _Answers:
    """The triples, sorted by object, and the two steps over them."""

    def __init__(self, objects: Any, workers: Any, answers: Any, classes: int) -> None:
        import numpy as np

        order = np.argsort(objects, kind="stable")
        self.objects = objects[order].astype(np.intp)
        self.workers = workers[order].astype(np.intp)
        self.answers = answers[order].astype(np.intp)
        self.size = len(order)
        self.classes = classes
        self.object_count = int(self.objects[-1]) + 1 if self.size else 0
        self.worker_count = int(self.workers.max()) + 1 if self.size else 0
        self._starts = np.flatnonzero(np.diff(self.objects, prepend=-1))
        self._answered = self.objects[self._starts]
        self._cells = self.workers * classes + self.answers

    def votes(self) -> Floats:
        """The share of answers that each class of an object got."""
        import numpy as np

        cells = self.objects * self.classes + self.answers
        counts = np.bincount(cells, minlength=self.object_count * self.classes)
        return _shares(counts.reshape(self.object_count, self.classes), self.classes)

    def maximised(self, posterior: Floats, prior: Prior) -> tuple[Floats, Floats]:
        """Marginals and error rates under which ``posterior`` is likeliest."""
        import numpy as np

        count, cells = self.classes, self.worker_count * self.classes
        weights = posterior[self.objects]
        # By worker, answer and true class at first; the true class belongs in the middle.
        columns = [np.bincount(self._cells, weights[:, true], cells) for true in range(count)]
        counted = np.stack(columns, axis=1).reshape(self.worker_count, count, count)
        rates: Any = counted.transpose(0, 2, 1) + prior.wrong
        rates[:, range(count), range(count)] += prior.right - prior.wrong
        return posterior[self._answered].mean(axis=0), _shares(rates, count)

    def expected(self, marginals: Floats, error_rates: Floats) -> tuple[Floats, float]:
        """The posterior of every object, and the log-likelihood of all answers."""
        import numpy as np

        with np.errstate(divide="ignore"):
            logs, base = np.log(error_rates), np.log(marginals)
        joint = np.tile(base, (self.object_count, 1))
        terms = logs[self.workers, :, self.answers]
        joint[self._answered] += np.add.reduceat(terms, self._starts, axis=0)
        peak = joint.max(axis=1, keepdims=True)
        peak[~np.isfinite(peak)] = 0.0
        scaled = np.exp(joint - peak)
        totals = scaled.sum(axis=1, keepdims=True)
        likelihood = (np.log(totals) + peak)[self._answered].sum()
        found: Floats = scaled / totals
        return found, float(likelihood)


def _shares(counts: Any, classes: int) -> Floats:
    """``counts`` as shares of their last axis; even ones where nothing was counted."""
    import numpy as np

    totals = counts.sum(axis=-1, keepdims=True)
    shares: Floats = np.full(counts.shape, 1 / classes)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares
