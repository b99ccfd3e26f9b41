"""A search so small that a candidate trains in a fraction of a second.

python -m tests.search.tiny DIRECTORY [BACKEND [TRIALS]]     prints what came of it as JSON
"""

import json
import sys

import numpy as np

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Norm, Repeat, Residual
from search import Search, Task, Training
from search.result import Result
from spaces import Space, choice, integer


def bars(count: int = 240, size: int = 6, seed: int = 0) -> Task:
    """Upright or lying bars in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    images = rng.normal(0, 0.3, (count, 1, size, size)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        at = rng.integers(0, size)
        if label:
            image[0, at, :] += 1
        else:
            image[0, :, at] += 1
    return Task.from_arrays(images, labels, name="bars", seed=seed)


def small_space() -> Space:
    """72 fillings, some of the same architecture, some over the budget."""
    width = integer("width", 2, 6, step=2)
    body = [
        Lift(group=choice("C1", "C2", name="group"), channels=width, kernel_size=choice(3, 5)),
        Norm(),
        Activation(),
        Repeat(times=integer(0, 1), body=[Residual(body=[Conv(channels=width, kernel_size=choice(1, 3, 5))])]),
        GroupPool(),
    ]
    return Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))


def small_search(trials: int = 12, **options: object) -> Search:
    """Over `small_space`, two epochs each, without pauses unless another strategy is given."""
    training = Training(epochs=2, batch_size=32)
    settings: dict[str, object] = {"constraints": ["params <= 1k"], "seed": 3, "training": training}
    settings |= {"strategy": "tpe"} | options
    return Search(small_space(), bars(), trials=trials, **settings)


def told(result: Result) -> list[tuple[object, ...]]:
    """All that must be the same when the same search is run again."""
    return [
        (t.number, t.state, t.architecture.hash if t.architecture else t.reason, dict(t.scores)) for t in result.trials
    ]


if __name__ == "__main__":
    directory, backend, trials = [*sys.argv[1:], *["", "local", "12"][len(sys.argv) - 1 :]]
    outcome = small_search(int(trials)).run(directory, backend=backend, workers=2)
    print(json.dumps(told(outcome)))
