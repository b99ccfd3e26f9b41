"""The numbers of a run in its report: what was confirmed, the knee, the hypervolume, the best within budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from search.confirmation import NOT_CONFIRMED
from search.errors import RunError
from search.result import Result
from search.trial import Trial
from search.words import in_markdown, short

BUDGETS = 6


def numbers(result: Result) -> list[str]:
    """Paragraphs of Markdown on a front that is not empty."""
    confirmed, knee = result.confirmation, result.front.knee
    known = ", ".join(f"{o.name} {knee.scores[o.name]:.4f}" for o in result.objectives if o.name in knee.scores)
    lines = [in_markdown(confirmed.told.replace("\n", ". ")) if confirmed else NOT_CONFIRMED, ""]
    lines += [
        f"The knee, farthest from the line between the ends of the front: trial {knee.number}, {in_markdown(known)}, "
        f"{short(knee.cost.flops if knee.cost else 0)} FLOPs.",
        "",
    ]
    if has_reference(result):
        at = ", ".join(f"{name} {value:.4g}" for name, value in result.reference.items())
        lines += [f"Hypervolume {result.hypervolume():.4f}, up to the reference point {in_markdown(at)}.", ""]
    return lines


def within_budgets(result: Result, score: str) -> list[str]:
    """A Markdown table: for each budget of FLOPs the best trial within it, as found and as confirmed."""
    scored = [t for t in result.trials if t.feasible and not math.isnan(t.scores.get(score, math.nan))]
    found = [result.best(score, f"flops <= {budget}") for budget in budgets(scored)]
    confirmed = result.confirmation
    names = ["FLOPs up to", "trial", "found", *(["confirmed", "test"] if confirmed else [])]
    rows = [names, ["---"] * len(names)]
    for budget, trial in zip(budgets(scored), found, strict=True):
        row = confirmed.row(trial.number) if confirmed else None
        again = [str(row.validation(score)), str(row.test(score))] if row and row.scored else ["", ""]
        rows.append([short(budget), str(trial.number), f"{trial.scores[score]:.4f}", *(again if confirmed else ())])
    return [f"| {' | '.join(row)} |" for row in rows]


def has_reference(result: Result) -> bool:
    """Whether the run has a reference point for hypervolumes."""
    try:
        return bool(result.reference)
    except RunError:
        return False


def budgets(trials: Sequence[Trial]) -> list[int]:
    """Budgets in FLOPs, up to the most expensive trial, evenly spaced in their logarithm."""
    flops = sorted(t.cost.flops for t in trials if t.cost)
    low, high = math.log(max(flops[0], 1)), math.log(max(flops[-1], 1))
    return sorted({max(flops[0], round(math.exp(low + (high - low) * (i + 1) / BUDGETS))) for i in range(BUDGETS)})
