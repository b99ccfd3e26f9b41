"""The report of a run in Markdown: its front, and which symmetry (or other trait) was best within which budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path

from search.report.tables import counts_line
from search.result import Result
from search.trial import Trial
from search.words import short, summary

BUDGETS = 6


def write_report(result: Result, file: str | Path) -> Path:
    """Write the report as Markdown, and a plot of the front beside it as a PNG; returns the path of the report."""
    from search.report.plot import draw_front

    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = file.with_suffix(".png")
    text = report(result)
    if len(result.front):
        draw_front(result, picture)
        text += f"\n![The front]({picture.name})\n"
    file.write_text(text)
    return file


def report(result: Result) -> str:
    """The report of a run as Markdown text."""
    known = result.history.settings.values
    lines = [
        f"# {known.get('task', 'A search')}",
        "",
        f"{counts_line(result)} · objectives: {', '.join(known.get('objectives', []))} · seed {known.get('seed')}",
        "",
    ]
    if not len(result.front):
        return "\n".join([*lines, "No candidate has been scored yet.", ""])
    score = next(o.name for o in result.objectives if not o.priced)
    lines += ["## The front", "", *_front(result, score), ""]
    scored = [t for t in result.trials if t.state == "scored"]
    compared: dict[str, Callable[[Trial], str]] = {"symmetry": attrgetter("group")}
    compared |= {name: partial(trait_of, name) for name in traits_of(scored)}
    for title, of in compared.items():
        kinds = {of(t) for t in scored}
        if len(kinds) > 1:
            lines += [f"## Which {title} paid", "", *_paid(scored, score, of, result), ""]
    return "\n".join(lines)


def trait_of(name: str, trial: Trial) -> str:
    """The most frequent value of a trait among the blocks of a trial's network; `none` if no block has the trait."""
    assert trial.architecture is not None
    blocks = [node.block for node in trial.architecture.graph.nodes.values() if node.block]
    kinds = [traits[name] for block in blocks if name in (traits := block.traits())]
    return max(sorted(set(kinds)), key=kinds.count) if kinds else "none"


def traits_of(trials: Sequence[Trial]) -> list[str]:
    """The names of all traits of the blocks of these trials' networks, sorted."""
    nodes = [node for trial in trials if trial.architecture for node in trial.architecture.graph.nodes.values()]
    return sorted({name for node in nodes if node.block for name in node.block.traits()})


def budgets(trials: Sequence[Trial]) -> list[int]:
    """Budgets in FLOPs, up to the most expensive trial, evenly spaced in their logarithm."""
    flops = sorted(t.cost.flops for t in trials if t.cost)
    low, high = math.log(max(flops[0], 1)), math.log(max(flops[-1], 1))
    return sorted({round(math.exp(low + (high - low) * (i + 1) / BUDGETS)) for i in range(BUDGETS)})


def _front(result: Result, score: str) -> list[str]:
    """A Markdown table with one row for each trial of the front."""
    rows = [f"| trial | {score} | FLOPs | params | symmetry, as measured | architecture |", "|---|---|---|---|---|---|"]
    for trial in result.front:
        assert trial.cost is not None
        assert trial.architecture is not None
        rows.append(
            f"| {trial.number} | {trial.scores[score]:.4f} | {short(trial.cost.flops)} | {short(trial.cost.params)} | "
            f"{trial.symmetry or 'plain'} | {summary(trial.architecture)} |"
        )
    return rows


def _paid(scored: Sequence[Trial], score: str, of: Callable[[Trial], str], result: Result) -> list[str]:
    """A Markdown table: for each budget the best score within it of each kind of trial, the best of all in bold."""
    objective = next(o for o in result.objectives if o.name == score)
    sign = 1 if objective.maximize else -1
    kinds = sorted({of(t) for t in scored})
    rows = [
        f"Best {score} of a candidate within each budget. One training each: small differences are chance.",
        "",
        f"| FLOPs up to | {' | '.join(kinds)} | paid |",
        f"|{'---|' * (len(kinds) + 2)}",
    ]
    for budget in budgets(scored):
        best: dict[str, float] = {}
        for trial in scored:
            if trial.cost and trial.cost.flops <= budget and score in trial.scores:
                value = trial.scores[score]
                kind = of(trial)
                best[kind] = value if kind not in best else sign * max(sign * value, sign * best[kind])
        winner = max(best, key=lambda kind: sign * best[kind]) if best else "none"
        cells = [f"**{best[k]:.4f}**" if k == winner else f"{best[k]:.4f}" if k in best else "" for k in kinds]
        rows.append(f"| {short(budget)} | {' | '.join(cells)} | {winner} |")
    return rows
