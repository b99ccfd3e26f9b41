"""The command `archsearch`. Exit codes: 0 well, 1 a person's mistake or a failed check, 2 usage, 130 interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archspec.doors import Unknown
from archspec.geometry.fourier import TARGETS
from archspec.graph.signal import SignalError
from archspec.schema.document import SpecError
from search.cli import commands

OK, INTERRUPTED = 0, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a person's mistake is one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (SpecError, SignalError, Unknown, FileExistsError, NotADirectoryError, PermissionError) as error:
        return commands.complain(error)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
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
    known = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = known.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    sub = command("check", commands.check, "say whether an architecture or a space (JSON, YAML) fits together")
    sub.add_argument("spec", type=Path)
    sub.add_argument("--strict", action="store_true", help="fail on warnings too")
    sub = command("cost", commands.cost, "price an architecture, node by node")
    sub.add_argument("spec", type=Path)
    sub.add_argument("--json", action="store_true")
    sub.add_argument("--target", choices=TARGETS, default="torch", help="what runs it: torch on a CPU, cuda, onnx")
    sub = command("search", commands.search, "run the search that a file defines, or go on with it")
    sub.add_argument("file", type=Path, help="a Python file that holds a Search, or a space (JSON, YAML)")
    sub.add_argument("--task", help="of a space: the name of a task, such as digits")
    sub.add_argument("--directory", type=Path, help="of the run; by default runs/NAME-OF-THE-FILE")
    sub.add_argument("--trials", type=_positive, help="candidates to train, instead of those the file asks for")
    sub.add_argument("--hours", type=float, help="start no further candidate after this long")
    sub.add_argument("--strategy", help="tpe, random, or one that a package brings along, instead of the file's")
    sub.add_argument("--backend", default="local", help="local, ray, or one that a package brings along")
    sub.add_argument("--address", help="of a Ray cluster, such as auto")
    sub.add_argument("--workers", type=_positive, help="candidates trained at once; by default one a core")
    sub.add_argument("--optuna-storage", metavar="URL", help="database to mirror the run in, for optuna-dashboard")
    sub = command("status", commands.status, "say how far a run is")
    sub.add_argument("directory", type=Path)
    sub = command("front", commands.front, "show the front of a run")
    sub.add_argument("directory", type=Path)
    sub.add_argument("--plot", type=Path, help="write a PNG of it too")
    sub.add_argument("--json", action="store_true")
    sub = command("export", commands.export, "write the best trained network of a run as spec, weights and ONNX")
    sub.add_argument("directory", type=Path)
    sub.add_argument("--trial", type=int, help="this trial instead of the best")
    sub.add_argument("--by", default="accuracy_per_flop", help="what best means: accuracy_per_flop, or an objective")
    sub.add_argument("--to", type=Path, default=Path("best"), help="directory to write to")
    sub.add_argument("--format", action="append", help="onnx, or one that a package brings along; may be repeated")
    sub.add_argument("--overwrite", action="store_true", help="replace whatever is in that directory")
    sub = command("report", commands.report, "tell a run in words and tables: its front, and which symmetry paid")
    sub.add_argument("directory", type=Path)
    sub.add_argument("--to", type=Path, help="write it to this Markdown file, a picture of the front beside it")
    sub = command("symmetry", commands.symmetry, "measure how equivariant an architecture, or an exported network, is")
    sub.add_argument(
        "spec", type=Path, help="a spec, then with random weights, or the directory of an exported network"
    )
    sub.add_argument("--group", help="by default the largest that the architecture has")
    sub.add_argument("--seed", type=int, default=0, help="of the weights and of the examples")
    sub.add_argument("--json", action="store_true")
    sub = command("new", commands.new, "write a search to begin from")
    sub.add_argument("directory", type=Path)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
