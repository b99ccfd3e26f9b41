"""How fast candidates are trained on a CPU, in one run, as ratios with their spread.

    python tests/benchmarks/training_speed.py before CHECKOUT    # against another checkout of this repository
    python tests/benchmarks/training_speed.py fused              # AdamW fused against not
    python tests/benchmarks/training_speed.py workers            # two workers of one thread against one of two threads

Trains candidates of the spaces of the demo and of the README on rotated digits, one epoch at a time. What is compared
is measured in turns, in processes of its own; a ratio is the median over candidates of the medians over rounds. Seconds
are those of the CPU, which other work on the machine hardly changes; of workers they are those of the clock.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
CANDIDATES, ROUNDS, EPOCHS = 4, 7, 2
Seconds = list[float]


def served(options: Sequence[str]) -> None:
    """Train the candidate of each number that comes in; answer with the seconds of the CPU that it took."""
    sys.path.insert(0, "examples")
    import torch
    from readme import space as wide
    from rotated_digits import search, space

    from archspec import price
    from search import Training
    from search.objectives import Score
    from search.training import trainer

    torch.set_num_threads(int(options[0]))
    if "fused" in options:
        plain = torch.optim.AdamW
        patch.object(torch.optim, "AdamW", lambda groups, **named: plain(groups, **{**named, "fused": True})).start()
    rng, candidates = random.Random(0), []
    for each in (space, wide):
        drawn = (each.sample(rng) for _ in iter(int, 1))
        small = (a for a in drawn if price(a).flops <= 4e6)
        candidates += [next(small) for _ in range(CANDIDATES)]
    task, training, goal = search.task.without_test(), Training(epochs=EPOCHS, patience=None), Score("accuracy", True)
    print(json.dumps([price(a).flops for a in candidates]), flush=True)
    for line in sys.stdin:
        begun = time.process_time()
        trainer.train(candidates[int(line)], task, training, 0, goal)
        print(time.process_time() - begun, flush=True)


class Served:
    """A process that trains in a checkout."""

    def __init__(self, *options: str, checkout: Path = ROOT) -> None:
        command = [sys.executable, __file__, "served", *options]
        named = {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": options[0]}
        self.process = subprocess.Popen(
            command, text=True, cwd=checkout, env={**os.environ, **named}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.flops: list[int] = json.loads(self._answer())

    def begin(self, candidate: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{candidate}\n")
        self.process.stdin.flush()

    def seconds(self) -> float:
        return float(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@contextmanager
def serving(*processes: Served) -> Iterator[list[int]]:
    """The FLOPs of the candidates; the processes end with the context."""
    try:
        yield processes[0].flops
    finally:
        for each in processes:
            each.process.kill()
            each.process.wait()


def alone(process: Served) -> Callable[[int], float]:
    def seconds(candidate: int) -> float:
        process.begin(candidate)
        return process.seconds()

    return seconds


def together(processes: Sequence[Served]) -> Callable[[int], float]:
    """Seconds a training, where each process trains the candidate at the same time."""

    def seconds(candidate: int) -> float:
        begun = time.perf_counter()
        for process in processes:
            process.begin(candidate)
        for process in processes:
            process.seconds()
        return (time.perf_counter() - begun) / len(processes)

    return seconds


def compared(flops: Sequence[int], ways: dict[str, Callable[[int], float]]) -> None:
    """Print for each candidate the seconds of both ways and their ratio, and the median ratio at the end."""
    names, ratios = list(ways), []
    print(f"{'FLOPs':>12} {names[0]:>16} {names[1]:>16}   ratio (of the rounds: least … largest)")
    for candidate, priced in enumerate(flops):
        for way in ways.values():
            way(candidate)  # warm
        rounds = [[way(candidate) for way in ways.values()] for _ in range(ROUNDS)]
        each = sorted(first / second for first, second in rounds)
        first, second = (median(column) for column in zip(*rounds, strict=True))
        ratios.append(median(each))
        print(
            f"{priced:12,} {first:14.3f} s {second:14.3f} s   {ratios[-1]:.3f} ({each[0]:.2f} … {each[-1]:.2f})",
            flush=True,
        )
    print(f"{names[1]} is {median(ratios):.3f} times as fast as {names[0]} ({min(ratios):.2f} … {max(ratios):.2f})")


def main(what: str, rest: Sequence[str]) -> None:
    if what == "before":
        before, now = Served("1", checkout=Path(rest[0]).resolve()), Served("1")
        with serving(before, now) as flops:
            compared(flops, {"before": alone(before), "now": alone(now)})
    elif what == "fused":
        plain, fused = Served("1"), Served("1", "fused")
        with serving(plain, fused) as flops:
            compared(flops, {"not fused": alone(plain), "fused": alone(fused)})
    else:
        one, two = Served("2"), [Served("1"), Served("1")]
        with serving(one, *two) as flops:
            compared(flops, {"one of two": together([one]), "two of one": together(two)})


if __name__ == "__main__":
    if sys.argv[1:2] == ["served"]:
        served(sys.argv[2:])
    elif sys.argv[1:2] in (["before"], ["fused"], ["workers"]):
        main(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(__doc__)
