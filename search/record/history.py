"""The history of a run: its settings, and its trials as they follow from its events."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from archspec.architecture import Architecture
from archspec.symmetry.certificate import Certificate
from search.constraints import broken
from search.events import Epoch, Event, Finished, Proposed, Rejected, Retried, Started
from search.files import RunDirectory
from search.outcome import Failed, Outcome, Scored, Stopped
from search.tasks.named import AnyTask
from search.trial import STATES, Trial
from search.words import counted


@dataclass(frozen=True)
class Settings:
    """The settings that a run was begun with.

    Attributes:
        values: the settings of the search by name, as plain data.
        run: a short random identifier of the run.
        drawn: for a run begun by a version without a record, the number of trials that it had drawn; otherwise 0.
        told: for such a run, the number of candidates whose outcomes its sampler had been told; otherwise 0.
        designs: what is tried first, as plain data: the `values`, and of what was carried over from another run the
            `outcome`, its `source` and the path of its `weights`.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    drawn: int = 0
    told: int = 0
    designs: Sequence[Mapping[str, Any]] = ()

    @property
    def carried(self) -> int:
        """Number of designs whose outcome is known."""
        return sum("outcome" in design for design in self.designs)


class History:
    """The trials of a run in the order in which they were drawn, updated by `observe` with each event.

    It is a mapping: `history[number]` is the trial of that number; iteration is over the trials.
    """

    def __init__(
        self, settings: Settings | None = None, directory: RunDirectory | None = None, task: AnyTask | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.directory, self.task = directory, task
        self._trials: dict[int, Trial] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._draws: list[Proposed | Rejected] = []
        self._retried: set[int] = set()
        # The numbers of those that have paused, by the hash of their architecture.
        self._paused: dict[str | None, list[int]] = {}

    def __repr__(self) -> str:
        return f"History({counted(self.counts())})"

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials.values())

    def __getitem__(self, number: int) -> Trial:
        return self._trials[number]

    def __contains__(self, number: object) -> bool:
        return number in self._trials

    @property
    def draws(self) -> Sequence[Proposed | Rejected]:
        """The events of all draws, in order; their trials are as they were when drawn."""
        return self._draws

    @property
    def outcomes(self) -> MappingProxyType[int, Outcome]:
        """The outcomes of the finished candidates, by the number of the trial, in the order in which they came."""
        return MappingProxyType(self._outcomes)

    @property
    def retried(self) -> Set[int]:
        """The numbers of the candidates that were tried again after they had failed."""
        return self._retried

    @property
    def next_number(self) -> int:
        """The number that the next draw gets."""
        return max(self.settings.drawn, next(reversed(self._trials), -1) + 1)

    def begun(self, trial: Trial) -> int:
        """Number of epochs that a trial need not be trained for, as it goes on from one that has paused.

        With a cooldown it goes on from the state before that of the other one.
        """
        parent = None if trial.parent is None else self._trials.get(trial.parent)
        if not parent or parent.state != "stopped" or self._trained_as(parent) != self._trained_as(trial):
            return 0
        return min(parent.fidelity, parent.training.trunk(parent.epochs or parent.fidelity))

    def paused_in(self, trial: Trial) -> int | None:
        """The number of the trial that has paused latest in the training that a trial is to have; None if none has."""
        most = math.inf if trial.epochs is None else trial.epochs
        begun = {number: self.begun(replace(trial, parent=number)) for number in self._paused.get(trial.hash, ())}
        return max((number for number in begun if 0 < begun[number] < most), key=begun.__getitem__, default=None)

    def _trained_as(self, trial: Trial) -> str | None:
        """Of a trial that may be as it was drawn, which knows no settings."""
        return replace(trial, settings=self.settings.values).trained_as

    def trained(self, trial: Trial) -> int:
        """Number of epochs that a trial has been trained for; none of one that was carried over from another run."""
        if trial.source is not None:
            return 0
        last = max(trial.curve, default=0)  # a kill may have lost what was told of others
        return max(0, max(trial.fidelity, last) - self.begun(trial))

    def length(self, trial: Trial, epochs: int) -> int:
        """The number of epochs that a trial takes, of a whole training's `epochs`."""
        return min(trial.epochs or epochs, epochs) - self.begun(trial)

    def share(self, trial: Trial, epochs: int) -> float:
        """The share of a whole training, of so many epochs, that a trial takes."""
        return self.length(trial, epochs) / epochs

    def counts(self) -> dict[str, int]:
        """The number of trials in each state."""
        states = [trial.state for trial in self]
        return {state: states.count(state) for state in STATES}

    def observe(self, event: Event) -> None:
        """Update the trial of an event; further events of a finished trial are ignored."""
        if isinstance(event, Proposed | Rejected):
            self._trials[event.number] = replace(
                event.trial, directory=self.directory, task=self.task, settings=self.settings.values
            )
            self._draws.append(event)
        elif isinstance(event, Retried):
            if self._outcomes.pop(event.number, None) is not None:
                self._retried.add(event.number)
                trial = self._trials[event.number]
                self._trials[event.number] = replace(
                    trial, state="running", reason=None, seconds=0.0, curve={}, sizes={}
                )
        elif event.number in self._outcomes:
            return
        elif isinstance(event, Started):
            self._trials[event.number] = replace(self._trials[event.number], node=event.node)
        elif isinstance(event, Epoch):
            trial = self._trials[event.number]
            before = event.epoch - 1  # an epoch that a kill has undone is trained, and told, again
            learned = {name: [*trial.sizes.get(name, ())[:before], now] for name, now in event.sizes.items()}
            sizes = learned or trial.sizes
            self._trials[event.number] = replace(trial, curve={**trial.curve, event.epoch: event.score}, sizes=sizes)
        elif isinstance(event, Finished):
            self._trials[event.number] = finished(self._trials[event.number], event.outcome)
            self._outcomes[event.number] = event.outcome
            if isinstance(event.outcome, Stopped):
                self._paused.setdefault(self._trials[event.number].hash, []).append(event.number)


def finished(trial: Trial, outcome: Outcome) -> Trial:
    """The trial with the state, scores and other results of its outcome."""
    if isinstance(outcome, Failed):
        return replace(trial, state="failed", reason=outcome.reason, seconds=outcome.seconds)
    curve = dict(enumerate(outcome.curve, 1)) or trial.curve  # of which a kill may have lost what was told
    match outcome:
        case Stopped():
            trial = replace(trial, state="stopped", curve=curve)
        case Scored():
            symmetry = Certificate.from_data(outcome.symmetry) if outcome.symmetry else None
            cost = outcome.cost or trial.cost
            excess = {**trial.excess, **outcome.excess}
            reason = next((broken(name, by) for name, by in outcome.excess.items() if by > 0), None)
            if outcome.architecture is not None:
                made = Architecture.from_data(outcome.architecture)
                found = {**trial.values, **outcome.values}
                trial = replace(trial, architecture=made, hash=made.hash, values=found, sizes=outcome.sizes)
            trial = replace(
                trial, state="scored", cost=cost, symmetry=symmetry, curve=curve, excess=excess, reason=reason
            )
    trial = replace(trial, scores=outcome.scores, proxies=outcome.proxies)
    return replace(trial, fidelity=outcome.epochs, seconds=outcome.seconds)
