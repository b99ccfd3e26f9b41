"""The strategy `front`: costs are known before training, so that the score of an architecture is all there is to learn.

Some architectures, spread over the space, are trained for a few epochs. From these, and from all that are trained to
the end, a model predicts the score of priced architectures (see `two_levels`); the next candidate is the one by which
the hypervolume of the front is expected to grow most for the epochs that it takes (see `gain`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from search.events import Event
from search.objectives import Objective
from search.ranks import best_first
from search.record.history import History
from search.strategies.gain import cells
from search.strategies.knowledge import LEAST, REMEMBERED, Knowledge, Known, Lessons
from search.strategies.pool import Candidates, Pool, joined
from search.strategies.scale import Scale
from search.strategies.strategy import Budget, Proposal
from search.strategies.two_levels import Examples, TwoLevels
from spaces import Space
from spaces.filling import Values

Array = NDArray[np.float64]
# So many architectures of the pool are compared for a proposal, and so many that are a step away from one of so many
# members of the front.
COMPARED, NEAR, PARENTS = 384, 128, 16
# The first candidates, and all that pause, may take this share of a run: a short one then has others too.
PAUSED = 0.25


class FrontStrategy:
    """Proposes what is expected to add most to the front.

    Several scores are combined with random weights, other ones for each proposal (Knowles 2006, ParEGO). A failed
    candidate counts as scored like the worst. What is in training counts as scored as predicted, so that workers do not
    all try the same.

    Args:
        space: the space.
        objectives: what is maximised and minimised.
        design: number of candidates that are spread over the space before the model is used.
        pause: share of a whole training after which these, and those that explore, pause; 1 trains them to the end.
        explore: share of the later proposals that are as far as possible from all earlier ones.
        inherit: whether a new candidate names the scored one that is most like it as its parent; with
            `Training(inherit=True)`, where it begins from the weights of that one, it does so in any case.

    Raises:
        ValueError: a share is not from 0 to 1, or `design` is below 0.
    """

    name = "front"

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        design: int = 16,
        pause: float = 1 / 6,
        explore: float = 0.05,
        inherit: bool = False,
    ) -> None:
        if design < 0 or not 0 < pause <= 1 or not 0 <= explore <= 1:
            raise ValueError(
                "the strategy front takes a design from 0, a pause above 0 and up to 1, and from 0 to 1 to explore, "
                f"not design={design}, pause={pause:g}, explore={explore:g}"
            )
        self.space, self.design, self.pause, self.explore = space, design, pause, explore
        self.inherit = inherit
        self.known = Knowledge(space, objectives)
        self._pool: Pool | None = None
        self._model: tuple[Lessons, TwoLevels] | None = None

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
        self._pool.leave_out(self.known.new)
        self.known.new = []
        lessons = self.known.lessons
        few = len(lessons) < LEAST
        pool = self._pool.some(COMPARED, rng)
        if pool.values and (few or self._begins(budget) or rng.random() < self.explore):
            there = [*lessons.early, *lessons.whole, *self.known.training.values()]
            cheap = self._affordable(pool.features, budget)
            chosen = cheap[_farthest(pool.features[cheap], [known.place for known in there], rng)]
            return Proposal(pool.values[chosen], fidelity=self._pauses(budget))
        near = self._pool.around(self._parents(), NEAR, rng)
        waiting = list(self.known.waiting.values()) if budget.attempt == 0 else []
        if few or not (waiting or pool.values or near.values):
            return Proposal(self.space.random_values(rng))
        return self._best(joined([pool, near]), waiting, budget, rng)

    def _by_flops(self, budget: Budget) -> bool:
        """Whether a run ends by its FLOPs, as far as the median of the pool tells, and not by its trials and epochs."""
        assert self._pool is not None
        return budget.flops < budget.trials * budget.epochs * self._pool.median_flops

    def _begins(self, budget: Budget) -> bool:
        """Whether a slot is one of the first, which are spread over the space.

        One among them is chosen by the model, as soon as there is one: a run has something on its front early.
        """
        on = bool(self.known.lessons.whole) or any(not known.paused for known in self.known.training.values())
        return on and budget.slot <= min(self.design, PAUSED * budget.trials / self.pause)

    def _pauses(self, budget: Budget) -> int | None:
        """Number of epochs after which a candidate pauses; None if pauses have taken their share of the run."""
        epochs = self._short(budget)
        taken = max(self.known.begun * epochs / budget.epochs / budget.trials, self.known.begun_flops / budget.flops)
        return epochs if epochs < budget.epochs and taken < PAUSED else None

    def _short(self, budget: Budget) -> int:
        return max(1, round(budget.epochs * self.pause))

    def _affordable(self, places: Array, budget: Budget) -> NDArray[np.intp]:
        """The indices of those so cheap that all that come first, or explore, keep to their share of the FLOPs."""
        flops = self.known.features.flops(places)
        few = flops * self._short(budget) <= PAUSED * budget.flops / max(1, self.design)
        return np.flatnonzero(few if few.any() else flops == flops.min())

    def _parents(self) -> dict[int, Values]:
        """The values of the members of the front, at most so many, by the numbers of their trials."""
        scored = [known for known in self.known.lessons.whole if known.scores is not None]
        if not scored:
            return {}
        losses = np.array([[*known.costs, *-known.scores] for known in scored if known.scores is not None])
        best = [scored[i] for i in best_first(losses)][:PARENTS]
        return {known.number: known.values for known in best}

    def _best(self, pool: Candidates, waiting: list[Known], budget: Budget, rng: np.random.Generator) -> Proposal:
        """Of new candidates, and of paused ones, the one by which the front should gain most for what is scarce."""
        places = np.concatenate([pool.features, *(known.place[None] for known in waiting)])
        costs = np.concatenate([pool.costs, *(known.costs[None] for known in waiting)])
        whole, begun = budget.epochs, budget.epochs - self.known.pauses
        left = np.array([whole] * len(pool.values) + [begun] * len(waiting), float)
        if self._by_flops(budget):
            left *= self.known.features.flops(places)
        best = int(np.argmax(self._gains(places, costs, rng) / left))
        if best < len(pool.values):
            wanted = self.inherit or budget.inherit
            return Proposal(pool.values[best], parent=self._nearest(places[best]) if wanted else None)
        resumed = waiting[best - len(pool.values)]
        return Proposal(resumed.values, parent=resumed.number)

    def _nearest(self, place: Array) -> int | None:
        """The number of the scored candidate with the most similar features."""
        scored = [known for known in self.known.lessons.whole if known.scores is not None]
        if not scored:
            return None
        return scored[int(np.argmin([((known.place - place) ** 2).sum() for known in scored]))].number

    def _gains(self, places: Array, costs: Array, rng: np.random.Generator) -> Array:
        """The expected gain in hypervolume of candidates of these features and costs."""
        objectives = len(self.known.scored)
        weights = rng.dirichlet(np.ones(objectives)) if objectives > 1 else np.ones(1)
        scale = _scale(self.known.lessons, weights)
        model, (early, whole, known) = self._fitted(), self._examples(self.known.lessons, scale)
        model.condition(early, whole)
        scores = scale.back(whole.y)
        if self.known.training:
            early, whole, known, scores = self._believed(model, scale, early, whole, known)
            model.condition(early, whole)
        assert self._pool is not None
        every = np.concatenate([self._pool.every.costs, known])
        worst = float(scale.back(np.append(early.y, whole.y)).min())
        front = cells(known, scores, every.min(0), every.max(0), worst)
        return front.expected(costs, *scale.moments(*model.predict(places)))

    def _examples(self, lessons: Lessons, scale: Scale) -> tuple[Examples, Examples, Array]:
        """The early examples, those of whole trainings, and the costs of these."""
        begun, done = lessons.early, lessons.whole
        known = [k.scores for k in done if k.scores is not None]
        units = iter(scale.units(np.stack(known)) if known else np.zeros(0))
        y = np.array([np.nan if k.scores is None else next(units) for k in done])
        if not known:
            done, y = [], np.zeros(0)
        y = np.where(np.isnan(y), np.nanmin(y, initial=np.inf), y)
        early = Examples(self._stack([k.place for k in begun]), scale.early([k.early or 0.0 for k in begun]))
        costs = np.array([k.costs for k in done]).reshape(len(done), len(self.known.priced))
        return early, Examples(self._stack([k.place for k in done]), y), costs

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

    def _fitted(self) -> TwoLevels:
        """The model with length scales as they are estimated from what is studied, of scores with equal weights."""
        studied = self.known.studied
        if self._model is None or self._model[0] is not studied:
            model = TwoLevels(self.known.features.groups)
            objectives = len(self.known.scored)
            early, whole, _ = self._examples(studied, _scale(studied, np.full(objectives, 1 / objectives)))
            model.fit(early, whole)
            self._model = studied, model
        return self._model[1]


def _scale(lessons: Lessons, weights: Array) -> Scale:
    """The units in which scores are learned."""
    early = [np.full(len(weights), known.early) for known in lessons.early if known.early is not None]
    return Scale([*early, *(known.scores for known in lessons.whole if known.scores is not None)], weights)


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
