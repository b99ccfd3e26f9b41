"""How good a run was after how many epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from search.front import point
from search.hypervolume import hypervolumes
from search.objectives import Objective
from search.record.history import History
from search.trial import Trial


def anytime(history: History, objectives: Sequence[Objective], corner: Sequence[float]) -> list[tuple[int, float]]:
    """After each outcome of a run, the epochs spent on the outcomes so far, and the hypervolume of their front.

    Args:
        history: the trials.
        objectives: what the front is of.
        corner: the reference point, in the units of volumes.
    """
    trials = [history[number] for number in history.outcomes]
    volumes = hypervolumes([_point(trial, objectives) for trial in trials], corner)
    epochs, curve = 0, []
    for trial, volume in zip(trials, volumes, strict=True):
        epochs += history.trained(trial)
        curve.append((epochs, volume))
    return curve


def _point(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...] | None:
    if not trial.feasible:
        return None
    values = point(trial, objectives)
    return None if any(map(math.isnan, values)) else values
