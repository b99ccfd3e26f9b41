"""The command `archsearch`. Exit codes: 0 well, 1 a person's mistake or a failed check, 2 usage, 130 interrupted."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.architecture import Architecture, price
from archspec.document import SpecError, has_holes, parsed, read_file
from archspec.signal import SignalError

if TYPE_CHECKING:
    from spaces import Space

OK, MISTAKE, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a person's mistake is one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except (SpecError, SignalError) as error:
        return _complain(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    except RuntimeError as error:
        from search.drawing import Exhausted
        from search.store import RunError

        if isinstance(error, RunError | Exhausted):
            return _complain(error)
        raise


def _check(options: argparse.Namespace) -> int:
    what = _read_spec(options.spec)
    if isinstance(what, Architecture):
        cost = price(what)
        print(
            f"{options.spec}: fits together ({len(what.graph.nodes) - 1} nodes, {cost.flops:,} FLOPs, "
            f"{cost.params:,} parameters, hash {what.hash})"
        )
        for warning in what.warnings:
            print(f"warning: {warning}")
        return MISTAKE if options.strict and what.warnings else OK
    print(f"{options.spec}: a space of {what.size():,} architectures")
    for parameter in what.parameters():
        print(f"  {parameter}")
    return OK


def _cost(options: argparse.Namespace) -> int:
    what = _read_spec(options.spec)
    if not isinstance(what, Architecture):
        raise SpecError(f"{options.spec} is a space; its architectures differ in cost")
    cost = price(what)
    if options.json:
        print(json.dumps(cost.quantities()))
        return OK
    from rich.console import Console

    from search.tables import cost_table, node_table

    console = Console()
    console.print(node_table(what))
    console.print(cost_table(cost))
    return OK


def _search(options: argparse.Namespace) -> int:
    from search.loading import load_search

    search = load_search(options.file)
    if options.trials is not None:
        search.trials = options.trials
    directory = options.directory or Path("runs") / options.file.stem
    from search.progress import Watcher
    from search.tables import counts_line

    with Watcher() as watch:
        result = search.run(
            directory,
            backend=options.backend,
            workers=options.workers,
            address=options.address,
            hours=options.hours,
            watch=watch,
        )
    print(f"\n{counts_line(result)}\n\n{result.front}")
    return OK if len(result.front) else MISTAKE


def _status(options: argparse.Namespace) -> int:
    from search.result import Result
    from search.tables import counts_line

    result = Result.open(options.directory)
    known = result.study.user_attrs
    print(f"{options.directory}: {counts_line(result)}")
    print(
        f"task {known['task']} · {', '.join(known['objectives'])}"
        + (f" · {', '.join(known['constraints'])}" if known["constraints"] else "")
        + f" · seed {known['seed']}"
    )
    for trial in result.trials:
        if trial.state == "failed":
            print(f"trial {trial.number} failed: {trial.reason}")
    return OK


def _front(options: argparse.Namespace) -> int:
    from search.result import Result

    result = Result.open(options.directory)
    if options.json:
        rows = [
            {
                "trial": t.number,
                **t.scores,
                **(t.cost.quantities() if t.cost else {}),
                "architecture": t.architecture.to_data() if t.architecture else None,
            }
            for t in result.front
        ]
        print(json.dumps(rows))
    else:
        print(result.front)
    if options.plot:
        from search.plot import draw_front

        draw_front(result, options.plot)
    return OK if len(result.front) else _complain(f"{options.directory} has no scored trial yet")


def _export(options: argparse.Namespace) -> int:
    from search.result import Result

    result = Result.open(options.directory)
    trial = result.best(options.by) if options.trial is None else result.trial(options.trial)
    path = trial.export(options.to)
    print(f"trial {trial.number} written to {path}")
    return OK


def _new(options: argparse.Namespace) -> int:
    from search.starter import write_starter

    path = write_starter(options.directory)
    print(f"{path} is a search to begin from; run it with: archsearch search {path}")
    return OK


def _read_spec(path: Path) -> Architecture | Space:
    data = read_file(path)
    try:
        if has_holes(data):
            from spaces import Space

            return Space.from_data(data)
        architecture = parsed(Architecture, data)
        _ = architecture.graph
        return architecture
    except (SpecError, SignalError) as error:
        raise SpecError(f"{path}: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archsearch", description="Search for small, accurate, cheap networks on signals."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    sub = command("check", _check, "say whether an architecture or a space (JSON, YAML) fits together")
    sub.add_argument("spec", type=Path)
    sub.add_argument("--strict", action="store_true", help="fail on warnings too")
    sub = command("cost", _cost, "price an architecture, node by node")
    sub.add_argument("spec", type=Path)
    sub.add_argument("--json", action="store_true")
    sub = command("search", _search, "run the search that a Python file defines, or go on with it")
    sub.add_argument("file", type=Path)
    sub.add_argument("--directory", type=Path, help="of the run; by default runs/NAME-OF-THE-FILE")
    sub.add_argument("--trials", type=_positive, help="candidates to train, instead of those the file asks for")
    sub.add_argument("--hours", type=float, help="start no further candidate after this long")
    sub.add_argument("--backend", choices=("local", "ray"), default="local")
    sub.add_argument("--address", help="of a Ray cluster, such as auto")
    sub.add_argument("--workers", type=_positive, help="candidates trained at once; by default one a core")
    sub = command("status", _status, "say how far a run is")
    sub.add_argument("directory", type=Path)
    sub = command("front", _front, "show the front of a run")
    sub.add_argument("directory", type=Path)
    sub.add_argument("--plot", type=Path, help="write a PNG of it too")
    sub.add_argument("--json", action="store_true")
    sub = command("export", _export, "write the best trained network of a run as spec, weights and ONNX")
    sub.add_argument("directory", type=Path)
    sub.add_argument("--trial", type=int, help="this trial instead of the best")
    sub.add_argument("--by", default="accuracy_per_flop", help="what best means: accuracy_per_flop, or an objective")
    sub.add_argument("--to", type=Path, default=Path("best"), help="directory to write to")
    sub = command("new", _new, "write a search to begin from")
    sub.add_argument("directory", type=Path)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _complain(error: object) -> int:
    print(f"archsearch: {error}", file=sys.stderr)
    return MISTAKE


if __name__ == "__main__":
    sys.exit(main())
