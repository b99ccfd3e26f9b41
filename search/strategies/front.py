"""The strategy `front`: costs are known before training, so that the score of an architecture is all there is to learn.

A Gaussian process predicts the score of thousands of priced architectures; the next candidate is the one by which the
hypervolume of the front is expected to grow most (see `gain`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from search.events import Event, Finished, Proposed, Rejected
from search.objectives import Objective
from search.outcome import Scored
from search.record.history import History
from search.strategies.features import Features
from search.strategies.gain import cells
from search.strategies.gaussian_process import GaussianProcess
from search.strategies.pool import Pool
from search.strategies.strategy import Budget, Proposal
from spaces import Space

Array = NDArray[np.float64]
# Candidates before the first that the model proposes, spread over the space; the model needs so many scores.
DESIGN, LEAST = 6, 4
# So many candidates are compared for a proposal, and so many outcomes used by the model: a proposal takes as long after
# a hundred thousand candidates as after a thousand.
COMPARED, REMEMBERED = 1_024, 128
# The length scales are estimated again when the number of outcomes has grown by this factor.
GROWTH = 1.1


class Front:
    """Proposes what is expected to add most to the front.

    Several scores are combined with random weights, other ones for each proposal (Knowles 2006, ParEGO). A failed
    candidate counts as scored like the worst. What is in training counts as scored as predicted, so that workers do not
    all try the same.

    Args:
        space: the space.
        objectives: what is maximised and minimised.
        design: number of candidates that are spread over the space before the model is used.
        explore: share of the later proposals that are as far as possible from all earlier ones.
    """

    name = "front"

    def __init__(
        self, space: Space, objectives: Sequence[Objective], design: int = DESIGN, explore: float = 0.05
    ) -> None:
        self.space, self.design, self.explore = space, design, explore
        self.priced = [objective for objective in objectives if objective.priced]
        self.scored = [objective for objective in objectives if not objective.priced]
        self.features = Features(space)
        self._pool: Pool | None = None
        # Features and cost of the candidates in training, by their number.
        self._training: dict[int, tuple[Array, Cost]] = {}
        self._outcomes: list[tuple[Array, Array, Array | None]] = []  # features, costs, scores (larger is better)
        self._tried: set[frozenset[tuple[str, object]]] = set()
        self._fitted: dict[tuple[int, tuple[float, ...]], GaussianProcess] = {}

    def observe(self, event: Event) -> None:
        """Take account of a draw, or of an outcome."""
        match event:
            case Proposed():
                self._tried.add(frozenset(event.trial.values.items()))
                cost = event.trial.cost or Cost()
                self._training[event.number] = self.features.of(event.trial.values, cost), cost
            case Rejected():
                self._tried.add(frozenset(event.trial.values.items()))
            case Finished() if event.number in self._training:
                place, priced = self._training.pop(event.number)
                scores = None
                if isinstance(event.outcome, Scored):
                    priced = event.outcome.cost or priced
                    told = [(1 if o.maximize else -1) * o.told(priced, event.outcome.scores) for o in self.scored]
                    scores = np.array(told, float)
                self._outcomes.append((place, self._costs(priced), scores))

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The next candidate; it follows from the outcomes so far, in their order, and from the budget's seed."""
        rng = np.random.default_rng(budget.seed)
        if self._pool is None:
            self._pool = Pool(self.space, self.features, self._costs, budget)
        candidates = self._pool.some(COMPARED, self._tried, rng)
        if not candidates.values:
            return Proposal(self.space.random_values(rng))
        few = (
            sum(scores is not None for _, _, scores in self._outcomes[-REMEMBERED:]) < LEAST
            or budget.slot < self.design
        )
        if few or rng.random() < self.explore:
            known = [p[0] for p in self._outcomes] + [place for place, _ in self._training.values()]
            return Proposal(candidates.values[_farthest(candidates.features, known, rng)])
        gain = self._gains(candidates.features, candidates.costs, rng)
        return Proposal(candidates.values[int(np.argmax(gain))])

    def _gains(self, features: Array, costs: Array, rng: np.random.Generator) -> Array:
        """The expected gain in hypervolume of candidates."""
        weights = rng.dirichlet(np.ones(len(self.scored))) if len(self.scored) > 1 else np.ones(1)
        x, known, y = self._examples(weights)
        model = self._model(weights)
        model.condition(x, y)
        if self._training:
            there = list(self._training.values())[-REMEMBERED:]
            x = np.concatenate([x, np.stack([place for place, _ in there])])
            known = np.concatenate([known, np.stack([self._costs(cost) for _, cost in there])])
            y = np.concatenate([y, model.predict(x[len(y) :])[0]])
            model.condition(x, y)
        mean, deviation = model.predict(features)
        lowest, highest = self._range
        return cells(known, y, lowest, highest, float(y.min())).expected(costs, mean, deviation)

    def _examples(self, weights: Array, count: int | None = None) -> tuple[Array, Array, Array]:
        """Features, costs and scores of the first `count` outcomes, or of those among them that are remembered."""
        known = self._outcomes[:count]
        scores = np.stack([p[2] for p in known if p[2] is not None])
        spread = scores.std(0)
        worst = scores.min(0)
        y = np.stack([worst if p[2] is None else p[2] for p in known]) / np.where(spread > 0, spread, 1) @ weights
        x, costs = np.stack([p[0] for p in known]), np.stack([p[1] for p in known])
        if len(y) <= REMEMBERED:
            return x, costs, y
        kept = _remembered(costs, y)
        return x[kept], costs[kept], y[kept]

    def _model(self, weights: Array) -> GaussianProcess:
        """The model with length scales estimated when the number of outcomes had last grown by `GROWTH`."""
        size = LEAST
        while (larger := max(size + 1, int(size * GROWTH))) <= len(self._outcomes):
            size = larger
        while all(p[2] is None for p in self._outcomes[:size]):
            size += 1
        key = size, tuple(weights)
        if key not in self._fitted:
            model = GaussianProcess(self.features.groups)
            x, _, y = self._examples(weights, size)
            model.fit(x, y)
            self._fitted = {key: model}
        return self._fitted[key]

    @property
    def _range(self) -> tuple[Array, Array]:
        """The lowest and the highest costs of the pool and of all outcomes."""
        assert self._pool is not None
        every = np.concatenate([self._pool.costs, np.stack([p[1] for p in self._outcomes])])
        return every.min(0), every.max(0)

    def _costs(self, cost: Cost) -> Array:
        """The priced objectives, smaller being better."""
        return np.array([(-1 if o.maximize else 1) * o.told(cost, {}) for o in self.priced], float)


def _farthest(features: Array, known: Sequence[Array], rng: np.random.Generator, looked_at: int = 16) -> int:
    """Index of that one of a few random candidates which is farthest from all known ones."""
    some = rng.choice(len(features), min(looked_at, len(features)), replace=False)
    if not known:
        return int(some[0])
    distance = ((features[some][:, None] - np.stack(known)[-REMEMBERED:]) ** 2).sum(-1).min(1)
    return int(some[np.argmax(distance)])


def _remembered(costs: Array, y: Array) -> NDArray[np.int64]:
    """Indices of the outcomes that the model uses: half are those nearest to the front, half are spread over time."""
    order = np.lexsort((-y, costs[:, 0])) if costs.shape[1] else np.argsort(-y)
    below = np.empty(len(y))
    below[order] = np.maximum.accumulate(y[order]) - y[order]
    near = np.argsort(below, kind="stable")[: REMEMBERED // 2]
    rest = np.setdiff1d(np.arange(len(y)), near)
    spread = rest[np.linspace(0, len(rest) - 1, REMEMBERED - len(near)).round().astype(int)]
    return np.sort(np.concatenate([near, spread]))
