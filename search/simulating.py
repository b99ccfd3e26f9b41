"""Searches without training: the engine and the strategies of real runs, on scores that are given."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.signal import SignalError
from search.engine import Engine, lag_of
from search.events import Epoch, Finished
from search.hypervolume import hypervolumes
from search.numbers import whole
from search.objectives import Constraint, Objective, Score, goal_of
from search.outcome import Failed, Outcome, Scored, Stopped
from search.record.history import History
from search.record.memory import Memory
from search.stated import stated_constraints, stated_objectives
from search.strategies.kept import losses
from search.strategies.strategy import DEFAULT, ENDLESS, Strategy, fresh
from search.trial import Trial
from spaces import Space
from spaces.fitting import fitting


@dataclass(frozen=True)
class Simulation:
    """What came of a search without training.

    Attributes:
        history: the trials.
        epochs: number of epochs spent in all when each outcome came.
        seconds: the time of the simulation's clock then.
        points: by outcome, the values of the objectives, smaller being better; None of what was not trained to the end.
    """

    history: History
    epochs: tuple[int, ...]
    seconds: tuple[float, ...]
    points: tuple[tuple[float, ...] | None, ...]

    def hypervolumes(self, reference: Sequence[float]) -> list[float]:
        """The hypervolume of the front after each outcome, up to a reference point.

        Args:
            reference: for each objective the value beyond which nothing counts, as strategies are told it: the
                log10 of a cost, a score as it is, with the opposite sign where it is maximised.
        """
        return hypervolumes(self.points, reference)


def simulate(
    space: Space,
    curve: Callable[[Architecture], Sequence[float]],
    strategy: str | Strategy = DEFAULT,
    objectives: Sequence[str | Objective] = ("maximize accuracy", "minimize flops"),
    constraints: Sequence[str | Constraint] = (),
    epochs: int = 1_000,
    workers: int = 1,
    seed: int = 0,
    seconds: Callable[[Architecture], float] = lambda architecture: 1.0,
    target: Target = "torch",
) -> Simulation:
    """Run a search on given scores, without training: for comparing strategies, and for trying one's own.

    The engine and the strategy are those of a real run with this number of workers. The workers are asynchronous: an
    outcome comes when its epochs are over on the simulation's clock.

    Args:
        space: the space.
        curve: for an architecture, the score after each epoch of a whole training: of the first objective that is one,
            else the accuracy. The best one is the candidate's score; a candidate without a finite one fails, and one
            without any in its first epoch.
        strategy: a name, or an object, which is copied.
        objectives: as for `Search`.
        constraints: as for `Search`.
        epochs: number of epochs after which no further candidate is begun.
        workers: number of candidates trained at the same time.
        seed: seed of the run.
        seconds: seconds of an epoch of an architecture.
        target: what costs are computed for.

    Raises:
        ValueError: an argument cannot be read, or no objective is a score, or several are.
    """
    if not isinstance(space, Space):
        raise ValueError("the first argument of simulate is a Space: Space(Architecture(...))")
    wanted = stated_objectives(objectives)
    if all(objective.priced for objective in wanted):
        raise ValueError("at least one objective is a score, such as 'maximize accuracy'")
    if len(scores := [objective.name for objective in wanted if isinstance(objective, Score)]) > 1:
        raise ValueError(f"a simulation has one score, and {' and '.join(scores)} are several; keep one of them")
    limits = stated_constraints(constraints)
    if after := next((limit for limit in limits if limit.trained), None):
        raise ValueError(f"{after} is of trained networks, which a simulation has none of; leave it out")
    whole("epochs", epochs, least=1)
    whole("workers", workers, least=1)
    log, worker = Memory(), _Worker(curve, seconds, goal_of(wanted, "classification"))
    full = max(1, _length(curve, one) if (one := _candidate(space, limits, target)) else 0)
    engine = Engine(
        log, space, wanted, limits, ENDLESS, seed, lag_of(workers), target, fresh(strategy, space, wanted), epochs=full
    )
    return _run(engine, worker, epochs, workers)


def _length(curve: Callable[[Architecture], Sequence[float]], architecture: Architecture) -> int:
    """The number of epochs of a curve; ValueError if it is none."""
    if not callable(curve):
        raise ValueError(
            f"curve is a function of an architecture, not a {type(curve).__name__}; of a table by hashes it is "
            "lambda architecture: table[architecture.hash]"
        )
    found = curve(architecture)
    if not isinstance(found, Sized):
        raise ValueError(f"a curve is the scores after each epoch, not {found!r}; of one score it is [{found!r}]")
    return len(found)


def _candidate(space: Space, limits: Sequence[Constraint], target: Target) -> Architecture | None:
    """The default architecture if it can be a candidate, else another one that can; None if none was found."""
    for architecture in (space.default, *fitting(space).fit):
        with suppress(SignalError):
            cost = price(architecture, target)
            if all(limit.excess(cost, architecture) <= 0 for limit in limits):
                return architecture
    return None


@dataclass(frozen=True)
class _Worker:
    """Says what comes of the training of a candidate."""

    curve: Callable[[Architecture], Sequence[float]]
    seconds: Callable[[Architecture], float]
    goal: Score

    def train(self, trial: Trial, history: History) -> tuple[float, int, Sequence[float], Outcome]:
        """Seconds and epochs that a candidate takes, its curve, and its outcome; it goes on from where it paused."""
        assert trial.architecture is not None
        whole = [float(score) if math.isfinite(score) else math.nan for score in self.curve(trial.architecture)]
        wanted = min(trial.epochs or len(whole), len(whole))
        count = wanted - history.begun(trial)
        if not whole:  # it fails in its first epoch
            return self.seconds(trial.architecture), 1, whole, Failed("there is no score of it")
        time = self.seconds(trial.architecture) * count
        curve = whole[:wanted]
        if not (known := [score for score in curve if not math.isnan(score)]):
            return time, count, curve, Failed(f"{self.goal.name} was not a finite number after any epoch", time)
        best = (max if self.goal.maximize else min)(known)
        made: type[Scored] | type[Stopped] = Scored if wanted == len(whole) else Stopped
        return time, count, curve, made({self.goal.name: best}, epochs=wanted, seconds=time, curve=tuple(curve))


def _run(engine: Engine, worker: _Worker, budget: int, workers: int) -> Simulation:
    now, spent, begun = 0.0, 0, 0
    training: list[tuple[float, int, int, Outcome]] = []
    epochs: list[int] = []
    times: list[float] = []
    points: list[tuple[float, ...] | None] = []
    while True:
        while begun < budget and len(training) < workers and (trial := engine.ask()) is not None:
            seconds, count, curve, outcome = worker.train(trial, engine.history)
            begun += count
            for epoch, value in enumerate(curve, 1):
                engine.observe(Epoch(trial.number, epoch, value))
            heapq.heappush(training, (now + seconds, trial.number, count, outcome))
        if not training:
            return Simulation(engine.history, tuple(epochs), tuple(times), tuple(points))
        now, number, count, outcome = heapq.heappop(training)
        spent += count
        engine.observe(Finished(number, outcome))
        epochs.append(spent)
        times.append(now)
        told = engine.history[number]
        points.append(losses(told, engine.objectives) if told.state == "scored" else None)
