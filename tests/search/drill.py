"""A small search on a disk that can fill up: while DIRECTORY.full exists, nothing more is written to DIRECTORY."""

import errno
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from search import Search, Training, machine
from search.errors import RunError
from search.objectives import parse_objective
from search.record import writing
from search.strategies.front import FrontStrategy
from search.strategies.gradient import Gradient
from search.strategies.halving import Halving
from search.tasks.task import Task
from tests.search.masks.spaces import tiny_space
from tests.search.tiny import bars, small_search, small_space, told

TRIALS = 8
COMMAND = "from tests.search.drill import main; main()"


class Filling(Task):
    """The bars. In the worker that loads it, the disk can fill up."""

    directory = ""

    def without_test(self) -> "Filling":
        """Itself; it has no test data."""
        return self

    def __reduce__(self) -> Any:
        return filling, (self.directory,)


def filling(directory: str) -> Filling:
    """The task of the search in a directory; from now on, this process writes there only while there is room."""
    flag, write, machine.WAITS = Path(f"{directory}.full"), Path.write_bytes, (0.05, 0.1, 0.2)
    full = OSError(errno.ENOSPC, "No space left on device")

    def write_line(file: int, data: bytes) -> int:
        if flag.exists():
            if len(data) < 100:
                raise full
            data = data[: len(data) // 2]
        return os.write(file, data)

    def write_bytes(path: Path, data: Any) -> int:
        if flag.exists():
            write(path, bytes(data)[: len(data) // 2])
            raise full
        return write(path, data)

    writing.os = SimpleNamespace(**{**vars(os), "write": write_line})
    Path.write_bytes = write_bytes
    plain = bars()
    task = Filling("bars", "classification", plain.train, plain.validation)
    task.__dict__["directory"] = directory
    return task


def search_by(name: str) -> Search:
    """The search by the name of a strategy; `inheriting` is `front` with candidates that begin from others' weights."""
    if name == "tpe":
        return small_search(TRIALS)
    training = Training(epochs=6, batch_size=32, inherit=name == "inheriting")
    objectives = [parse_objective(text) for text in ("maximize accuracy", "minimize flops")]
    if name == "halving":
        return small_search(3, training=training, strategy=Halving(small_space(), objectives, factor=2))
    if name == "gradient":
        sized = Gradient(tiny_space(), objectives, budgets=2)
        return Search(tiny_space(), bars(), trials=4, training=training, strategy=sized, seed=3)
    front = FrontStrategy(small_space(), objectives, design=5, inherit=training.inherit)
    return small_search(4, training=training, strategy=front)


def main() -> None:
    """Run the search, or resume it, and print what came of it as JSON."""
    directory, backend, strategy = sys.argv[1:]
    search = search_by(strategy)
    search.task = filling(directory)
    try:
        print(json.dumps(told(search.run(directory, backend=backend, workers=2))))
    except RunError as error:
        sys.exit(f"paused: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
