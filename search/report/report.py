"""The report of a run, in Markdown or HTML: its front, and which symmetry or other trait was best within a budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from search.choosing import none_feasible
from search.errors import RunError
from search.front import front_rows
from search.masks import NOT_LEARNED
from search.report.numbers import budgets, has_reference, numbers, within_budgets
from search.report.tables import counts_line, spent_line
from search.report.writing import write_named
from search.result import Result
from search.trial import Trial
from search.words import in_markdown, short

HTML = (".html", ".htm")


def write_report(result: Result, file: str | Path) -> Path:
    """Write the report as Markdown with pictures beside it, or, to a file `.html`, as one page that holds them.

    The pictures are of the front, learning curves, learned sizes and the anytime curve, as far as there are any.

    Returns:
        The path of the report.

    Raises:
        RunError: the file cannot be written.
    """
    file, text = Path(file), report(result)
    try:
        if file.is_dir():
            raise RunError(f"{file} is a directory; give the file to write the report to, such as {file / 'report.md'}")
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix.lower() in HTML:
            from search.report.page import page

            with TemporaryDirectory() as folder:
                text = page(text, _pictures(result, Path(folder) / file.name))
        else:
            pictures = _pictures(result, file)
            text += "".join(f"\n![{title}]({quote(path.name)})\n" for title, path in pictures.items())
        write_named(file, lambda path: path.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror or error}; give another file") from None
    return file


def _pictures(result: Result, file: Path) -> dict[str, Path]:
    """Draw the pictures of a report beside its file; their files, by title."""
    from search.report.plot import draw_anytime, draw_curves, draw_front, draw_sizes

    if _score(result) is None or not len(result.front):
        return {}
    pictures = {"The front": draw_front(result, file.with_suffix(".png"))}
    if any(trial.curve for trial in result.trials):
        pictures["Learning curves"] = draw_curves(result, file.with_name(f"{file.stem}-curves.png"))
    if any(trial.sizes for trial in result.front):
        pictures["Learned sizes"] = draw_sizes(result, file.with_name(f"{file.stem}-sizes.png"))
    if has_reference(result):
        pictures["The anytime curve"] = draw_anytime(result, file.with_name(f"{file.stem}-anytime.png"))
    return pictures


def report(result: Result) -> str:
    """The report of a run as Markdown text."""
    known = result.history.settings.values
    objectives = ", ".join(known.get("objectives", []))
    lines = [
        f"# {in_markdown(known.get('task', 'A search'))}",
        "",
        f"{counts_line(result)} · objectives: {in_markdown(objectives)} · seed {known.get('seed')}",
        "",
        in_markdown(spent_line(result)),
        "",
    ]
    left = [found for trial in result.trials for found in trial.notes.get(NOT_LEARNED, {}).items()]
    for name, why in dict(left).items():
        count = sum(name == other for other, _ in left)
        lines.append(
            f"{in_markdown(name)} was not learned in {count} of {len(result.trials)} trials: {in_markdown(why)}.\n"
        )
    if not len(result.front):
        why = none_feasible(result.trials)
        return "\n".join([*lines, in_markdown(why) if why else "No candidate has been scored yet.", ""])
    lines += ["## The front", "", *_front(result), "", *numbers(result)]
    score = _score(result)
    if score is not None:
        lines += [f"## {in_markdown(score.capitalize())} within a budget", "", *within_budgets(result, score), ""]
    scored = [t for t in result.trials if t.feasible and score is not None and not _is_nan(t, score)]
    compared: dict[str, Callable[[Trial], str]] = {"symmetry": attrgetter("group")}
    compared |= {name: partial(trait_of, name) for name in traits_of(scored)}
    for title, of in compared.items():
        if score is not None and len({of(t) for t in scored}) > 1:
            lines += [f"## Which {in_markdown(title)} paid", "", *_paid(scored, score, of, result), ""]
    if (found := result.correlations) is not None:
        lines += ["## Zero-cost proxies", "", *found.to_markdown(), ""]
    return "\n".join(lines)


def _score(result: Result) -> str | None:
    """The first objective that is a score; None if none is."""
    return next((o.name for o in result.objectives if not o.priced), None)


def _is_nan(trial: Trial, score: str) -> bool:
    return math.isnan(trial.scores.get(score, math.nan))


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


def _front(result: Result) -> list[str]:
    """A Markdown table with one row for each trial of the front."""
    names, rows = front_rows(result.front)
    measured = [str(trial.symmetry or "plain") for trial in result.front]
    table = [[*names, "symmetry, as measured"], *([*row, text] for row, text in zip(rows, measured, strict=True))]
    lines = [f"| {' | '.join(map(in_markdown, row))} |" for row in table]
    return [lines[0], f"|{'---|' * len(table[0])}", *lines[1:]]


def _paid(scored: Sequence[Trial], score: str, of: Callable[[Trial], str], result: Result) -> list[str]:
    """A Markdown table: for each budget the best score within it of each kind of trial, the best of all in bold."""
    objective = next(o for o in result.objectives if o.name == score)
    sign = 1 if objective.maximize else -1
    kinds = sorted({of(t) for t in scored})
    rows = [
        f"Best {in_markdown(score)} of a candidate within each budget. "
        "One training each: small differences are chance.",
        "",
        f"| FLOPs up to | {' | '.join(map(in_markdown, kinds))} | paid |",
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
        rows.append(f"| {short(budget)} | {' | '.join(cells)} | {in_markdown(winner)} |")
    return rows
