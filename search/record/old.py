"""Runs of versions without a record, which were stored as an Optuna study alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from search.errors import RunError
from search.events import Event, Finished, Proposed, Rejected
from search.outcome import from_record
from search.record.history import Settings
from search.record.journal import MIRRORED, STUDY, journal_storage
from search.record.lines import new_settings
from search.record.studies import quietly
from search.trial import Trial
from search.words import printable


def read_journal(journal: Path) -> tuple[Settings, list[Event]] | None:
    """Settings and events of the run in a journal; None if the journal holds no study.

    Raises:
        RunError: the file is not a journal of Optuna, or it only mirrors a run, whose record is gone.
    """
    try:
        storage = journal_storage(journal)
        try:
            study = quietly(optuna.load_study, study_name=STUDY, storage=storage)
        except KeyError:
            return None
        trials = study.get_trials(deepcopy=False)
        mirrors = MIRRORED in study.user_attrs
        events = [] if mirrors else list(_events(trials))
    except Exception as error:  # Optuna replays whatever stands in the file
        reason = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise RunError(
            f"{journal} cannot be read: {printable(reason or type(error).__name__, 200)}; put the whole file back"
        ) from None
    if mirrors:
        raise RunError(
            f"the record of the run in {journal.parent} is gone, and {journal.name} only mirrors it; put the record "
            "back, or use another directory"
        )
    if not trials and "task" not in study.user_attrs:
        return None  # it was killed before its settings were written
    # The old sampler had been told the outcomes of the candidates whose state in the study is final.
    told = sum("architecture" in trial.user_attrs and trial.state.is_finished() for trial in trials)
    return new_settings(study.user_attrs, len(trials), told), events


def _events(trials: Sequence[FrozenTrial]) -> Iterator[Event]:
    for trial in trials:
        attributes: dict[str, Any] = trial.user_attrs
        drawn = {"number": trial.number, "values": dict(trial.params), "excess": dict(trial.constraints)}
        if "rejected" in attributes:
            slot, reason = attributes["slot"], attributes["rejected"]
            yield Rejected(Trial.from_data({**drawn, "slot": slot, "reason": reason}))
        elif "architecture" in attributes:  # set last: without it, the run was killed while the trial was being drawn
            more = {name: attributes[name] for name in ("slot", "hash", "cost", "seed")}
            more["architecture"] = json.loads(attributes["architecture"])
            # What the sampler stored with the trial; the excess over limits is in `constraints`.
            more["notes"] = {name: value for name, value in trial.system_attrs.items() if name.startswith("tpe:")}
            yield Proposed(Trial.from_data({**drawn, **more}))
            if "outcome" in attributes:
                yield Finished(trial.number, from_record(attributes["outcome"]))
