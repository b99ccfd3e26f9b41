"""Plots of a run: its front, and its learning curves."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

from search.errors import RunError
from search.result import Result
from search.trial import Trial
from search.words import printable


def draw_front(result: Result, file: str | Path) -> Path:
    """Write a picture: first unpriced objective against FLOPs for all scored trials, coloured by group, with the front.

    Args:
        result: the run.
        file: a PNG, or another kind of picture by its suffix, such as SVG or PDF.

    Returns:
        The path of the file.

    Raises:
        RunError: there is no such kind of picture, the file cannot be written, or no objective is a score.
    """
    objective = next((o for o in result.objectives if not o.priced), None)
    if objective is None:
        raise RunError("there is nothing to draw: no objective of the run is a score")
    score = objective.name
    scored = [t for t in result.trials if t.state == "scored" and math.isfinite(t.scores.get(score, math.nan))]
    figure, axes = _axes()
    for name in sorted({t.group for t in scored}):
        points = [_point(t, score) for t in scored if t.group == name]
        axes.plot(*zip(*points, strict=True), "o", label=_literal(name), markersize=5, alpha=0.75)
    corners = [_point(t, score) for t in result.front if t in scored]
    if corners:
        axes.step(*zip(*corners, strict=True), where="post", color="black", linewidth=1.2, label="front", zorder=0)
        axes.legend(fontsize=8, title="symmetry", title_fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("FLOPs of one example")
    axes.set_ylabel(_literal(f"validation {score}"))
    axes.set_title(f"{_name(result)}: {len(scored)} candidates, {len(corners)} on the front", fontsize=10)
    return _saved(figure, file)


def draw_curves(result: Result, file: str | Path) -> Path:
    """Write a picture of the learning curves of all trials, those of the front in colour; arguments as `draw_front`.

    A curve is the validation score that selects the best weights, after each epoch.
    """
    figure, axes = _axes()
    front = set(result.front)
    for trial in sorted(result.trials, key=lambda trial: trial in front):
        if trial.curve:
            style = {"label": f"trial {trial.number}"} if trial in front else {"color": "0.8", "linewidth": 0.8}
            axes.plot(list(trial.curve), list(trial.curve.values()), marker=".", **style)
    if front:
        axes.legend(fontsize=8, title="the front", title_fontsize=8)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation score")
    axes.set_title(f"{_name(result)}: learning curves", fontsize=10)
    return _saved(figure, file)


def _axes() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    return figure, axes


def _saved(figure: Any, file: str | Path) -> Path:
    file = Path(file)
    file = file if file.suffix else file.with_suffix(".png")
    kinds = figure.canvas.get_supported_filetypes()
    if file.suffix[1:].lower() not in kinds:
        raise RunError(f"{file}: there is no picture of the kind {file.suffix}; use one of {', '.join(sorted(kinds))}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks
            figure.savefig(file, dpi=130)
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror or error}; give another file") from None
    return file


def _name(result: Result) -> str:
    return _literal(str(result.history.settings.values.get("task", "")).split(" (")[0])


def _literal(text: str) -> str:
    """Text from outside, of which matplotlib typesets no formulas, and which it does not take for a hidden label."""
    return printable(text, 80).replace("$", r"\$").lstrip("_")


def _point(trial: Trial, score: str) -> tuple[float, float]:
    """FLOPs and score of a trial."""
    return float(trial.cost.flops if trial.cost else 0), trial.scores[score]
