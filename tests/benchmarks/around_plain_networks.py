"""Symmetry by architecture against what can be put around a plain network: upright digits, tested in quarter turns.

    python tests/benchmarks/around_plain_networks.py

Two and a half minutes on a CPU. Each network is trained with three seeds; the group convolutions have half the width,
so that they cost about what the averages cost.
"""

import statistics

from archspec import (
    Activation,
    Architecture,
    Canonicalise,
    Classifier,
    Conv,
    FrameAverage,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    TestTimeAverage,
    price,
)
from archspec.graph.block import Block
from search import Training, digits
from search.training.retraining import retrain

EPOCHS, SEEDS = 12, (1, 2, 3)


def body(first: Block, width: int) -> list[Block]:
    """Three convolutions, pooled between."""
    rest = [block for _ in range(2) for block in (Pool(), Conv(channels=2 * width), Norm(), Activation())]
    return [first, Norm(), Activation(), *rest]


def network(*blocks: Block) -> Architecture:
    """On digits."""
    return Architecture(input=Image(size=(16, 16)), body=blocks, head=Classifier(classes=10))


PLAIN = body(Conv(channels=8), 8)
# Each network, and the group by which its training data are augmented.
NETWORKS: dict[str, tuple[Architecture, str | None]] = {
    "plain": (network(*PLAIN), None),
    "plain, augmented": (network(*PLAIN), "C4"),
    "averaged in the test, augmented": (network(TestTimeAverage(group="C4", body=PLAIN)), "C4"),
    "canonical": (network(Canonicalise(group="C4", body=PLAIN)), None),
    "averaged over frames": (network(FrameAverage(group="C4", body=PLAIN)), None),
    "group convolutions": (network(*body(Lift(group="C4", channels=4), 4), GroupPool()), None),
}

if __name__ == "__main__":
    task = digits(test_turns="quarter")
    print("| network | FLOPs | parameters | test accuracy |\n|---|---|---|---|")
    for name, (architecture, group) in NETWORKS.items():
        (scores,) = retrain([architecture], task, Training(epochs=EPOCHS, augment=group), SEEDS)
        accuracy = [score["accuracy"] for score in scores]
        cost, found = price(architecture), f"{statistics.mean(accuracy):.3f} ± {statistics.stdev(accuracy):.3f}"
        print(f"| {name} | {cost.flops:,} | {cost.params:,} | {found} |", flush=True)
