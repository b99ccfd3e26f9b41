"""Searches without training: what comes of a candidate follows from its architecture alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Cost,
    Dropout,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Repeat,
    Residual,
    Table,
)
from search import Engine, Failed, Outcome, Result, Scored
from search.events import Finished, Proposed
from search.files import RunDirectory
from search.objectives import Constraint, parse_constraint, parse_objective
from search.record.writing import Record
from search.strategies.strategy import STRATEGIES, Strategy
from search.trial import Trial
from spaces import Space, choice, integer, real
from tests.search.tiny import small_space

BOTH = ("maximize accuracy", "minimize flops")


def deep_space() -> Space:
    """Decisions within decisions, of every kind: whole and real numbers, plain and logarithmic, and options."""
    width = integer("width", 2, 16, step=2)
    kernel = choice(Table(), Magnet(hidden=integer(2, 64, log=True), layers=1), name="k")
    body = [
        Lift(group=choice("C1", "C2", "C4", name="group"), channels=width, kernel_size=choice(3, 5, 7)),
        Repeat(
            times=integer(0, 3),
            tied=False,
            body=[
                Residual(body=[Norm(), Activation(), Conv(channels=width, kernel_size=choice(1, 3, 5), kernel=kernel)])
            ],
        ),
        choice(Dropout(rate=real(0.05, 0.5, log=True)), Activation()),
        GroupPool(),
    ]
    return Space(Architecture(input=Image(channels=1, size=(8, 8)), body=body, head=Classifier(classes=3)))


def outcome_of(trial: Trial) -> Outcome:
    """A made-up accuracy and loss; some fail, and some cost more when they are trained than when they were drawn."""
    assert trial.hash
    assert trial.cost
    number = int(trial.hash[:6], 16)
    if number % 11 == 0:
        return Failed("diverged")
    cost = None if number % 3 else replace(trial.cost, macs=trial.cost.macs + 7)
    return Scored({"accuracy": number / 16**6, "loss": 1 - number / 16**6 / 2}, cost=cost)


def engine_in(
    directory: Path,
    space: Space | None = None,
    objectives: Sequence[str] = BOTH,
    constraints: Sequence[str | Constraint] = ("params <= 300",),
    trials: int = 12,
    seed: int = 0,
    lag: int = 1,
    strategy: Strategy | None = None,
    settings: Mapping[str, Any] | None = None,
    epochs: int = 1,
) -> Engine:
    """An engine over the record in a directory, which `engine.record.close()` gives free."""
    record = Record(RunDirectory(directory), settings or {})
    wanted = [parse_objective(text) for text in objectives]
    limits = [parse_constraint(text) for text in constraints]
    space = space or small_space()
    strategy = strategy or STRATEGIES["tpe"](space, wanted)
    return Engine(record, space, wanted, limits, trials, seed, lag, strategy=strategy, epochs=epochs)


def drive(engine: Engine, newest: bool = False, tell: int | None = None) -> None:
    """Ask for all there is, tell the oldest or the newest asked for, and so on: to the end, or `tell` times."""
    flying = [trial for trial in engine.history if trial.state == "running"]
    while not engine.done and tell != 0:
        while (trial := engine.ask()) is not None:
            flying += [] if trial in flying else [trial]
        if engine.done:
            return
        told = flying.pop(-1 if newest else 0)
        engine.tell(told, outcome_of(told))
        tell = None if tell is None else tell - 1


def candidates(engine: Engine) -> list[str]:
    """Hashes of the candidates, in the order of their slots."""
    return [str(trial.hash) for trial in engine.history if trial.state != "rejected"]


def told(
    directory: Path,
    outcomes: Sequence[tuple[Mapping[str, float] | Outcome, int]],
    objectives: Sequence[str] = BOTH,
    groups: Sequence[str] = ("C1",),
) -> Result:
    """The result of a run whose trials came to these scores or outcomes, at these FLOPs, on one group after another."""
    settings = {"objectives": list(objectives), "constraints": [], "task": "made up", "seed": 0}
    with Record(RunDirectory(directory), settings) as record:
        for number, (found, flops) in enumerate(outcomes):
            lift = Lift(group=groups[number % len(groups)], channels=1)
            body = [lift, GroupPool()]
            architecture = Architecture(input=Image(channels=1, size=(4, 4)), body=body, head=Classifier(classes=2))
            cost = Cost(macs=flops // 2, params=flops)
            record.append(Proposed(Trial(number, number, {}, architecture=architecture, hash="?", cost=cost)))
            outcome = Scored(dict(found)) if isinstance(found, Mapping) else found
            record.append(Finished(number, outcome))
    return Result.open(directory)
