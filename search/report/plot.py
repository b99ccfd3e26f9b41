"""Plots of a run: its front, and its learning curves."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

from search.confirmed import Confirmed
from search.errors import RunError
from search.report.writing import write_named
from search.result import Result
from search.trial import Trial
from search.words import printable


def draw_front(result: Result, file: str | Path) -> Path:
    """Write a picture: first unpriced objective against FLOPs for all scored trials, coloured by group, with the front.

    What the search found on validation data is hollow. What was confirmed is filled: the mean on test data over fresh
    seeds, with its 95 % interval; the dashed front is of those. Intervals of few seeds may be far longer
    than the scores differ: they are cut off at the edge of the picture.

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
    rows = [row for row in confirmed.rows if row.scored] if (confirmed := result.confirmation) else []
    for name in sorted({t.group for t in scored}):
        points = [_point(t, score) for t in scored if t.group == name]
        (drawn,) = axes.plot(
            *zip(*points, strict=True), "o", label=_literal(name), markersize=5, markerfacecolor="none"
        )
        for row in (row for row in rows if row.trial.group == name):
            _draw_confirmed(axes, row, score, drawn.get_color())
    for label, corners, style in (
        ("front, found", [_point(t, score) for t in result.front if t in scored], "-"),
        ("front, confirmed", [_tested(row, score) for row in confirmed.front] if confirmed else [], "--"),
    ):
        if corners:
            x, y = zip(*corners, strict=True)
            axes.step(x, y, style, where="post", color="black", linewidth=1.2, label=label, zorder=0)
            axes.legend(fontsize=8, title="symmetry", title_fontsize=8)
    _frame(axes, [y for _, y in (*(_point(t, score) for t in scored), *(_tested(row, score) for row in rows))])
    axes.set_xscale("log")
    axes.set_xlabel("FLOPs of one example")
    axes.set_ylabel(_literal(f"{score}: ○ found, validation" + ("; ● confirmed, test" if rows else "")))
    axes.set_title(f"{_name(result)}: {len(scored)} candidates, {len(result.front)} on the front", fontsize=10)
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


def draw_sizes(result: Result, file: str | Path) -> Path:
    """Write a picture of the sizes of the front's trials as they were learned; arguments as `draw_front`.

    A size is drawn as a share of its last value, after each epoch in which it was learned.
    """
    figure, axes = _axes()
    for trial in result.front:
        for style, (name, sizes) in zip(("-", "--", ":", "-."), trial.sizes.items(), strict=False):
            shares = [size / sizes[-1] for size in sizes]
            label = f"trial {trial.number}: {_literal(name)} {sizes[-1]:.1f}"
            axes.plot(range(1, len(shares) + 1), shares, style, color=f"C{result.front.index(trial) % 10}", label=label)
    axes.legend(fontsize=6, title="at the end", title_fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.set_xlabel("epoch")
    axes.set_ylabel("share of the last size")
    axes.set_title(f"{_name(result)}: sizes as they were learned", fontsize=10)
    return _saved(figure, file)


def draw_anytime(result: Result, file: str | Path) -> Path:
    """Write a picture of the hypervolume of what was found against the epochs spent; arguments as `draw_front`.

    Raises:
        RunError: the run has no reference point; otherwise as `draw_front`.
    """
    figure, axes = _axes()
    epochs, volumes = zip(*[(0, 0.0), *result.anytime()], strict=True)
    axes.step(epochs, volumes, where="post", color="black", linewidth=1.2)
    axes.set_xlabel("epochs spent")
    at = ", ".join(f"{name} {value:.4g}" for name, value in result.reference.items())
    axes.set_ylabel("hypervolume")
    axes.set_title(f"{_name(result)}: hypervolume up to {_literal(at)}", fontsize=10)
    return _saved(figure, file)


def _draw_confirmed(axes: Any, row: Confirmed, score: str, color: str) -> None:
    """A filled point for a confirmed trial, with the interval of its test score if there is one."""
    (x, y), tested = _tested(row, score), row.test(score)
    half = tested.half() if len(tested.values) > 1 else None
    axes.errorbar([x], [y], yerr=half, fmt="o", color=color, markersize=5, capsize=2, elinewidth=0.8)


def _frame(axes: Any, scores: list[float]) -> None:
    """Show all scores, and of what is drawn beyond them as much again at the most."""
    if scores:
        low, high = min(scores), max(scores)
        room = high - low or abs(high) or 1.0
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, low - room), min(top, high + room))


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
    kind, kinds = file.suffix[1:].lower(), figure.canvas.get_supported_filetypes()
    if kind not in kinds:
        raise RunError(f"{file}: there is no picture of the kind {file.suffix}; use one of {', '.join(sorted(kinds))}")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks
            write_named(file, lambda path: figure.savefig(path, dpi=130, format=kind))
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror or error}; give another file") from None
    return file


def _name(result: Result) -> str:
    return _literal(str(result.history.settings.values.get("task", "")).split(" (")[0])


def _literal(text: str) -> str:
    """Text from outside, of which matplotlib typesets no formulas, and which it does not take for a hidden label."""
    return printable(text, 80).replace("$", r"\$").lstrip("_")


def _tested(row: Confirmed, score: str) -> tuple[float, float]:
    """Mean FLOPs and mean test score of a confirmed trial."""
    return _point(row.expected, score)[0], row.test(score).mean


def _point(trial: Trial, score: str) -> tuple[float, float]:
    """FLOPs and score of a trial."""
    return float(trial.cost.flops if trial.cost else 0), trial.scores[score]
