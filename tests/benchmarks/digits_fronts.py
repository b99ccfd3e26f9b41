"""What a search finds on digits, measured on test data with fresh seeds. About half an hour on two cores.

    python tests/benchmarks/digits_fronts.py [DIRECTORY]

1. Upright digits, the demo's budget: the architectures of the front under 1 MFLOP, each trained with three fresh seeds.
2. Rotated digits: two searches of equal trials over equal choices, one over plain networks with table kernels, one over
   symmetric ones; at each budget of FLOPs the validation-best of either front, trained with three fresh seeds.
"""

import statistics
import sys
from collections.abc import Sequence

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Repeat,
    Residual,
    Siren,
    Table,
)
from archspec.graph.block import Block
from search import Result, Search, Task, Training, Trial, digits
from search.report.progress import Watcher
from search.training.retraining import retrain
from spaces import Space, choice, integer, order

TRIALS, EPOCHS, SEEDS = 30, 20, (101, 102, 103)


def digit_space(size: int, groups: Sequence[str], widths: tuple[int, int, int], kernels: Sequence[object]) -> Space:
    """As in examples/rotated_digits.py, over the groups and kernels given; small images are not pooled at once."""
    group = choice(*groups, name="group")
    channels = integer("width", widths[0], widths[1], step=widths[2]) // order(group)

    def residual(channels: object, size: object) -> Residual:
        conv = Conv(
            channels=channels,
            kernel_size=size,
            kernel=choice(*kernels),
            factorisation=choice("full", "depthwise_separable"),
        )
        return Residual(body=[Norm(), Activation(), conv])

    body: list[Block] = [
        Lift(group=group, channels=channels, kernel_size=choice(3, 5)),
        *([Pool()] if size > 8 else []),
        Repeat(times=integer(1, 2), body=[residual(channels, choice(3, 5))]),
        Pool(),
        Repeat(times=integer(0, 2), body=[residual(2 * channels, 3)]),
        Norm(),
        Activation(),
        GroupPool(),
    ]
    return Space(Architecture(input=Image(channels=1, size=(size, size)), body=body, head=Classifier(classes=10)))


def run(space: Space, task: Task, directory: str, constraint: str) -> Result:
    search = Search(space, task, constraints=[constraint], trials=TRIALS, epochs=EPOCHS, seed=0, strategy="tpe")
    with Watcher(live=False) as watch:
        return search.run(directory, watch=watch)


def fresh(trials: Sequence[Trial], task: Task) -> list[list[float]]:
    """Test accuracies of each trial's architecture under fresh seeds."""
    architectures = [t.architecture for t in trials if t.architecture]
    scores = retrain(architectures, task, Training(epochs=EPOCHS), SEEDS, workers=2)
    return [[100 * s["accuracy"] for s in row] for row in scores]


def row(trial: Trial, scores: list[float]) -> str:
    assert trial.cost
    spread = " ".join(f"{s:.2f}" for s in scores)
    return (
        f"{trial.cost.flops / 1e6:6.2f} MFLOP {trial.cost.params:6,} params"
        f"  validation {100 * trial.scores['accuracy']:.2f}  test {statistics.mean(scores):.2f} ({spread})"
    )


def upright(directory: str) -> None:
    task = digits()
    result = run(
        digit_space(8, ["C1", "D1"], (8, 24, 8), [Table(), Siren()]), task, f"{directory}/upright", "flops <= 3M"
    )
    candidates = [t for t in result.front if t.cost and t.cost.flops < 1e6][-4:]
    print(f"\nUpright digits, front of {TRIALS} candidates, under 1 MFLOP, fresh seeds {SEEDS}:")
    for trial, scores in zip(candidates, fresh(candidates, task), strict=True):
        print(row(trial, scores))


def rotated(directory: str) -> None:
    task = digits(rotated=True)
    plain = run(digit_space(16, ["C1"], (8, 48, 8), [Table()]), task, f"{directory}/plain", "flops <= 6M")
    symmetric = run(
        digit_space(16, ["C4", "D4"], (16, 48, 8), [Table()]), task, f"{directory}/symmetric", "flops <= 6M"
    )
    print(f"\nRotated digits, {TRIALS} candidates each, validation-best under each budget, fresh seeds {SEEDS}:")
    for budget in (0.5e6, 1e6, 2e6, 4e6, 6e6):
        for name, result in (("plain", plain), ("symmetric", symmetric)):
            fitting = [t for t in result.front if t.cost and t.cost.flops <= budget]
            if fitting:
                best = max(fitting, key=lambda t: t.scores["accuracy"])
                print(f"{budget / 1e6:4.1f} M  {name:9}  {row(best, fresh([best], task)[0])}", flush=True)


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else "runs/digits_fronts"
    upright(where)
    rotated(where)
