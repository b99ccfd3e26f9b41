"""Confirm trials: train them again from fresh seeds, and score each network once on the test data.

The trainings are a run of their own, in the folder `confirmation` of the run: its record is written, killed and resumed
as that of a search is. What differs is that nothing is proposed: the candidates are the trials that are confirmed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.architecture import price
from search.backends.place import Place
from search.backends.process import refuse_in_a_worker
from search.backends.worker import Trainer
from search.confirmed import CONFIRMS, INDEX, TEST
from search.errors import RunError
from search.events import Finished, Notice, Proposed
from search.files import RunDirectory
from search.keeping import Keeping
from search.numbers import whole
from search.objectives import Objective, goal_of, is_recorded, parse_objective
from search.outcome import Outcome, Scored
from search.record.history import History
from search.record.lines import different
from search.record.reading import Reading
from search.record.writing import Record
from search.seeds import derived_seed
from search.sources import sources
from search.tasks.named import AnyTask
from search.terms import functions, of_task
from search.train_all import train_all
from search.training.evaluation import evaluate
from search.training.settings import Training
from search.training.threads import one_core
from search.training.weights import load_network
from search.trial import Trial
from search.words import say

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

    @property
    def training(self) -> Training:
        """How the run trains, and so its confirmation."""
        return Training.from_record(self.history.settings.values.get("training", {}))

    def wanted(self, trials: Sequence[Trial], seeds: int) -> list[Trial]:
        """The trainings that confirm trials of the run, from so many fresh seeds each.

        Raises:
            ValueError: there is no such number of seeds.
            RunError: a trial was not scored, or the task is another one.
        """
        refuse_in_a_worker()
        whole("seeds", seeds, least=1)
        if other := next((trial for trial in trials if trial.state != "scored"), None):
            raise RunError(f"trial {other.number} ({other.state}) was not scored; confirm one that was")
        self._check_terms()
        return [fresh(trial, index, self._seed) for index in range(seeds) for trial in trials]

    def left(self, wanted: Sequence[Trial]) -> list[Trial]:
        """Those of the trainings that have no outcome yet; RunError if what is there is of another run."""
        return _left(wanted, self._begun())

    def run(self, wanted: Sequence[Trial], where: Place, tell: Tell | None = None) -> None:
        """Do those of the trainings that are left.

        Args:
            wanted: the trainings.
            where: where they are done.
            tell: called with a line of text after each of them, and with what the backend has to say, which without it
                goes to standard error.

        Raises:
            RunError: another process confirms the run; workers cannot be started; the machine keeps failing.
        """
        if not self.left(wanted):
            return
        with Record(self.directory.confirmation, self._settings, self.task, doing="confirming the run") as record:
            record.followers.append(Keeping(record.history, (), math.inf))
            known = _known(record.history)
            for trial in wanted:
                if _of(trial) not in known:
                    record.append(Proposed(replace(trial, number=len(record.history), slot=len(record.history))))
            self._train(record, _left(wanted, record.history), where, tell)

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
        if (code := begun.get("code")) is not None:
            names += ["code"] if different(code, sources(begun["space"], self.task)) else []
        if names:
            raise RunError(
                f"{self.directory.path} was searched with another task or other objectives (their {', '.join(names)}); "
                "give those that it was begun with"
            )

    def _train(self, record: Record, trials: Sequence[Trial], where: Place, tell: Tell | None) -> None:
        values = self.history.settings.values
        goal = goal_of([parse_objective(text) for text in values.get("goals", ())], self.task.kind)
        path, target = str(record.directory.path.resolve()), values.get("target", "torch")
        where = replace(where, workers=min(where.workers, len(trials)))
        backend = where.begin(Trainer(self.task.without_test(), self.training, goal, path, target))
        try:
            for event in train_all(backend, trials, where.workers):
                match event:
                    case Notice(text):
                        (tell or say)(text)
                    case Finished(number, outcome):
                        record.append(Finished(number, self._scored(record.history[number], outcome)))
                        done = f"{len(record.history.outcomes)} of {len(record.history)}"
                        if tell is not None:
                            tell(f"{done}  {self._line(record.history[number])}")
                    case _:
                        record.append(event)
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
