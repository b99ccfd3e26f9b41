"""The command `archsearch`. Exit codes: 0 success, 1 a user's mistake or a failed check, 2 usage, 130 interrupted."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from archspec.doors import Unknown
from archspec.geometry.fourier import TARGETS
from archspec.graph.signal import SignalError
from archspec.schema.document import SpecError
from search.backends.resources import Resources
from search.cli import checking, commands
from search.numbers import most
from search.words import printable, say, write_out_what_is_unknown

OK, INTERRUPTED = 0, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is reported in one line on standard error."""
    write_out_what_is_unknown(sys.stdout)
    options = _parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _remark
        return _done(options)


def _remark(message: Warning | str, *_: Any, **__: Any) -> None:
    """Show a warning as a line, without the place in the code that it comes from."""
    say(f"archsearch: {message}")


def _done(options: argparse.Namespace) -> int:
    try:
        code: int = options.run(options)
        if sys.stdout is not None:  # as where it is closed: `>&-`
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (SpecError, SignalError, Unknown, UserWarning) as error:
        return commands.complain(error)
    except OSError as error:
        if error.strerror:
            return commands.complain(f"{error.filename or 'the output'}: {error.strerror}")
        return commands.complain(str(error).replace("overwrite=True", "--overwrite"))  # of an export, which says so
    except KeyboardInterrupt:
        goes_on = options.run in (commands.search, commands.confirm)
        print("stopped; the same command resumes the search" if goes_on else "stopped", file=sys.stderr)
        return INTERRUPTED
    except RuntimeError as error:
        from archspec.exporting.agreement import Disagreement
        from search.drawing import Exhausted
        from search.errors import RunError

        if isinstance(error, RunError | Exhausted | Disagreement):
            return commands.complain(error)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archsearch", description="Search for small, accurate, cheap networks on signals."
    )
    parser.add_argument("--version", action="version", version=f"archsearch {package_version()}")
    known = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = known.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    sub = command("check", checking.check, "check that a spec (JSON, YAML) or a search (Python file) fits together")
    sub.add_argument("spec", type=Path, help="an architecture or a space (YAML, JSON), or a Python file with a Search")
    sub.add_argument("--strict", action="store_true", help="fail on warnings too")
    sub = command("cost", commands.cost, "price an architecture, node by node")
    sub.add_argument("spec", type=Path, help="an architecture (YAML, JSON)")
    sub.add_argument("--json", action="store_true", help="print the sums alone, as JSON")
    sub.add_argument("--target", choices=TARGETS, default="torch", help="what runs it: torch on a CPU, cuda, onnx")
    sub = command("draw", commands.draw, "draw an architecture or a space as a tree of its blocks")
    sub.add_argument("spec", type=Path, help="an architecture or a space (YAML, JSON)")
    sub.add_argument("--target", choices=TARGETS, default="torch", help="what runs it: torch on a CPU, cuda, onnx")
    sub = command("search", commands.search, "run the search that a file defines, or resume it")
    sub.add_argument("file", type=Path, help="a Python file that holds a Search, or a space (JSON, YAML)")
    sub.add_argument("--task", help="name of the task to search a space on, such as digits")
    sub.add_argument("--directory", type=_named, help="directory of the run; by default runs/NAME-OF-THE-FILE")
    sub.add_argument("--trials", type=_positive, help="number of candidates to train, instead of the file's")
    sub.add_argument("--hours", type=_hours, help="hours after which the search ends; the same command resumes it")
    sub.add_argument("--total-epochs", type=_amount, metavar="N", help="epochs of all candidates that end the search")
    sub.add_argument("--total-flops", type=_amount, metavar="N", help="FLOPs of training that end it, such as 2P")
    sub.add_argument("--keep", type=_keep, default="all", help="whose weights to keep: all, front, or how many ranks")
    sub.add_argument("--retry-failed", action="store_true", help="train the candidates again that have failed")
    sub.add_argument("--strategy", help="front, gradient, random … (docs/runs.md), instead of the file's")
    _where(sub)
    sub.add_argument("--warm-start", metavar="RUN", help="an older run, whose results are taken over or tried first")
    sub.add_argument("--optuna-storage", metavar="URL", help="database to mirror the run in, for optuna-dashboard")
    sub = command("status", commands.status, "show how many trials of a run are in each state")
    sub.add_argument("directory", type=Path, help="the directory of a run")
    _file(sub)
    sub = command("front", commands.front, "show the front of a run")
    sub.add_argument("directory", type=Path, help="the directory of a run")
    _file(sub)
    sub.add_argument("--plot", type=Path, help="also write a plot of it to this PNG file")
    sub.add_argument("--json", action="store_true", help="print scores, costs and architectures as JSON")
    sub = command("confirm", commands.confirm, "train the front of a search again from fresh seeds, and test it")
    sub.add_argument("file", type=Path, help="the file of the search, as for the command search")
    sub.add_argument("--task", help="name of the task, if the file is a space")
    sub.add_argument("--directory", type=_named, help="directory of the run; by default runs/NAME-OF-THE-FILE")
    sub.add_argument("--seeds", type=_positive, default=3, help="fresh seeds for each trial; by default 3")
    sub.add_argument("--trial", type=int, action="append", help="this trial instead of the front; may be repeated")
    _where(sub)
    sub = command("export", commands.export, "write the best trained network of a run as spec, weights and ONNX")
    sub.add_argument("directory", type=Path, help="the directory of a run")
    _file(sub)
    sub.add_argument("--trial", type=int, help="this trial instead of the best")
    sub.add_argument("--by", help="what best means: accuracy_per_flop, an objective, a score, or 'minimize SCORE'")
    sub.add_argument("--to", type=_named, default=Path("best"), help="directory to write to")
    sub.add_argument(
        "--format", action="append", help="onnx, source, pt2, or one that a package registers; may be repeated"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace whatever is in that directory")
    sub = command("report", commands.report, "report on a run: its front, and which symmetry was best at which budget")
    sub.add_argument("directory", type=Path, help="the directory of a run")
    _file(sub)
    sub.add_argument(
        "--to",
        type=Path,
        help="write it to this Markdown file with plots beside it, or to one page FILE.html that holds them",
    )
    sub = command("symmetry", commands.symmetry, "measure how equivariant an architecture, or an exported network, is")
    sub.add_argument(
        "spec", type=Path, help="an architecture, which gets random weights, or the directory of an exported network"
    )
    sub.add_argument("--group", help="group to measure; by default the largest that the architecture has")
    sub.add_argument("--seed", type=int, default=0, help="seed of the random weights and of the examples")
    sub.add_argument("--json", action="store_true", help="print the certificate as JSON")
    sub = command("new", commands.new, "write a search to begin from")
    sub.add_argument("directory", type=Path, help="where to write my_search.py")
    kinds = ("classification", "binary", "multilabel", "regression", "dense")
    sub.add_argument("--kind", choices=kinds, help="what is predicted; without --data, on made-up data")
    sub.add_argument("--data", type=Path, help="a folder of images or WAV files by class, or a CSV file of series")
    return parser


def _file(sub: argparse.ArgumentParser) -> None:
    """Add the option that names the file in which a run's own blocks are registered."""
    sub.add_argument("--file", type=Path, help="the file of the search, if it registers blocks or the like of its own")


def _where(sub: argparse.ArgumentParser) -> None:
    """Add the options that say where candidates are trained, and what each takes there."""
    sub.add_argument("--backend", default="local", help="local, ray, or one that a package registers")
    sub.add_argument("--address", help="address of a Ray cluster, such as auto")
    sub.add_argument("--workers", type=_positive, help="candidates trained at the same time; by default one per core")
    sub.add_argument("--cpus", type=_taken("cpus"), default=1, help="CPU cores that each candidate takes of Ray")
    sub.add_argument("--gpus", type=_taken("gpus"), help="GPUs that each takes of it, or a share of one, such as 0.25")
    sub.add_argument("--memory", type=partial(_amount, of_bytes=True), help="bytes that each takes of it, such as 4G")
    sub.add_argument("--storage", metavar="URL", help="folder that its nodes reach, if they do not see the directory")
    sub.add_argument("--verbose", action="store_true", help="show what Ray has to say, too")


def package_version() -> str:
    """The version of this package; `unknown` where it is not installed."""
    try:
        return version("archsearch")
    except PackageNotFoundError:
        return "unknown"


def _named(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("must be named")
    return Path(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, not {printable(text)}")
    return int(text)


def _taken(name: str) -> Callable[[str], float]:
    """Reads what a candidate takes of a cluster."""

    def read(text: str) -> float:
        try:
            Resources(**{name: float(text)})
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return float(text)

    return read


def _amount(text: str, of_bytes: bool = False) -> float:
    try:
        return most("it", text, of_bytes)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _keep(text: str) -> str:
    from search.keeping import ranks_kept

    try:
        ranks_kept(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not hours > 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {printable(text)}")
    return hours


if __name__ == "__main__":
    sys.exit(main())
