"""Confirm trials: train them again from fresh seeds, and score each network once on the test data.

The trainings are a run of their own, in the folder `confirmation` of the run: its record is written, killed and resumed
as that of a search is. What differs is that nothing is proposed: the candidates are the trials that are confirmed.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.architecture import price
from search import machine
from search.backends.backend import Backend
from search.backends.local import Local
from search.backends.process import refuse_in_a_worker
from search.backends.worker import Trainer
from search.confirmed import CONFIRMS, INDEX, TEST
from search.errors import RunError
from search.events import Finished, Interrupted, Proposed
from search.files import RunDirectory
from search.keeping import Keeping
from search.numbers import whole
from search.objectives import Objective, goal_of, is_recorded, parse_objective
from search.outcome import Failed, Outcome, Scored
from search.record.history import History
from search.record.lines import different
from search.record.reading import Reading
from search.record.writing import Record
from search.seeds import derived_seed
from search.tasks.named import AnyTask
from search.terms import functions, of_task
from search.training.evaluation import evaluate
from search.training.settings import Training
from search.training.threads import one_core
from search.training.weights import load_network
from search.trial import Trial

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Confirming:
    """Confirms trials of one run.

    Attributes:
        directory: the directory of the run.
        history: the history of the run.
        objectives: its objectives, with the functions that they were begun with.
        task: its task, with test data.
    """

    directory: RunDirectory
    history: History
    objectives: Sequence[Objective]
    task: AnyTask

    def confirm(
        self, trials: Sequence[Trial], seeds: int, workers: int | None = None, tell: Tell | None = None
    ) -> None:
        """Train each trial from so many fresh seeds; what has been trained before is not trained again.

        Args:
            trials: scored trials of the run.
            seeds: number of seeds for each.
            workers: number of worker processes; by default one for each CPU core.
            tell: called with a line of text after each training.

        Raises:
            ValueError: a number is out of its range.
            RunError: the task is another one; another process confirms the run; the machine keeps failing.
        """
        refuse_in_a_worker()
        whole("seeds", seeds, least=1)
        workers = machine.available_cores() if workers is None else whole("workers", workers, least=1)
        self._check_terms()
        wanted = [fresh(trial, index, self._seed) for index in range(seeds) for trial in trials]
        if not _left(wanted, self._begun()):
            return
        with Record(self.directory.confirmation, self._settings, self.task) as record:
            record.followers.append(Keeping(record.history, (), math.inf))
            known = _known(record.history)
            for trial in wanted:
                if _of(trial) not in known:
                    record.append(Proposed(replace(trial, number=len(record.history), slot=len(record.history))))
            self._train(record, _left(wanted, record.history), workers, tell or (lambda line: None))

    @property
    def _seed(self) -> int:
        return int(self.history.settings.values.get("seed", 0))

    @property
    def _settings(self) -> dict[str, Any]:
        """Settings of the record: those of the run, and which run it is."""
        return {**self.history.settings.values, CONFIRMS: self.history.settings.run}

    def _begun(self) -> History:
        """The history of what has been trained; RunError if it is of a run that was here before."""
        home = self.directory.confirmation
        if not home.record.exists():
            return History()
        history = Reading(home).history
        if different(history.settings.values, self._settings):
            raise RunError(f"{home.path} confirms another run, which was here before; move it away")
        return history

    def _check_terms(self) -> None:
        """Refuse another task, and objectives without their functions."""
        begun: Mapping[str, Any] = self.history.settings.values
        names = different(begun, of_task(self.task))
        if (recorded := begun.get("functions")) is not None:
            mine = {name: text for name, text in recorded.items() if not name.startswith("constraint ")}
            names += ["functions"] if mine != functions(self.task, self.objectives) else []
        if names:
            raise RunError(
                f"{self.directory.path} was searched with another task or other objectives (their {', '.join(names)}); "
                "give those that it was begun with"
            )

    def _train(self, record: Record, trials: Sequence[Trial], workers: int, tell: Tell) -> None:
        values = self.history.settings.values
        goal = goal_of([parse_objective(text) for text in values.get("goals", ())], self.task.kind)
        training, target = Training.from_record(values.get("training", {})), values.get("target", "torch")
        path = str(record.directory.path.resolve())
        trainer = Trainer(self.task.without_test(), training, goal, path, target)
        workers = min(workers, len(trials))
        backend = Local(trainer, workers)
        try:
            for number, outcome in _outcomes(backend, trials, workers):
                record.append(Finished(number, self._scored(record.history[number], outcome)))
                tell(f"{len(record.history.outcomes)} of {len(record.history)}  {self._line(record.history[number])}")
        finally:
            backend.close()

    def _scored(self, trial: Trial, outcome: Outcome) -> Outcome:
        """The outcome with the objectives among its scores, and with scores on the test data, which are read here only.

        The best epoch of the network has been chosen by then.
        """
        if not isinstance(outcome, Scored) or trial.directory is None or trial.architecture is None or not trial.cost:
            return outcome
        model = load_network(trial.architecture, trial.directory.weights(trial.number))
        assert self.task.test is not None
        with one_core():  # as the worker that scored it on validation data
            tested = evaluate(model, self.task, self.task.test)
        scores: dict[str, float] = {}
        for prefix, found in (("", outcome.scores), (TEST, tested)):
            values = {o.name: o.value(outcome.cost or trial.cost, found) for o in self.objectives if is_recorded(o)}
            scores |= {f"{prefix}{name}": value for name, value in (found | values).items()}
        return replace(outcome, scores=scores)

    def _line(self, trial: Trial) -> str:
        """What came of a training, in a line."""
        found = self.history[trial.notes[CONFIRMS]]
        head = f"trial {found.number}, seed {trial.notes[INDEX] + 1}:"
        if trial.state == "failed":
            return f"{head} failed: {trial.reason}"
        names = [objective.name for objective in self.objectives if is_recorded(objective)]
        each = [(name, found.scores[name], trial.scores[name], trial.scores[TEST + name]) for name in names]
        return f"{head} " + ", ".join(f"{name} found {a:.4f}, now {b:.4f}, test {c:.4f}" for name, a, b, c in each)


def fresh(trial: Trial, index: int, seed: int) -> Trial:
    """A whole training of a trial's architecture, with its settings, from the seed of this index.

    The seed follows from that of the run, the architecture and the index; the search has no seed of this purpose.
    """
    assert trial.architecture is not None
    cost = price(trial.architecture, trial.settings.get("target", "torch"))
    return Trial(
        trial.number,
        trial.slot,
        trial.values,
        architecture=trial.architecture,
        hash=trial.hash,
        cost=cost,
        seed=derived_seed(seed, f"confirm {trial.hash} {index}"),
        notes={CONFIRMS: trial.number, INDEX: index},
    )


def _outcomes(backend: Backend, trials: Sequence[Trial], workers: int) -> Iterator[tuple[int, Outcome]]:
    """Train all trials; yields the number and the outcome of each. What the machine interrupts is tried again.

    Raises:
        RunError: the machine keeps failing.
    """
    left, tries = {trial.number: trial for trial in trials}, Counter[int]()
    for trial in trials:
        backend.submit(trial)
    while left:
        for event in backend.events():
            match event:
                case Finished(number, Failed() as outcome) if outcome.for_memory and workers > 1:
                    raise RunError(
                        f"the confirmation of trial {left[number].notes[CONFIRMS]} {outcome.reason} beside others; "
                        "confirm with workers=1, which goes on"
                    )
                case Finished(number, outcome):
                    del left[number]
                    yield number, outcome
                case Interrupted(number, reason):
                    tries[number] += 1
                    if tries[number] > len(machine.WAITS):
                        raise RunError(
                            f"trial {left[number].notes[CONFIRMS]} cannot be confirmed on this machine ({reason}); "
                            "mend that, and confirm again: it goes on"
                        )
                    time.sleep(machine.WAITS[tries[number] - 1])
                    backend.submit(left[number])


def _of(trial: Trial) -> tuple[int, int]:
    """Which training it is: the number of the trial that it confirms, and the index of its seed."""
    return trial.notes[CONFIRMS], trial.notes[INDEX]


def _known(history: History) -> dict[tuple[int, int], Trial]:
    return {_of(trial): trial for trial in history}


def _left(wanted: Sequence[Trial], history: History) -> list[Trial]:
    """Those of the trainings that have no outcome, as the history knows them where it does."""
    known = _known(history)
    found = [known.get(_of(trial), trial) for trial in wanted]
    return [trial for trial in found if trial.state == "running"]
