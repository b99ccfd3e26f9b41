"""What an outcome comes to under the objectives and constraints of a search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from archspec.architecture import Architecture
from search.errors import RunError, said
from search.objectives import Constraint, Objective, is_recorded
from search.outcome import Failed, Outcome, Scored
from search.trial import Trial


def scored(
    trial: Trial, outcome: Outcome, objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> Outcome:
    """The outcome with every objective that is no quantity of the cost among its scores: a reopened run reads it.

    And with the excess of each constraint that training decides. It is `Failed` if an objective, what strategies learn
    of it, or what is limited, is not a finite number, or if one of them raises an error.
    """
    if not isinstance(outcome, Scored) or trial.cost is None:
        return outcome
    cost, scores = outcome.cost or trial.cost, dict(outcome.scores)
    for objective in objectives:
        try:
            found = [float(objective.value(cost, outcome.scores)), float(objective.told(cost, outcome.scores))]
        except Exception as error:
            return Failed(f"the objective {objective.name} cannot be computed: {said(error)}", outcome.seconds)
        if wrong := [number for number in found if not math.isfinite(number)]:
            return Failed(f"the objective {objective.name} is {wrong[0]}", outcome.seconds)
        if is_recorded(objective):
            scores[objective.name] = found[0]
    made, learned = trial.architecture, outcome.architecture is not None
    if outcome.architecture is not None:
        made = Architecture.from_data(outcome.architecture)
    after = [c for c in constraints if learned or c.trained or (outcome.cost is not None and c.priced)]
    try:
        excess = {str(c): c.excess(cost, made, outcome.scores) for c in after}
    except RunError as error:  # trained again, it would be the same
        return Failed(str(error), outcome.seconds)
    if unknown := [name for name, by in excess.items() if not math.isfinite(by)]:
        return Failed(f"the constraint {unknown[0]} cannot be decided: what it limits is not finite", outcome.seconds)
    return replace(outcome, scores=scores, excess=excess)
