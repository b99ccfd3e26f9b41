"""What an untrained network tells of its score: Kendall's τ of each proxy, and of parameters and FLOPs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.objectives import Objective
from search.record.history import History
from search.words import as_text, in_markdown, plain_table

Floats = npt.NDArray[np.float64]
# What a proxy must beat: both are known of an architecture without a network.
TRIVIAL = ("params", "flops")
# Resamples of the bootstrap; trials below which no interval is to be trusted, and above which there are enough.
RESAMPLES, LEAST, MOST = 1_000, 10, 1_000
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Correlation:
    """Kendall's τ-b of a proxy with a score, and its 95 % interval by a bootstrap over trials.

    Attributes:
        name: the proxy, or a cost.
        tau: above 0 if what has more of it scores better; NaN if all have as much.
        low: lower end of the interval.
        high: upper end of the interval.
        count: number of trials that have the proxy.
        better: whether |τ| is larger than that of parameters and that of FLOPs, each by the interval of the difference.
    """

    name: str
    tau: float
    low: float
    high: float
    count: int
    better: bool = False


@dataclass(frozen=True)
class Correlations:
    """The rank correlations of proxies with a score, printed as a table and a sentence.

    Attributes:
        score: the name of the score.
        rows: those of parameters and FLOPs, then those of the proxies.
    """

    score: str
    rows: tuple[Correlation, ...]

    @property
    def told(self) -> str:
        """In a sentence, which proxies are better than both parameters and FLOPs."""
        better = ", ".join(row.name for row in self.rows if row.better)
        return f"Better than both parameters and FLOPs: {better or 'no proxy, as far as this shows'}."

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The headings and the rows, as text."""
        rows = [[r.name, f"{r.tau:.2f}", f"{r.low:.2f} to {r.high:.2f}", str(r.count)] for r in self.rows]
        return ["proxy", f"Kendall's τ with {self.score}", "95 % interval", "trials"], rows

    def to_markdown(self) -> list[str]:
        """The table and the sentence, as lines of Markdown."""
        names, rows = self.table()
        lines = [f"| {' | '.join(map(in_markdown, row))} |" for row in (names, *rows)]
        return [lines[0], f"|{'---|' * len(names)}", *lines[1:], "", in_markdown(self.told)]

    def __str__(self) -> str:
        return f"{as_text(plain_table(*self.table(), left=('proxy',)))}\n\n{self.told}"


def correlations_in(history: History, objectives: Sequence[Objective]) -> Correlations | None:
    """Those of a run: of the proxies and drawn costs of its scored trials with its first objective that is a score.

    None if no scored trial has proxies.
    """
    objective = next((o for o in objectives if not o.priced), None)
    scored = [trial for trial in history if trial.state == "scored" and trial.proxies]
    if objective is None or not scored:
        return None
    costs = {draw.number: draw.trial.cost for draw in history.draws}  # as they were known before the training
    values: dict[str, Sequence[float]] = {}
    for name in TRIVIAL:
        values[name] = [cost.quantities()[name] if (cost := costs[trial.number]) else np.nan for trial in scored]
    for name in dict.fromkeys(name for trial in scored for name in trial.proxies):
        values[name] = [trial.proxies.get(name, np.nan) for trial in scored]
    sign = 1 if objective.maximize else -1
    return correlations(values, [sign * trial.scores.get(objective.name, np.nan) for trial in scored], objective.name)


def correlations(values: Mapping[str, Sequence[float]], scores: Sequence[float], name: str) -> Correlations:
    """The rank correlations of values with scores.

    Args:
        values: `params`, `flops` and proxies, by name, one number for each network; NaN where it has none.
        scores: the score of each network; larger is better. Of more than 1,000, those are taken that are drawn.
        name: the name of the score.
    """
    known = np.flatnonzero(np.isfinite(np.asarray(scores, dtype=np.float64)))
    if len(known) > MOST:
        known = np.sort(np.random.default_rng(0).choice(known, MOST, replace=False))
    score = np.asarray(scores, dtype=np.float64)[known]
    columns = {key: np.asarray(column, dtype=np.float64)[known] for key, column in values.items()}
    return Correlations(name, tuple(_correlation(key, columns, score) for key in values))


def _correlation(name: str, columns: Mapping[str, Floats], score: Floats) -> Correlation:
    has = np.isfinite(columns[name])
    counts = resampled(int(has.sum()))

    def taus(of: str) -> Floats:
        return kendall(columns[of][has], score[has], counts)

    found = taus(name)
    better = name not in TRIVIAL and has.sum() >= LEAST
    for trivial in TRIVIAL if better else ():
        other = taus(trivial)
        better = better and _low(np.sign(found[0]) * found - np.sign(other[0]) * other) > 0
    low, high = np.nanquantile(found, INTERVAL) if np.isfinite(found).any() else (np.nan, np.nan)
    return Correlation(name, float(found[0]), float(low), float(high), int(has.sum()), bool(better))


def resampled(count: int, times: int = RESAMPLES) -> Floats:
    """(1 + times, count): how often each of so many is taken by a bootstrap; in the first row, once."""
    if not count:
        return np.ones((1, 0))
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), times)
    return np.vstack([np.ones(count), drawn])


def _low(differences: Floats) -> float:
    """The lower end of the interval of a difference; NaN where there is none."""
    return float(np.quantile(differences, INTERVAL[0]))


def kendall(x: Floats, y: Floats, counts: Floats) -> Floats:
    """Kendall's τ-b of two columns (n,), once for each row of counts (b, n): how often each of their rows is taken.

    It is NaN where all that is taken is equal in a column.
    """
    a, b = (np.sign(column[:, None] - column[None]).astype(np.float32) for column in (x, y))
    weights = counts.astype(np.float32)

    def total(pairs: npt.NDArray[np.float32]) -> Floats:
        found: Floats = ((weights @ pairs) * weights).sum(1, dtype=np.float64)
        return found

    with np.errstate(invalid="ignore"):
        found: Floats = total(a * b) / np.sqrt(total(a * a) * total(b * b))
    return found
