"""The best trial of a run by an objective, a score or a cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from archspec.graph.cost import Cost
from search.constraints import QUANTITIES
from search.directions import direction_of
from search.errors import RunError
from search.front import flops_of, smaller_is_better
from search.objectives import Constraint, Objective, maximize, minimize, parse_constraint, parse_objective
from search.record.history import History
from search.trial import Trial

ACCURACY_PER_FLOP = "accuracy_per_flop"


def best_of(
    history: History,
    objectives: Sequence[Objective],
    by: str | None = None,
    within: str | Constraint | Sequence[str | Constraint] = (),
) -> Trial:
    """The best scored trial, the cheapest of equal ones; arguments and errors as of `Result.best`."""
    limits = [parse_constraint(x) for x in ([within] if isinstance(within, str | Constraint) else within)]
    scored = [t for t in history if t.feasible]
    if not scored:
        raise RunError(f"{none_feasible(history) or 'no trial of this run has been scored'}; let it run on")
    if not isinstance(by, str | None):
        raise RunError(f"best takes the name of an objective, a score or a cost, not {by!r}")
    objective = _objective(by, history, objectives) if by else _default(scored[0], objectives)
    kept = [t for t in scored if all(limit.excess(t.cost or Cost(), t.architecture, t.scores) <= 0 for limit in limits)]
    if not kept:
        raise RunError(f"no scored trial keeps {', '.join(map(str, limits))}; take a larger limit")
    valued = [(smaller_is_better(t, [objective]), flops_of(t), t) for t in kept]
    known = [(values, flops, t) for values, flops, t in valued if not math.isnan(values[0])]
    if not known:
        raise RunError(f"{objective.name} is not a number for any trial of this run; choose by another score")
    return min(known, key=lambda found: found[:2])[2]


def none_feasible(trials: Iterable[Trial]) -> str | None:
    """In words, if trials were scored and all break a constraint, that of the one which comes nearest; else None."""
    scored = [t for t in trials if t.state == "scored"]
    if not scored or any(t.feasible for t in scored):
        return None
    nearest = min(scored, key=lambda t: max(t.excess.values()))
    return f"every scored trial breaks a constraint, and trial {nearest.number} comes nearest: it {nearest.reason}"


def accuracy_per_flop(trial: Trial) -> float:
    """The value of the objective `accuracy_per_flop` for a trial."""
    return maximize(ACCURACY_PER_FLOP).value(trial.cost or Cost(), trial.scores)


def _default(trial: Trial, objectives: Sequence[Objective]) -> Objective:
    known = any(objective.name == "accuracy" for objective in objectives) or "accuracy" in trial.scores
    if not known and not objectives:
        raise RunError("the run records no objective; say what best means: best('loss')")
    return maximize(ACCURACY_PER_FLOP) if known else objectives[0]


def _objective(by: str, history: History, objectives: Sequence[Objective]) -> Objective:
    """The objective that is written as `by`, or has this name."""
    if " " in by.strip():
        try:
            return parse_objective(by)
        except ValueError as error:
            raise RunError(str(error)) from None
    for objective in objectives:
        if objective.name == by:
            return objective
    if by in QUANTITIES:
        return minimize(by)
    recorded = history.settings.values.get("directions", {})
    large = True if by == ACCURACY_PER_FLOP else recorded.get(by, direction_of(by))
    if large is not None:
        return maximize(by) if large else minimize(by)
    known = sorted({name for trial in history for name in trial.scores})
    if by not in known:
        raise RunError(f"there is no score {by!r}; there are {', '.join(known)} and the costs {', '.join(QUANTITIES)}")
    raise RunError(f"whether {by} is to be large is not known; write 'maximize {by}' or 'minimize {by}'")
