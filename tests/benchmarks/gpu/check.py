"""What training gains on the GPU at hand: one candidate, a search, memory, how busy the GPU is, and the scores.

    python tests/benchmarks/gpu/check.py OUT [one] [search] [memory] [busy] [scores]    # all parts by default
    python tests/benchmarks/gpu/check.py OUT --dry                                      # tiny, on the CPU: does it run?

Meant to take under five minutes on an H200. Prints a line for each number as soon as it is known.

one      seconds an epoch: steps recorded; steps one by one; a plain loop with the data on the device
search   candidates per minute in a search of 64, with one worker, four and twelve on the one GPU
memory   the largest memory in a training, over what is told before it (data, which are on the GPU too, left out)
busy     share of the time in which kernels run, in the epochs after the first two
scores   the same candidates and seeds on the CPU and on the GPU
"""

from __future__ import annotations

import random
import runpy
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from unittest import mock

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Norm, lower, price
from archspec.graph.block import Block
from search import Scored, Search, Training, training_memory
from search.objectives import Score
from search.training import loop
from search.training.loop import Loop
from search.training.trainer import train
from spaces import Space

DRY = "--dry" in sys.argv
DEVICE = "cpu" if DRY else "cuda"
EPOCHS, COUNT, TRIALS = (2, 1, 2) if DRY else (10, 6, 64)
DEMO = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "rotated_digits.py"))
SPACE: Space = DEMO["space"]
GOAL, TASK = Score("accuracy", True), DEMO["search"].task.without_test()


def training(device: str = DEVICE, epochs: int = EPOCHS) -> Training:
    return Training(epochs=epochs, patience=None, device=device)


def candidates(count: int, most: float = 1e6) -> list[Architecture]:
    """Of the demo's space."""
    rng, found = random.Random(0), list[Architecture]()
    while len(found) < count:
        drawn = SPACE.sample(rng)
        found += [drawn] if price(drawn).flops <= most else []
    return found


def large() -> Architecture:
    """A network of about 100 MFLOP."""
    channels = 2 if DRY else 24
    body: list[Block] = [Lift(group="C4", channels=channels, kernel_size=3)]
    body += [part for _ in range(3) for part in (Norm(), Activation(), Conv(channels=channels, kernel_size=3))]
    return Architecture(input=Image(channels=1, size=(16, 16)), body=[*body, GroupPool()], head=Classifier(classes=10))


def waited() -> float:
    """The time, once the GPU has done all that it was given."""
    if not DRY:
        torch.cuda.synchronize()
    return time.perf_counter()


@contextmanager
def one_by_one() -> Iterator[None]:
    """Steps are not recorded."""
    with mock.patch.object(loop, "recorder_of", return_value=None):
        yield


def epoch_seconds(architecture: Architecture) -> tuple[float, float]:
    """Seconds of the first epoch, and of one after the first two: by then both shapes of batches are recorded."""
    going = Loop(architecture, TASK, training(epochs=EPOCHS + 4), 0, GOAL, EPOCHS + 4)
    times = [waited()]
    for _ in range(EPOCHS + 4):
        assert going.epoch(lambda: None) is None
        times.append(waited())
    return times[1] - times[0], (times[-1] - times[4]) / EPOCHS


def plain_seconds(architecture: Architecture) -> float:
    """Seconds an epoch of a plain loop, without validation."""
    model, (x, y) = lower(architecture).to(DEVICE).train(), (part.to(DEVICE) for part in TASK.train)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    times = []
    for _ in range(EPOCHS + 1):
        times.append(waited())
        for part in torch.randperm(len(x), device=DEVICE).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    return (waited() - times[1]) / EPOCHS


def one(out: Path) -> None:
    for name, architecture in (("small", candidates(1)[0]), ("large", large())):
        first, recorded = epoch_seconds(architecture)
        with one_by_one():
            _, eager = epoch_seconds(architecture)
        plain = plain_seconds(architecture)
        print(
            f"one: {name}, {price(architecture).flops / 1e6:.2f} MFLOP: recorded {1e3 * recorded:.1f} ms an epoch (the "
            f"first {1e3 * first:.0f}), one by one {1e3 * eager:.1f}, plain loop {1e3 * plain:.1f}: "
            f"{eager / recorded:.1f} and {plain / recorded:.1f} times",
            flush=True,
        )


def search(out: Path) -> None:
    for workers in (1, 4) if DRY else (1, 4, 12):
        run = Search(SPACE, TASK, constraints=["flops <= 1M"], trials=TRIALS, seed=0, training=training())
        begun = time.perf_counter()
        result = run.run(out / f"search_{workers}", workers=workers, watch=None)
        took = time.perf_counter() - begun
        told = {trial.state for trial in result.trials}
        print(f"search: {workers} workers, {60 * TRIALS / took:.1f} candidates per minute, {sorted(told)}", flush=True)


def memory(out: Path) -> None:
    for name, architecture in (("small", candidates(1)[0]), ("large", large())):
        priced = training_memory(architecture, TASK, training())
        if DRY:
            print(f"memory: {name}, priced {priced / 2**20:.1f} MiB; measured on a GPU only")
            continue
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() + sum(p.nbytes for part in (TASK.train, TASK.validation) for p in part)
        train(architecture, TASK, training(), 0, GOAL)
        most = torch.cuda.max_memory_allocated() - before
        print(f"memory: {name}, {most / 2**20:.1f} MiB, {most / priced:.2f} of the priced", flush=True)


def busy(out: Path) -> None:
    kind = ProfilerActivity.CPU if DRY else ProfilerActivity.CUDA
    for name, architecture in (("small", candidates(1)[0]), ("large", large())):
        going = Loop(architecture, TASK, training(epochs=8), 0, GOAL, 8)
        for _ in range(4):
            going.epoch(lambda: None)
        with profile(activities=[kind]) as seen:
            begun = waited()
            for _ in range(1 if DRY else 4):
                going.epoch(lambda: None)
            took = waited() - begun
        kernels = 1e-6 * sum(e.self_cpu_time_total if DRY else e.self_device_time_total for e in seen.key_averages())
        print(f"busy: {name}, {100 * kernels / took:.0f} % of the time", flush=True)


def scores(out: Path) -> None:
    pairs = []
    for seed, architecture in enumerate(candidates(COUNT)):
        here, there = (train(architecture, TASK, training(device), seed, GOAL) for device in ("cpu", DEVICE))
        assert isinstance(here, Scored), here
        assert isinstance(there, Scored), there
        pairs.append([100 * outcome.scores["accuracy"] for outcome in (here, there)])
        print(f"scores: CPU {pairs[-1][0]:.1f}, here {pairs[-1][1]:.1f} ({there.ran or 'on the CPU'})", flush=True)
    print(f"scores: {fmean(new - old for old, new in pairs):+.2f} points on average", flush=True)


PARTS = {part.__name__: part for part in (one, search, memory, busy, scores)}

if __name__ == "__main__":
    where, *asked = [argument for argument in sys.argv[1:] if argument != "--dry"] or [""]
    if not where or (unknown := set(asked) - set(PARTS)):
        sys.exit(f"say where to write, then any of {', '.join(PARTS)}")
    if not DRY and not torch.cuda.is_available():
        sys.exit("no GPU here; --dry tries the script on the CPU")
    torch.set_num_threads(1)
    named = "the CPU" if DRY else torch.cuda.get_device_name()
    print(f"{named}, torch {torch.__version__}", flush=True)
    for part in asked or PARTS:
        begun = time.perf_counter()
        PARTS[part](Path(where))
        print(f"{part}: took {time.perf_counter() - begun:.0f} s", flush=True)
