"""A run as Optuna knows it: a study of its trials, through Optuna's public calls."""

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
    """Trials of a space, for some objectives, as Optuna's."""

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.holes: Mapping[str, Decision] = {parameter.name: parameter.hole for parameter in space.parameters()}
        self.objectives = tuple(objectives)

    @property
    def directions(self) -> list[Literal["minimize", "maximize"]]:
        """Of the study: one for each objective."""
        return ["maximize" if objective.maximize else "minimize" for objective in self.objectives]

    def trial(self, trial: Trial, system: Mapping[str, Any] | None = None) -> FrozenTrial:
        """The trial, to be added to a study; with attributes of Optuna's own, where there are any."""
        fixed = FixedTrial(dict(trial.values))
        for name in trial.values:
            self.holes[name].suggested(fixed, name)
        single = len(self.objectives) == 1  # elsewhere Optuna takes no intermediate values
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
        """What strategies learn of a scored trial, for each objective; None of any other."""
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


def describe(study: optuna.Study, history: History, objectives: Sequence[Objective]) -> None:
    """Write a run's settings, and the names of its objectives, into its study, where they are not there yet."""
    known = study.user_attrs
    for name, value in history.settings.values.items():
        if name not in known or known[name] != value:
            study.set_user_attr(name, value)
    names = [objective.name for objective in objectives]
    if study.metric_names != names:
        quietly(study.set_metric_names, names)


def drawn(trial: Trial) -> dict[str, Any]:
    """What is known of a trial when it is drawn, as user attributes."""
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
    """What is known of a trial once it is trained, as user attributes."""
    if trial.state in ("rejected", "running"):
        return {}
    cost = (trial.cost or Cost()).quantities()
    attributes = {"cost": cost, "scores": dict(trial.scores), "epochs": trial.fidelity, "seconds": trial.seconds}
    return attributes | ({"reason": trial.reason} if trial.reason else {})


def quietly(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """The result of a call into Optuna without its log lines and notices of experimental features."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return call(*args, **named)
    finally:
        logger.setLevel(level)
