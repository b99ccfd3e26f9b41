"""Trials and their learning curves as data frames of pandas."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from search.confirmed import Confirmed
from search.errors import RunError
from search.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


def trials_frame(trials: Iterable[Trial]) -> pd.DataFrame:
    """A row for each trial: state, scores, costs, proxies, epochs, seconds, reason, and the values that were decided.

    A value has the name of its parameter, with ` (value)` after it where another column has that name.

    Raises:
        RunError: pandas is not installed.
    """
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"state": trial.state, **trial.scores, **(trial.cost.quantities() if trial.cost else {})}
        row |= trial.proxies
        row |= {"epochs": trial.fidelity, "seconds": trial.seconds, "group": trial.group if trial.cost else None}
        rows.append((row | {"hash": trial.hash, "reason": trial.reason}, trial))
    taken = {name for row, _ in rows for name in row}
    known = [
        row | {f"{name} (value)" if name in taken else name: value for name, value in trial.values.items()}
        for row, trial in rows
    ]
    pandas = _pandas()
    return pandas.DataFrame(known, index=pandas.Index([trial.number for _, trial in rows], name="trial"))


def curves_frame(trials: Iterable[Trial]) -> pd.DataFrame:
    """The score that selects the best weights: a row for each epoch, from 1, and a column for each trial with epochs.

    Raises:
        RunError: pandas is not installed.
    """
    curves = {trial.number: dict(trial.curve) for trial in trials if trial.curve}
    pandas = _pandas()
    last = max((max(curve) for curve in curves.values()), default=0)
    frame = pandas.DataFrame(curves, index=pandas.RangeIndex(1, last + 1, name="epoch"))
    return frame.rename_axis(columns="trial")


def confirmations_frame(rows: Iterable[Confirmed]) -> pd.DataFrame:
    """A row for each training of confirmed trials: trial, seed, state, scores on validation and on test data.

    Raises:
        RunError: pandas is not installed.
    """
    known: list[dict[str, Any]] = []
    for row in rows:
        for trial in row.again:
            costs = trial.cost.quantities() if trial.cost else {}
            about = {"trial": row.trial.number, "seed": trial.seed, "state": trial.state, **trial.scores, **costs}
            known.append(about | {"epochs": trial.fidelity, "seconds": trial.seconds, "reason": trial.reason})
    return _pandas().DataFrame(known)


def _pandas() -> Any:
    try:
        return importlib.import_module("pandas")
    except ImportError as error:
        raise RunError("a data frame needs pandas: pip install 'archsearch[data]'") from error
