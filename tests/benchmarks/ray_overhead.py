"""What Ray costs: seconds per trivial trial, and throughput beside worker processes, on two workers of this machine.

python -m tests.benchmarks.ray_overhead [TRIVIAL [TRIALS [SECONDS]]]

First so many trivial trials on Ray, then so many that take so many seconds each, on Ray and in local processes.
Trainings are made up: they sleep. The first trials, in which workers start, do not count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.backends.backend import BACKENDS, Backend
from search.backends.worker import Tell, Trainer
from search.events import Epoch, Finished, Notice, Started
from search.objectives import Score, parse_objective
from search.outcome import Scored
from search.training.settings import Training
from search.trial import Trial
from tests.search.tiny import bars

WORKERS = 2


@dataclass(frozen=True)
class Sleeper(Trainer):
    """Trains nothing: each trial takes the seconds that its notes say, in ten epochs; one of none has one epoch."""

    def run(self, data: Mapping[str, Any], tell: Tell, own_process: bool = False, node: str | None = None) -> None:
        """Sleep, and tell what a training tells."""
        number, seconds = data["number"], float(data.get("notes", {}).get("seconds", 0.0))
        tell(Started(number, node))
        for epoch in range(10 if seconds else 1):
            time.sleep(seconds / 10)
            tell(Epoch(number, epoch + 1, 0.5))
        tell(Finished(number, Scored({"accuracy": 0.5}, 1, seconds)))


def finishes(backend: Backend, count: int, seconds: float) -> list[float]:
    """When each of so many trials was finished, with as many submitted at once as there are workers."""
    ended: list[float] = []
    trials = [Trial(number, number, {}, notes={"seconds": seconds}) for number in range(count)]
    for trial in trials[:WORKERS]:
        backend.submit(trial)
    left = iter(trials[WORKERS:])
    while len(ended) < count:
        for event in backend.events():
            if not isinstance(event, Notice) and isinstance(event, Finished):
                ended.append(time.perf_counter())
                if (another := next(left, None)) is not None:
                    backend.submit(another)
    return ended


def measured(name: str, count: int, seconds: float) -> float:
    """Seconds from one trial to the next, on a backend by name, once its workers run."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "record.jsonl").touch()
        goal = parse_objective("maximize accuracy")
        assert isinstance(goal, Score)
        backend = BACKENDS[name](Sleeper(bars(), Training(epochs=1), goal, directory), WORKERS, None)
        try:
            ended = finishes(backend, count, seconds)
        finally:
            backend.close()
    skipped = 2 * WORKERS
    return (ended[-1] - ended[skipped - 1]) / (count - skipped)


def main() -> None:
    """Measure, and print the figures."""
    trivial, trials, seconds = (float(text) for text in [*sys.argv[1:], *["100", "16", "10"][len(sys.argv) - 1 :]])
    print(f"trivial trials on Ray: {measured('ray', int(trivial), 0.0):.3f} s each, {WORKERS} workers")
    each = {name: measured(name, int(trials), seconds) for name in ("local", "ray")}
    for name, taken in each.items():
        print(f"{seconds:g} s trials, {name}: {60 / taken:.2f} a minute")
    print(f"throughput of Ray by that of processes: {each['local'] / each['ray']:.3f}")


if __name__ == "__main__":
    main()
