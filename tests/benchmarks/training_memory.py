"""The memory of trainings as it is told beforehand, against what torch's allocator held, over the example networks.

python -m tests.benchmarks.training_memory [--random] [--every 1] [--megabytes 32] [--precision float32]
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import torch

from search.training.memory import training_memory
from tests.examples import EXAMPLES, RANDOM
from tests.laws.memory import examples_for, held, task_of, training_of


def main() -> None:
    """Print the ratio for each network, and then how they are spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", action="store_true", help="networks of the spaces, instead of the table")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--megabytes", type=float, default=32)
    parser.add_argument("--precision", default="float32")
    chosen = parser.parse_args()
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
