"""A plot of the front."""

from __future__ import annotations

from pathlib import Path

from search.result import Result
from search.trial import Trial


def draw_front(result: Result, file: str | Path) -> Path:
    """Write a PNG: first unpriced objective against FLOPs for all scored trials, coloured by group, with the front.

    Returns the path of the file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    objective = next(o for o in result.objectives if not o.priced)
    scored = [t for t in result.trials if t.state == "scored"]
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name in sorted({t.group for t in scored}):
        points = [_point(t, objective.name) for t in scored if t.group == name]
        axes.plot(*zip(*points, strict=True), "o", label=name, markersize=5, alpha=0.75)
    corners = [_point(t, objective.name) for t in result.front]
    if corners:
        axes.step(*zip(*corners, strict=True), where="post", color="black", linewidth=1.2, label="front", zorder=0)
    axes.set_xscale("log")
    axes.set_xlabel("FLOPs of one example")
    task = str(result.history.settings.values.get("task", "")).split(" (")[0]
    axes.set_ylabel(f"validation {objective.name}")
    axes.set_title(f"{task}: {len(scored)} candidates, {len(corners)} on the front", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, title="symmetry", title_fontsize=8)
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=130)
    return file


def _point(trial: Trial, score: str) -> tuple[float, float]:
    """FLOPs and score of a trial."""
    assert trial.cost is not None
    return float(trial.cost.flops), trial.scores[score]
