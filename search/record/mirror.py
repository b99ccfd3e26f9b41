"""The mirror of a run in an Optuna storage, for Optuna's dashboard, importances and plots.

It is derived from the record and no result is read from it: events that it lacks are added when the run is resumed, a
journal that cannot be read is moved aside and written anew, and an error while writing it does not stop the search.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import TrialState

from search.events import Epoch, Event, Finished, Proposed, Rejected, Retried
from search.files import RunDirectory
from search.record.history import History
from search.record.journal import MIRRORED, STUDY, journal_storage
from search.record.studies import STATE, Translation, describe, quietly, trained
from search.trial import Trial
from search.words import say


class Mirror:
    """Writes the events of a run into an Optuna study, first those that the history holds already.

    Args:
        history: history of the run, in its directory.
        translation: turns trials into Optuna's.
        url: URL, in Optuna's form, of an SQLite, PostgreSQL or MySQL database; by default the journal in the run's
            directory. In a database the study's name is that of the directory and the run's identifier.
    """

    def __init__(self, history: History, translation: Translation, url: str | None = None) -> None:
        self.history, self.translation, self.url = history, translation, url
        # The number of a trial in the study, by its number in the run.
        self._numbers: dict[int, int] = {}
        self._works, self._held = True, ExitStack()
        self._guarded(self._open)

    def observe(self, event: Event) -> None:
        """Write an event, which the history has observed, into the study."""
        self._guarded(lambda: self._take(event))

    def close(self) -> None:
        """Close the connections to a database, if it is in one."""
        self._held.close()

    def _open(self) -> None:
        """Load or create the study, and add what it lacks; a journal that is none is moved aside first."""
        assert self.history.directory is not None
        journal = self.history.directory.journal
        try:
            self._load(self.history.directory)
        except Exception as error:
            full = isinstance(error, OSError) and not journal.is_dir()  # or another fault that is not the file's
            if self.url or full or not journal.exists():
                raise
            journal.replace(journal.with_name(f"{journal.name}.spoiled"))
            self._load(self.history.directory)

    def _load(self, directory: RunDirectory) -> None:
        run = self.history.settings.run
        self._storage: BaseStorage
        if self.url:
            self._storage = database = RDBStorage(self.url)
            self._held.callback(database.engine.dispose)
        else:
            self._storage = journal_storage(directory.journal)
        name = f"{directory.path.resolve().name}-{run}" if self.url else STUDY
        try:
            self._study = optuna.load_study(study_name=name, storage=self._storage)
        except KeyError:
            directions = self.translation.directions
            self._study = optuna.create_study(study_name=name, storage=self._storage, directions=directions)
        if self._study.user_attrs.get(MIRRORED, run) != run:
            raise ValueError("it mirrors another run")
        if MIRRORED not in self._study.user_attrs:
            self._study.set_user_attr(MIRRORED, run)
        self._id = self._storage.get_study_id_from_name(name)
        describe(self._study, self.history, self.translation.objectives)
        self._complete()

    def _complete(self) -> None:
        """Add the trials and outcomes that the study lacks; trials that the history does not have become `FAIL`.

        Those are draws that a version without a record had begun when it was killed.
        """
        trials = self._study.get_trials(deepcopy=False)
        known = {t.user_attrs.get("number", t.number): t for t in trials}
        self._numbers = {number: trial.number for number, trial in known.items()}
        self._count = len(trials)
        for number, trial in known.items():
            if trial.state == TrialState.RUNNING and number not in self.history:
                self._study.tell(trial.number, state=TrialState.FAIL)
        for ours in self.history:
            if ours.number not in known or (known[ours.number].state == TrialState.FAIL and ours.state != "failed"):
                self._add(ours)  # one that is tried again: the study keeps its failed attempt too
            elif ours.state != "running" and known[ours.number].state == TrialState.RUNNING:
                self._finish(ours)

    def _take(self, event: Event) -> None:
        trial = self.history[event.number]
        match event:
            case Proposed() | Rejected() | Retried():
                self._add(trial)
            case Epoch() if len(self.translation.objectives) == 1:
                self._storage.set_trial_intermediate_value(self._trial_id(trial), event.epoch, event.score)
            case Finished():
                self._finish(trial)

    def _add(self, trial: Trial) -> None:
        self._study.add_trial(self.translation.trial(trial))
        self._numbers[trial.number] = self._count
        self._count += 1

    def _finish(self, trial: Trial) -> None:
        for name, value in trained(trial).items():
            self._storage.set_trial_user_attr(self._trial_id(trial), name, value)
        self._study.tell(self._numbers[trial.number], self.translation.values(trial), STATE[trial.state])

    def _trial_id(self, trial: Trial) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, self._numbers[trial.number])

    def _guarded(self, call: Callable[[], None]) -> None:
        """Call a function; its first error ends the mirror with one line on standard error, not the search."""
        if not self._works:
            return
        try:
            quietly(call)
        except Exception as error:
            self._works = False
            where = self.url.split("@")[-1] if self.url else STUDY  # without a password
            reason = " ".join(str(error).split()) or type(error).__name__
            say(
                f"archsearch: the run is no longer mirrored for Optuna in {where} ({reason}); the search goes on, and "
                "the next run of it completes the mirror"
            )
