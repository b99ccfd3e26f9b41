"""The commands, one function each. Exit codes: 0 success, 1 a user's mistake or a failed check."""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.architecture import Architecture, price
from archspec.schema.document import SpecError
from search.cli.loading import load_search, open_run, read_spec
from search.words import printable, say

if TYPE_CHECKING:
    from search.confirmed import Confirmed
    from search.trial import Trial

OK, MISTAKE = 0, 1
MOST_COMPLAINED = 2000  # characters of a line


def cost(options: argparse.Namespace) -> int:
    """Price an architecture, node by node."""
    what = read_spec(options.spec)
    if not isinstance(what, Architecture):
        raise SpecError(f"{options.spec} is a space, and its architectures differ in cost; give an architecture")
    cost = price(what, options.target)
    if options.json:
        print(json.dumps(cost.quantities()))
        return OK
    from rich.console import Console

    from search.report.tables import cost_table, node_table

    console = Console()
    console.print(node_table(what, options.target))
    console.print(cost_table(cost))
    return OK


def draw(options: argparse.Namespace) -> int:
    """Draw an architecture or a space as a tree of its blocks."""
    what = read_spec(options.spec)
    drawn = str((what if isinstance(what, Architecture) else what.template).draw(options.target))
    print("\n".join(map(printable, drawn.splitlines())))
    return OK


def search(options: argparse.Namespace) -> int:
    """Run the search that a file defines, or resume it."""
    search = load_search(options.file, options.task)
    if options.trials is not None:
        search.trials = options.trials
    if options.strategy is not None:
        search.strategy = options.strategy
    if options.warm_start is not None:
        search.warm_start = options.warm_start
    directory = options.directory or Path("runs") / options.file.stem
    _be_verbose(options)
    from search.choosing import none_feasible
    from search.report.progress import Watcher
    from search.report.tables import counts_line

    with Watcher(sys.stdout) as watch:
        result = search.run(
            directory,
            hours=options.hours,
            watch=watch,
            optuna_storage=options.optuna_storage,
            retry_failed=options.retry_failed,
            total_epochs=options.total_epochs,
            total_flops=options.total_flops,
            keep=options.keep,
            **_where(options),
        )
    print(f"\n{counts_line(result)}\n\n{result.front}")
    if why := none_feasible(result.trials):
        print(printable(why))
    return OK if len(result.front) else MISTAKE


def _be_verbose(options: argparse.Namespace) -> None:
    if options.verbose:
        logging.getLogger("search").setLevel(logging.INFO)


def _where(options: argparse.Namespace) -> dict[str, Any]:
    """Where candidates are trained, and what each takes there, as `Search.run` and `Result.confirm` ask for it."""
    names = ("backend", "workers", "address", "cpus", "gpus", "memory", "storage")
    return {name: getattr(options, name) for name in names}


def status(options: argparse.Namespace) -> int:
    """Show how many trials of a run are in each state, its settings, and why trials failed."""
    from search.confirmation import NOT_CONFIRMED
    from search.report.tables import counts_line, spent_line

    result = open_run(options.directory, options.file)
    known = result.history.settings.values
    print(f"{printable(options.directory)}: {counts_line(result)}")
    listed = [", ".join(known.get(name, [])) for name in ("objectives", "constraints")]
    told = [f"task {known.get('task')}", *filter(None, listed), f"seed {known.get('seed')}"]
    target = known.get("target", "torch")
    print(" · ".join(map(printable, [*told, f"priced for {target}"] if target != "torch" else told)))
    print(spent_line(result))
    if carried := result.history.settings.carried:
        print(f"{carried} of them carried over by a warm start")
    if confirmed := result.confirmation:
        print(confirmed.summary)
    elif result.counts()["scored"]:
        print(NOT_CONFIRMED)
    for trial in result.trials:
        if trial.state == "failed":
            print(f"trial {trial.number} failed: {printable(trial.reason)}")
        elif trial.state == "scored" and trial.reason:
            print(f"trial {trial.number} {printable(trial.reason)}")
    return OK


def front(options: argparse.Namespace) -> int:
    """Show the front of a run, as a table, JSON or a plot."""
    from search.confirmation import NOT_CONFIRMED

    result = open_run(options.directory, options.file)
    if options.json:
        confirmed = result.front.confirmed
        print(json.dumps([_row(trial) | _confirmed(confirmed.get(trial.number)) for trial in result.front]))
    elif len(result.front):
        confirmation = result.confirmation
        print(f"{result.front}\n\n{confirmation.told if confirmation else NOT_CONFIRMED}")
    if options.plot:
        from search.report.plot import draw_front

        draw_front(result, options.plot)
    return OK if len(result.front) else complain(f"{options.directory} has no scored trial yet")


