"""FLOPs, parameters, measured time and accuracy of groups and factorisations at equal total width, three seeds.

python tests/benchmarks/price_of_symmetry.py [seeds …]      # an hour for three seeds on a busy core

Rotated digits, 16×16. Total width (channels × elements) is 48 throughout: a group pays for what it shares with fewer
channels. Time is process time on one thread, measured in turns in one run, as a ratio to the plain network's.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Disc,
    Group,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Siren,
    Table,
    freeze,
    lower,
    price,
)
from search import digits
from search.training.evaluation import evaluate
from search.training.threads import one_thread
from tests.benchmarks.resolution_1d import trained

SEEDS = (551, 552, 553)
WIDTH, GROUPS = 48, ("C1", "C4", "D4", "C8", "C16")
BATCH, ROUNDS = 64, 15


def network(group: str, factorisation: str, kernel: str) -> Architecture:
    """A lifting convolution of 7×7 taps, a pooling, two more."""
    conv = {
        "channels": WIDTH // Group(group).order,
        "kernel_size": 7,
        "kernel": Siren() if kernel == "siren" else Table(),
        "window": Disc(),
    }
    inner = [Conv(**conv, factorisation=factorisation), Norm(), Activation()]
    body = [Lift(group=group, **conv), Norm(), Activation(), Pool(), *inner, *inner, GroupPool()]
    return Architecture(input=Image(size=(16, 16)), body=body, head=Classifier(classes=10))


def rows() -> dict[str, Architecture]:
    """What is compared, by name."""
    found = {f"{g} {f}": network(g, f, "siren") for g in GROUPS for f in ("full", "group_separable")}
    return found | {"C1 full, table": network("C1", "full", "table")}


def times(architectures: dict[str, Architecture]) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds of an evaluation of the frozen network, and of a training step, in turns."""
    x, y = torch.randn(BATCH, 1, 16, 16), torch.randint(10, (BATCH,))
    models = {name: lower(a) for name, a in architectures.items()}
    frozen = {name: freeze(model.eval()) for name, model in models.items()}
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in models}
    for _ in range(ROUNDS):
        for name, model in models.items():
            began = time.process_time()
            with torch.no_grad():
                frozen[name](x)
            between = time.process_time()
            torch.nn.functional.cross_entropy(model.train()(x), y).backward()
            found[name][0].append(between - began)
            found[name][1].append(time.process_time() - between)
    return found


def accuracies(architecture: Architecture, seeds: tuple[int, ...]) -> list[float]:
    """Test accuracy in percent, each seed."""
    found = []
    for seed in seeds:
        task = digits(rotated=True, seed=seed)
        assert task.test is not None
        model = trained(architecture, task, seed)
        found.append(100 * evaluate(model.eval(), task, task.test)["accuracy"])
    return found


def main() -> None:
    """Print a line for each network, cheapest first; * marks the front of mean accuracy against FLOPs."""
    one_thread()
    seeds = tuple(map(int, sys.argv[1:])) or SEEDS
    architectures = rows()
    measured = times(architectures)
    plain = [statistics.median(part) for part in measured["C1 full"]]
    print(f"{'':<28}{'MFLOP':>8}{'params':>9}{'evaluation':>12}{'step':>8}   test accuracy, %   mean")
    best = 0.0
    for name in sorted(architectures, key=lambda n: price(architectures[n]).flops):
        cost = price(architectures[name])
        accuracy = accuracies(architectures[name], seeds)
        mean = statistics.mean(accuracy)
        star, best = (" *" if mean > best else "  "), max(best, mean)
        evaluation, step = (statistics.median(part) / p for part, p in zip(measured[name], plain, strict=True))
        print(
            f"{name:<28}{cost.flops / 1e6:>8.2f}{cost.params:>9,}{evaluation:>12.2f}{step:>8.2f}   "
            f"{' '.join(f'{a:.1f}' for a in accuracy):<18} {mean:.1f}{star}",
            flush=True,
        )


if __name__ == "__main__":
    main()
