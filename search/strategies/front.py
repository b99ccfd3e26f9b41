"""The strategy `front`: costs are known before training, so that the score of an architecture is all there is to learn.

Some architectures, spread over the space, are trained for a few epochs. From these, and from all that are trained to
the end, a model predicts the score of priced architectures (see `two_levels`); the next candidate is the one by which
the hypervolume of the front is expected to grow most for the epochs that it takes (see `gain`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from search.events import Event
from search.objectives import Objective
from search.record.history import History
from search.strategies.gain import cells
from search.strategies.knowledge import Knowledge, Known, remembered
from search.strategies.pool import Pool
from search.strategies.scale import Scale
from search.strategies.strategy import Budget, Proposal
from search.strategies.two_levels import Examples, TwoLevels
from spaces import Space

Array = NDArray[np.float64]
# So many candidates are compared for a proposal, and so many outcomes used by the model: a proposal takes as long after
# a hundred thousand candidates as after a thousand.
COMPARED, REMEMBERED = 1_024, 128
# The model is used from so many outcomes on; its length scales are estimated again when they have grown by the factor.
LEAST, GROWTH = 4, 1.1


class FrontStrategy:
    """Proposes what is expected to add most to the front.

    Several scores are combined with random weights, other ones for each proposal (Knowles 2006, ParEGO). A failed
    candidate counts as scored like the worst. What is in training counts as scored as predicted, so that workers do not
    all try the same.

    Args:
        space: the space.
        objectives: what is maximised and minimised.
        design: number of candidates that are spread over the space before the model is used.
        pause: share of a whole training after which these pause; 1 trains them to the end.
        explore: share of the later proposals that are as far as possible from all earlier ones.
    """

    name = "front"

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        design: int = 16,
        pause: float = 1 / 6,
        explore: float = 0.05,
    ) -> None:
        self.space, self.design, self.pause, self.explore = space, design, pause, explore
        self.known = Knowledge(space, objectives)
        self._pool: Pool | None = None
        self._model: tuple[int, Array, TwoLevels] | None = None

    def observe(self, event: Event) -> None:
        """Take account of a draw, or of an outcome."""
        self.known.observe(event)

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The next candidate; it follows from the outcomes so far, in their order, and from the budget's seed."""
        with _threads().limit(limits=1):  # for such small matrices, waiting for other threads takes far longer
            return self._proposal(budget)

    def _proposal(self, budget: Budget) -> Proposal:
        rng = np.random.default_rng(budget.seed)
        if self._pool is None:
            self._pool = Pool(self.space, self.known.features, self.known.costs, budget)
        pool = self._pool.some(COMPARED, self.known.tried, rng)
        few = len(self._told()) < LEAST
        begins = budget.slot < self.design
        if pool.values and (few or begins or rng.random() < self.explore):
            there = chain(self.known.outcomes[-REMEMBERED:], self.known.training.values())
            chosen = pool.values[_farthest(pool.features, [known.place for known in there], rng)]
            epochs = max(1, round(budget.epochs * self.pause))
            return Proposal(chosen, fidelity=epochs if begins and epochs < budget.epochs else None)
        waiting = self.known.paused(self.design) if budget.attempt == 0 else []
        if few or not (waiting or pool.values):
            return Proposal(self.space.random_values(rng))
        places = np.concatenate([pool.features, *(known.place[None] for known in waiting)])
        costs = np.concatenate([pool.costs, *(known.costs[None] for known in waiting)])
        left = [budget.epochs] * len(pool.values) + [budget.epochs - self.known.pauses] * len(waiting)
        best = int(np.argmax(self._gains(places, costs, rng) / np.array(left)))
        if best < len(pool.values):
            return Proposal(pool.values[best])
        resumed = waiting[best - len(pool.values)]
        return Proposal(resumed.values, parent=resumed.number)

    def _told(self, count: int | None = None) -> list[Known]:
        """The candidates with a score among the first `count` outcomes."""
        return [k for k in self.known.outcomes[:count] if k.early is not None or k.scores is not None]

    def _gains(self, places: Array, costs: Array, rng: np.random.Generator) -> Array:
        """The expected gain in hypervolume of candidates of these features and costs."""
        objectives = len(self.known.scored)
        weights = rng.dirichlet(np.ones(objectives)) if objectives > 1 else np.ones(1)
        scale = self._scale(weights, None)
        model, (early, whole, known) = self._fitted(weights, scale), self._examples(scale)
        model.condition(early, whole)
        scores = scale.back(whole.y)
        if self.known.training:
            early, whole, known, scores = self._believed(model, scale, early, whole, known)
            model.condition(early, whole)
        assert self._pool is not None
        every = np.concatenate([self._pool.costs, known])
        worst = float(scale.back(np.append(early.y, whole.y)).min())
        front = cells(known, scores, every.min(0), every.max(0), worst)
        return front.expected(costs, *scale.moments(*model.predict(places)))

    def _scale(self, weights: Array, count: int | None) -> Scale:
        told = self._told(count)[-4 * REMEMBERED :]
        scores = [k.scores if k.scores is not None else np.full(len(weights), k.early or 0.0) for k in told]
        return Scale(scores, weights)

    def _examples(self, scale: Scale, count: int | None = None) -> tuple[Examples, Examples, Array]:
        """The early examples, those of whole trainings, and the costs of these, among the first `count` outcomes."""
        outcomes = self.known.outcomes[:count]
        units = {k.number: float(scale.units(k.scores[None])[0]) for k in outcomes if k.scores is not None}
        worst = min(units.values(), default=0.0)
        begun = [k for k in outcomes if k.early is not None][: 2 * REMEMBERED][-REMEMBERED:]
        done = [k for k in outcomes if k.number in units or (k.failed and not k.paused and units)]
        done = remembered(done, lambda k: units.get(k.number, worst), REMEMBERED)
        early = Examples(self._stack([k.place for k in begun]), scale.early([k.early or 0.0 for k in begun]))
        whole = Examples(self._stack([k.place for k in done]), np.array([units.get(k.number, worst) for k in done]))
        return early, whole, np.array([k.costs for k in done]).reshape(len(done), len(self.known.priced))

    def _stack(self, places: list[Array]) -> Array:
        return np.array(places, float).reshape(len(places), self.known.features.size)

    def _believed(
        self, model: TwoLevels, scale: Scale, early: Examples, whole: Examples, costs: Array
    ) -> tuple[Examples, Examples, Array, Array]:
        """The examples with those in training, as if they were scored as predicted; costs and scores of the whole."""
        begun = [k for k in self.known.training.values() if k.paused][-REMEMBERED:]
        done = [k for k in self.known.training.values() if not k.paused][-REMEMBERED:]
        if begun and len(early.y):
            places = self._stack([k.place for k in begun])
            early = Examples(np.concatenate([early.x, places]), np.append(early.y, model.predict_early(places)))
        if done:
            places = self._stack([k.place for k in done])
            whole = Examples(np.concatenate([whole.x, places]), np.append(whole.y, model.predict(places)[0]))
            costs = np.concatenate([costs, np.stack([k.costs for k in done])])
        return early, whole, costs, scale.back(whole.y)

    def _fitted(self, weights: Array, scale: Scale) -> TwoLevels:
        """The model with length scales estimated when the number of outcomes had last grown by `GROWTH`."""
        size = LEAST
        while (larger := max(size + 1, int(size * GROWTH))) <= len(self.known.outcomes):
            size = larger
        while len(self._told(size)) < LEAST:
            size += 1
        if self._model is None or self._model[0] != size or not np.array_equal(self._model[1], weights):
            model = TwoLevels(self.known.features.groups)
            early, whole, _ = self._examples(self._scale(weights, size), size)
            model.fit(early, whole)
            self._model = size, weights, model
        return self._model[2]


@cache
def _threads() -> ThreadpoolController:
    """The threads of the libraries of linear algebra."""
    return ThreadpoolController()


def _farthest(features: Array, known: Sequence[Array], rng: np.random.Generator, looked_at: int = 16) -> int:
    """Index of that one of a few random candidates which is farthest from all known ones."""
    some = rng.choice(len(features), min(looked_at, len(features)), replace=False)
    if not known:
        return int(some[0])
    distance = ((features[some][:, None] - np.stack(known)) ** 2).sum(-1).min(1)
    return int(some[np.argmax(distance)])
