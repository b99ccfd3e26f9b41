"""The example search that `archsearch new` writes."""

from __future__ import annotations

from pathlib import Path

from search.errors import RunError

FILE = "my_search.py"
TEXT = '''"""A search for small networks that classify rotated digits.

    archsearch search my_search.py        # or: python my_search.py
"""

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Norm, Pool, Repeat, Residual
from search import Search, digits
from spaces import Space, choice, integer, order

group = choice("C1", "C4", name="group")         # no symmetry, or quarter turns
width = integer("width", 8, 32, step=8)          # channels x elements of the group: the same price for every group

space = Space(Architecture(
    input=Image(channels=1, size=(16, 16)),
    body=[
        Lift(group=group, channels=width // order(group), kernel_size=choice(3, 5)),
        Pool(),
        Repeat(times=integer(1, 3), body=[
            Residual(body=[Norm(), Activation(), Conv(channels=width // order(group), kernel_size=choice(3, 5))]),
        ]),
        Pool(),
        Norm(), Activation(), GroupPool(),
    ],
    head=Classifier(classes=10),
))

# Your own data: Task.from_arrays(x, y), x of shape (examples, channels, rows, columns).
search = Search(space, task=digits(rotated=True), objectives=["maximize accuracy", "minimize flops"],
                constraints=["params <= 20k"], trials=16, epochs=10, seed=0)

if __name__ == "__main__":
    result = search.run("runs/my_search")
    print(result.front)
    result.best("accuracy_per_flop").export("best/")
'''


def write_starter(directory: Path) -> Path:
    """Write the example search into a directory and return its path; RunError if there is such a file already."""
    path = directory / FILE
    if path.exists():
        raise RunError(f"{path} exists already; name another directory")
    directory.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT)
    return path
