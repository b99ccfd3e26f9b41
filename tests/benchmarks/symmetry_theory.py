"""What theory says must happen, one experiment each, three fresh seeds.

python tests/benchmarks/symmetry_theory.py [experiment …]        # all: about half an hour on one core
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Disc,
    GroupPool,
    Image,
    Lift,
    Network,
    Norm,
    Partial,
    Pool,
    Siren,
    lower,
    price,
)
from archspec.block import Block
from archspec.layers.partial import Elements, Sector
from search import Failed, Task, Training, half_turns
from search.training import evaluate, train
from search.worker import one_thread

SEEDS = (601, 602, 603)
EXACT = ("C1", "C2", "C4", "D4")  # groups under which a table of weights is turned without interpolation


def trained(architecture: Architecture, task: Task, seed: int, training: Training) -> Network:
    """With the weights that were best on validation data."""
    with tempfile.TemporaryDirectory() as directory:
        weights = Path(directory) / "best.safetensors"
        outcome = train(architecture, task.without_test(), training, seed, ("accuracy", True), weights=weights)
        assert not isinstance(outcome, Failed), outcome
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
    return model.eval()


def accuracy(model: Network, task: Task, metric: str = "accuracy") -> float:
    """Of the test, in per cent."""
    assert task.test is not None
    return 100 * evaluate(model, task, task.test)[metric]


def each(values: Sequence[float], digits: int = 1) -> str:
    """One number a seed."""
    return " ".join(f"{value:.{digits}f}" for value in values)


def layers(first: Block, inner: Conv, partial: Partial | None = None) -> list[Block]:
    """Three convolutions, pooled once; what is partial is so from the second on."""
    end = [] if partial is None else [partial]
    body = [first, Norm(), Activation(), Pool(), inner, Norm(), *end, Activation()]
    return [*body, inner, Norm(), *end, Activation(), GroupPool()]


def glyphs(group: str, channels: int, partial: Partial | None = None) -> Architecture:
    """For two classes of 16×16 pixels."""
    kernel: dict[str, Any] = {"kernel_size": 5, **({} if group in EXACT else {"kernel": Siren(), "window": Disc()})}
    body = layers(Lift(group=group, channels=channels, **kernel), Conv(channels=channels, **kernel), partial)
    return Architecture(input=Image(size=(16, 16)), body=body, head=Classifier(classes=2))


def kept(model: Network) -> str:
    """What its partial layers keep, one after the other."""
    found = []
    for module in model.modules():
        if isinstance(module, Elements | Sector):
            weights = module.eval()().flatten().tolist()
            found.append("".join("1" if w == 1 else "0" if w == 0 else f"({w:.2f})" for w in weights))
    return "/".join(found) or "-"


def half_turned() -> None:
    """A glyph against its half turn: of no use to who cannot tell them apart."""
    networks = {
        "C1": glyphs("C1", 32),
        "C2": glyphs("C2", 16),
        "C4": glyphs("C4", 8),
        "D4": glyphs("D4", 4),
        "C4, elements learned": glyphs("C4", 8, Partial()),
        "C8, sector learned": glyphs("C8", 4, Partial(learn="sector")),
    }
    print("| network | parameters | MFLOP | test, % | kept, layer 2/layer 3 | MFLOP learned |\n|---|---|---|---|---|---|")
    for name, architecture in networks.items():
        tasks = [half_turns(seed=seed) for seed in SEEDS]
        models = [trained(architecture, task, seed, Training()) for task, seed in zip(tasks, SEEDS, strict=True)]
        cost, partial = price(architecture), "learned" in name
        flops = each([model.cost().flops / 1e6 for model in models], 2) if partial else "-"
        row = (name, f"{cost.params:,}", f"{cost.flops / 1e6:.2f}", each(list(map(accuracy, models, tasks))))
        print("|", " | ".join((*row, " ".join(map(kept, models)) if partial else "-", flops)), "|", flush=True)


EXPERIMENTS: dict[str, Callable[[], None]] = {"half_turned": half_turned}


def main() -> None:
    """Print a table for each experiment."""
    one_thread()
    for name in sys.argv[1:] or EXPERIMENTS:
        print(f"\n{name}: {EXPERIMENTS[name].__doc__}\n", flush=True)
        EXPERIMENTS[name]()


if __name__ == "__main__":
    main()
