"""What inherited weights save, on the sequences of the table: `python -m tests.benchmarks.inheritance`.

Parents are trained to the end; each has a child one step away, which is trained from new weights and from inherited
ones. Printed by the kind of step: share of the parameters inherited, epochs until the best score is that which the
fresh training ends with, both final scores; and Kendall's τ, over the children, between scores after three epochs and
fresh final ones. About ten minutes on one core.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from archspec import Architecture, Network, inherit, lower
from search.objectives import Score
from search.outcome import Scored, Stopped
from search.strategies.moves import Moves
from search.training.trainer import train
from search.training.weights import load_network
from tests.benchmarks.table.spaces import EPOCHS, TRAINING, space, task

SHORT = 3
GOAL = Score("accuracy", True)


@dataclass(frozen=True)
class Pair:
    """The curves of a child.

    Attributes:
        step: the decision in which it differs from its parent.
        share: the share of its parameters that were inherited.
        curves: the score after each epoch, fresh and inherited, of whole and of short trainings.
    """

    step: str
    share: float
    curves: tuple[list[float], list[float], list[float], list[float]]

    @property
    def finals(self) -> tuple[float, float]:
        """The best scores of the two whole trainings."""
        return max(self.curves[0]), max(self.curves[1])

    @property
    def epochs(self) -> tuple[int, int]:
        """Epochs until the fresh final score; one more than there are if it is not reached."""
        reached = [[i for i, score in enumerate(c, 1) if score >= self.finals[0]] for c in self.curves[:2]]
        return reached[0][0], (reached[1] or [EPOCHS + 1])[0]


def pairs(count: int, seed: int) -> list[Pair]:
    """So many parents and children, each step in turn."""
    rng, moves, data, found = random.Random(seed), Moves(space("sequences")), task("sequences"), list[Pair]()
    steps = ["group", "width", "kernel_size", "depth", "kernel", "factorisation"]

    def trained(
        architecture: Architecture, number: int, epochs: int, parent: Network | None, file: Path
    ) -> list[float]:
        outcome = train(architecture, data, TRAINING, number, GOAL, weights=file, epochs=epochs, parent=parent)
        assert isinstance(outcome, Scored | Stopped)
        return list(outcome.curve)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        for number in range(count):
            values = moves.space.random_values(rng)
            step = steps[number % len(steps)]
            near = [v for v in moves.around(values, rng) if v.keys() == values.keys() and v[step] != values[step]]
            first, second = moves.space.fill(values), moves.space.fill(rng.choice(near))
            trained(first, 2 * number, EPOCHS, None, file)
            parent = load_network(first, file)
            share = inherit(lower(second), parent)
            curves = [trained(second, 2 * number + 1, e, p, file) for e in (EPOCHS, SHORT) for p in (None, parent)]
            found.append(Pair(step, share, (curves[0], curves[1], curves[2], curves[3])))
            print(f"{number} {step} {share:.2f} {found[-1].finals} {found[-1].epochs}", file=sys.stderr, flush=True)
    return found


def table(found: list[Pair]) -> str:
    """The means by step as a table, and the rank correlations."""
    by_step: dict[str, list[Pair]] = defaultdict(list)
    for pair in found:
        by_step[pair.step].append(pair)
        by_step["all"].append(pair)
    lines = [
        "| step | pairs | share | epochs fresh | inherited | final fresh | inherited | first epoch fresh | inherited |"
    ]
    lines.append("|---|" + "---|" * 8)
    for step, members in sorted(by_step.items(), key=lambda item: item[0] == "all"):
        columns = np.array([(p.share, *p.epochs, *p.finals, p.curves[0][0], p.curves[1][0]) for p in members]).mean(0)
        texts = [f"{columns[0]:.2f}", *(f"{x:.1f}" for x in columns[1:3]), *(f"{x:.3f}" for x in columns[3:])]
        lines.append(f"| {step} | {len(members)} | {' | '.join(texts)} |")
    every = np.array([[max(c) for c in p.curves] + list(p.epochs) for p in found])
    resampled = np.random.default_rng(0).integers(0, len(found), (2_000, len(found)))

    def line(text: str, statistic: Callable[[NDArray[np.float64]], float]) -> str:
        low, high = np.percentile([statistic(every[some]) for some in resampled], [2.5, 97.5])
        return f"{text}: {statistic(every):.2f} ({low:.2f} to {high:.2f})"

    tau = f"Kendall's τ with fresh final scores of scores after {SHORT} epochs, "
    lines += ["", "With 95 % intervals over pairs:", ""]
    lines.append(line(tau + "fresh", lambda x: float(kendalltau(x[:, 2], x[:, 0]).statistic)))
    lines.append(line(tau + "inherited", lambda x: float(kendalltau(x[:, 3], x[:, 0]).statistic)))
    lines.append(line("final score, inherited minus fresh", lambda x: float((x[:, 1] - x[:, 0]).mean())))
    saved = "epochs to the fresh final score, inherited over fresh"
    lines.append(line(saved, lambda x: float(x[:, 5].sum() / x[:, 4].sum())))
    return "\n".join(lines)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(table(pairs(int(sys.argv[1]) if len(sys.argv) > 1 else 24, seed=0)))