def _row(trial: Trial) -> dict[str, Any]:
    """A trial for scripts; null stands for a number that JSON does not have."""
    scores = {name: value if math.isfinite(value) else None for name, value in trial.scores.items()}
    costs = trial.cost.quantities() if trial.cost else {}
    spec = trial.architecture.to_data() if trial.architecture else None
    return {"trial": trial.number, **scores, **costs, "architecture": spec}


def _confirmed(row: Confirmed | None) -> dict[str, Any]:
    """What confirmed a trial, for scripts: of each score, those on test data too, the mean and a 95 % interval."""
    if row is None or not row.scored:
        return {}
    estimates = {score: row.validation(score) for score in row.scored[0].scores}
    known = {
        score: {"mean": value.mean, "interval": value.interval() if len(value.values) > 1 else None}
        for score, value in estimates.items()
        if math.isfinite(value.mean)
    }
    return {"confirmed": {"seeds": [trial.seed for trial in row.scored], **known}}


def confirm(options: argparse.Namespace) -> int:
    """Train the front of a search again from fresh seeds, and score it once on test data."""
    from search.result import Result

    search = load_search(options.file, options.task)
    directory = options.directory or Path("runs") / options.file.stem
    result = Result(directory, search.objectives, search.task)
    _be_verbose(options)

    def watch(line: str) -> None:
        say(line, sys.stdout)

    confirmation = result.confirm(options.seeds, options.trial, watch=watch, **_where(options))
    print(f"\n{confirmation}")
    return OK if confirmation.rows else complain(f"{directory} has no scored trial yet")


def export(options: argparse.Namespace) -> int:
    """Export a trained network of a run."""
    result = open_run(options.directory, options.file)
    trial = result.best(options.by) if options.trial is None else result.trial(options.trial)
    path = trial.export(options.to, options.overwrite, options.format)
    early = f"; it has paused after {trial.fidelity} of its epochs, train it whole" if trial.state == "stopped" else ""
    print(f"trial {trial.number} written to {printable(path)}{early}")
    return OK


def report(options: argparse.Namespace) -> int:
    """Print the report of a run, or write it to a file."""
    from search.report.report import report as markdown
    from search.report.report import write_report

    result = open_run(options.directory, options.file)
    if options.to is None:
        print(markdown(result))
    else:
        print(f"written to {printable(write_report(result, options.to))}")
    return OK


def symmetry(options: argparse.Namespace) -> int:
    """Measure the equivariance of an architecture with random weights, or of an exported network."""
    import torch

    from archspec.exporting.torch_files import load
    from archspec.lowering import lower
    from archspec.symmetry.certifying import certify, settle
    from search.report.tables import symmetry_table

    if options.spec.is_dir():
        model = load(options.spec)
    else:
        what = read_spec(options.spec)
        if not isinstance(what, Architecture):
            raise SpecError(f"{options.spec} is a space; certify one of its architectures")
        torch.manual_seed(options.seed)
        model = lower(what)
        settle(model, options.seed)
    try:
        certificate = certify(model, options.group, seed=options.seed)
    except ValueError as error:
        raise SpecError(str(error)) from None
    if options.json:
        print(json.dumps(certificate.to_data()))
    else:
        from rich.console import Console

        Console().print(symmetry_table(certificate))
        print(certificate)
    return MISTAKE if certificate.verdict == "broken" else OK


def new(options: argparse.Namespace) -> int:
    """Write a file with an example search."""
    from search.cli.starter import write_starter

    path = write_starter(options.directory, options.kind, options.data)
    print(f"{path} is a search to begin from; run it with: archsearch search {path}")
    return OK


def complain(error: object) -> int:
    """Print an error as one line on standard error, or a line for each of several mistakes; returns exit code 1."""
    mistakes = getattr(error, "mistakes", ())
    lines = [f"{len(mistakes)} things do not fit:", *mistakes] if len(mistakes) > 1 else [error]
    print("archsearch: " + "\n  - ".join(printable(line, MOST_COMPLAINED) for line in lines), file=sys.stderr)
    return MISTAKE
