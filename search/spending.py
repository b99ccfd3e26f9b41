"""What trainings take, in epochs, FLOPs and hours, and how much of it a run may spend."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from search.measures import at_rates
from search.numbers import most, short
from search.record.history import History
from search.trial import Trial

# A step of training takes the forward pass, and about twice as much for the gradients.
PASSES = 3


@dataclass(frozen=True)
class Spending:
    """What trainings take; of a budget, what they may take in all.

    Attributes:
        epochs: number of epochs.
        flops: FLOPs of training, see `training_flops`; NaN where the number of examples is not known.
        hours: hours of workers.
    """

    epochs: float = 0.0
    flops: float = 0.0
    hours: float = 0.0

    def __add__(self, other: Spending) -> Spending:
        return Spending(self.epochs + other.epochs, self.flops + other.flops, self.hours + other.hours)

    def reached(self, budget: Spending) -> str | None:
        """In a few words, the first budget of epochs and FLOPs that is spent; None if neither is."""
        if self.epochs >= budget.epochs:
            return f"the budget of {budget.epochs:,.10g} epochs is spent"
        if self.flops >= budget.flops:
            return f"the budget of {short(budget.flops)} FLOPs of training is spent"
        return None

    def __str__(self) -> str:
        flops = "" if math.isnan(self.flops) else f", {short(self.flops)} FLOPs of training"
        return f"{self.epochs:,.10g} epochs{flops}, {self.hours:.3g} hours of workers"


def budget_of(total_epochs: float | str | None, total_flops: float | str | None) -> Spending:
    """A budget, each number as text too, None without a limit; ValueError if one is not above 0."""
    return Spending(most("total_epochs", total_epochs), most("total_flops", total_flops))


UNLIMITED = Spending(math.inf, math.inf, math.inf)


def training_flops(trial: Trial, epochs: int, begun: int = 0) -> float:
    """FLOPs of training a candidate for so many epochs, to be known before it is trained; NaN if they cannot be.

    Three times those of the forward pass over the training examples, of the network as deployed, and of making its
    kernels once for each step; in epochs in which signals are sampled more coarsely, of the network that is trained
    there. Validation, and what a certificate takes, do not count. `begun` epochs were trained before these.
    """
    examples = trial.settings.get("examples")
    if examples is None or trial.cost is None:
        return math.nan
    training = trial.training
    steps, coarse = math.ceil(examples / training.batch_size), dict[int, Cost]()
    if training.coarse and trial.architecture is not None:
        target = trial.settings.get("target", "torch")
        coarse = _coarse_costs(trial.architecture, tuple(training.coarse), target)
    counts = Counter(training.factor(epoch) for epoch in range(begun, begun + epochs)) if coarse else {1: epochs}
    costs = {factor: coarse.get(factor, trial.cost) for factor in counts}
    each = {factor: cost.flops * examples + 2 * cost.kernel_macs * steps for factor, cost in costs.items()}
    return float(PASSES * sum(count * each[factor] for factor, count in counts.items()))


@lru_cache(maxsize=4096)
def _coarse_costs(architecture: Architecture, factors: tuple[int, ...], target: Target) -> dict[int, Cost]:
    return {factor: price(form, target) for factor, form in at_rates(architecture, factors).items()}


def ahead(trial: Trial, history: History, epochs: int, flops: bool) -> Spending:
    """What a candidate takes that is handed out now, with a whole training of `epochs`; `flops` says whether to count.

    It is known before the training, which may yet end earlier (of patience, or as it fails). What is carried over from
    another run takes nothing.
    """
    if trial.source is not None:
        return Spending()
    count = history.length(trial, epochs)
    return Spending(count, training_flops(trial, count, history.begun(trial)) if flops else 0.0)


def spent(history: History) -> Spending:
    """What a run has spent so far; epochs that were trained again after a kill count once."""
    total = Spending()
    for trial in history:
        if trial.state == "rejected" or trial.source is not None:
            continue
        begun, count = history.begun(trial), history.trained(trial)
        hours = max(0.0, trial.seconds - _seconds_before(trial, begun, history)) / 3600
        total += Spending(count, training_flops(trial, count, begun), hours)
    return total


def _seconds_before(trial: Trial, begun: int, history: History) -> float:
    """Seconds of the epochs that a trial has in common with the one that it goes on from."""
    if not begun or trial.parent is None:
        return 0.0
    parent = history[trial.parent]
    return parent.seconds * begun / parent.fidelity
