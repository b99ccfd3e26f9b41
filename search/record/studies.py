"""A run as an Optuna study, made with Optuna's public functions alone."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

import optuna
from optuna.trial import FixedTrial, FrozenTrial, TrialState, create_trial

from archspec.graph.cost import Cost
from archspec.schema.hole import Decision
from search.objectives import Objective
from search.record.history import History
from search.training.joint import joint
from search.training.settings import Training
from search.trial import State, Trial
from spaces import Space

P = ParamSpec("P")
T = TypeVar("T")
STATE: dict[State, TrialState] = {
    "scored": TrialState.COMPLETE,
    "stopped": TrialState.PRUNED,
    "rejected": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "running": TrialState.RUNNING,
}


class Translation:
    """Turns trials of a space, searched for some objectives, into trials of an Optuna study."""

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.holes: Mapping[str, Decision] = {parameter.name: parameter.hole for parameter in space.parameters()}
        self.objectives = tuple(objectives)

    @property
    def directions(self) -> list[Literal["minimize", "maximize"]]:
        """The directions of the study, one for each objective."""
        return ["maximize" if objective.maximize else "minimize" for objective in self.objectives]

    def trial(self, trial: Trial, system: Mapping[str, Any] | None = None) -> FrozenTrial:
        """The trial, to be added to a study; `system` are system attributes of Optuna, such as its samplers store."""
        fixed = FixedTrial(dict(trial.values))
        for name in trial.values:
            self.holes[name].suggested(fixed, name)
        single = len(self.objectives) == 1  # with several objectives Optuna refuses intermediate values
        return create_trial(
            state=STATE[trial.state],
            values=self.values(trial),
            params=dict(trial.values),
            distributions=fixed.distributions,
            constraints=dict(trial.excess),
            user_attrs=drawn(trial) | trained(trial),
            system_attrs=dict(system or {}),
            intermediate_values=dict(trial.curve) if single else None,
        )

    def values(self, trial: Trial) -> list[float] | None:
        """The number that strategies learn from, for each objective of a scored trial; None for any other trial."""
        if trial.state != "scored":
            return None
        return [objective.told(trial.cost or Cost(), trial.scores) for objective in self.objectives]

    def study(self, history: History) -> optuna.Study:
        """A study in memory of all trials of a run."""
        study = quietly(optuna.create_study, directions=self.directions)
        describe(study, history, self.objectives)
        for trial in history:
            study.add_trial(self.trial(trial))
        return study


def study_of(history: History, objectives: Sequence[Objective]) -> optuna.Study:
    """The study in memory of a run, with the space and the open settings of its training that it was begun with."""
    known = history.settings.values
    space = joint(Space.from_data(known["space"]), Training.from_record(known.get("training", {})))
    return Translation(space, objectives).study(history)


def describe(study: optuna.Study, history: History, objectives: Sequence[Objective]) -> None:
    """Write a run's settings, and the names of its objectives, into its study, unless they are there already."""
    known = study.user_attrs
    for name, value in history.settings.values.items():
        if name not in known or known[name] != value:
            study.set_user_attr(name, value)
    names = [objective.name for objective in objectives]
    if study.metric_names != names:
        quietly(study.set_metric_names, names)


def drawn(trial: Trial) -> dict[str, Any]:
    """The user attributes of a trial that are known when it is drawn."""
    attributes: dict[str, Any] = {"number": trial.number, "slot": trial.slot}
    if trial.architecture is None or trial.cost is None:
        return attributes | {"rejected": trial.reason}
    architecture = json.dumps(trial.architecture.to_data())
    return attributes | {
        "hash": trial.hash,
        "cost": trial.cost.quantities(),
        "seed": trial.seed,
        "architecture": architecture,
    }


def trained(trial: Trial) -> dict[str, Any]:
    """The user attributes of a trial that are known once its outcome is; none for a rejected or running trial."""
    if trial.state in ("rejected", "running"):
        return {}
    cost = (trial.cost or Cost()).quantities()
    attributes = {"cost": cost, "scores": dict(trial.scores), "epochs": trial.fidelity, "seconds": trial.seconds}
    return attributes | ({"reason": trial.reason} if trial.reason else {})


def quietly(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Call a function that uses Optuna, without Optuna's log lines and warnings of experimental features."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return call(*args, **named)
    finally:
        logger.setLevel(level)
