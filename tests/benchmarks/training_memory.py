"""The memory of trainings as it is told beforehand, against what torch's allocator held, over the example networks.

python -m tests.benchmarks.training_memory [--random] [--every 1] [--megabytes 32] [--precision float32]
python -m tests.benchmarks.training_memory --resident      larger networks, by the growth of a process
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
import warnings
from collections.abc import Callable

import torch

from archspec import Architecture, Image, published
from search.training.memory import training_memory
from tests.examples import EXAMPLES, RANDOM
from tests.laws.memory import examples_for, held, run, task_of, training_of

# Networks of published sizes, and the number of examples in a batch.
LARGE: dict[str, tuple[Callable[[], Architecture], int]] = {
    "ccnn_4_140 of sequences": (published.ccnn_4_140, 50),
    "ccnn_4_140 of images": (lambda: published.ccnn_4_140(Image(channels=3, size=(32, 32))), 50),
    "flexnet of images": (lambda: published.flexnet(Image(channels=3, size=(32, 32)), 10), 64),
    "p4cnn of images": (published.p4cnn, 1024),
}


def resident(name: str) -> None:
    """Print what a training is told to take, and by how much the process grew beyond what it was before."""
    make, examples = LARGE[name]
    architecture, training = make(), training_of(examples)
    task = task_of(architecture, examples)
    told = training_memory(architecture, task, training)
    small = task_of(architecture, 2)
    run(architecture, small, training_of(2))  # loads the libraries
    before = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(architecture, task, training)
    grown = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{told / grown:.3f}  {told / 1e6:8.0f} {grown / 1e6:8.0f} MB, from {before / 1e6:.0f}  {name}", flush=True)


def main() -> None:
    """Print the ratio for each network, and then how they are spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", action="store_true", help="networks of the spaces, instead of the table")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--megabytes", type=float, default=32)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--resident", action="store_true")
    chosen = parser.parse_args()
    if chosen.resident:
        for name in LARGE:
            process = multiprocessing.get_context("spawn").Process(target=resident, args=(name,))
            process.start()
            process.join()
        return
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    ratios, seconds = [], []
    for name, architecture in list((RANDOM if chosen.random else EXAMPLES).items())[:: chosen.every]:
        size = examples_for(architecture, 1e6 * chosen.megabytes)
        training, task = training_of(size, precision=chosen.precision), task_of(architecture, size)
        began = time.perf_counter()
        told = training_memory(architecture, task, training)
        seconds.append(time.perf_counter() - began)
        found = held(architecture, task, training)
        ratios.append(told / found)
        print(f"{ratios[-1]:.3f}  {told / 1e6:8.2f} {found / 1e6:8.2f} MB  {size:5} examples  {name}", flush=True)
    close = sum(0.8 <= ratio <= 1.2 for ratio in ratios)
    spread = f"{min(ratios):.3f} / {statistics.median(ratios):.3f} / {max(ratios):.3f}"
    print(f"told / held, least / median / most of {len(ratios)}: {spread}; {close} within 20 %")
    print(f"seconds to tell it, median / most: {statistics.median(seconds):.2f} / {max(seconds):.2f}")


if __name__ == "__main__":
    main()
