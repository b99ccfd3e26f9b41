"""The example search that `archsearch new` writes."""

from __future__ import annotations

from pathlib import Path

from search.errors import RunError

FILE = "my_search.py"
LARGE = 64  # pixels
FAST, LONG = 8_000, 1.0  # samples per second, and seconds
FLOPS_OF_A_POINT = 8_000
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


# Data that are made up, of each kind of task, so that the file runs as it stands.
MADE_UP = {
    "classification": """rng = np.random.default_rng(0)
x = rng.normal(size=(300, 1, 16, 16))            # examples x channels x rows x columns
y = np.arange(300) % 3                           # the number of the class, from 0
x[:, 0, 4:8] += y[:, None, None]
""",
    "binary": """rng = np.random.default_rng(0)
x = rng.normal(size=(300, 2, 64))                # examples x channels x steps
y = rng.integers(0, 2, 300)                      # 0 or 1
x[:, 0] += y[:, None] * np.sin(np.arange(64) / 3)
""",
    "multilabel": """rng = np.random.default_rng(0)
x = rng.normal(size=(300, 2, 64))                # examples x channels x steps
y = rng.random((300, 3)) < 0.3                   # examples x labels, 0 or 1
x[:, 0] += (y @ np.sin(np.outer([1, 2, 4], np.arange(64) / 6)))
""",
    "regression": """rng = np.random.default_rng(0)
y = rng.uniform(1, 5, size=(300, 1))             # examples x numbers
x = np.sin(y[:, None] * np.arange(64) / 6) + rng.normal(0, 0.1, size=(300, 1, 64))
""",
    "dense": """rng = np.random.default_rng(0)
y = (rng.random((300, 16, 16)) < 0.3).astype(int)    # examples x rows x columns: a class at each position
x = y[:, None] + rng.normal(0, 0.5, size=(300, 1, 16, 16))
""",
}
OPTIONS = {
    "classification": "",
    "binary": ', class_weights="balanced", metrics=["auroc"]',
    "multilabel": ', class_weights="balanced"',
    "regression": ', metrics=["mae"]',
    "dense": "",
}
ROLES = """# If several rows are one series: series="COLUMN", time="COLUMN", rate=20.
# What must not be split, such as a machine: groups="COLUMN".
# Several targets: ["COLUMN", "COLUMN"] instead of the last one.
"""
OWN = '''"""A search for small networks on data of one's own.

    archsearch check my_search.py         # what does not fit, and how long it will take
    archsearch search my_search.py        # or: python my_search.py
"""

{imports}from search import Search, Task
from spaces import {space}

{data}task = {task}

{symmetries}: the search finds out which of these pays.
search = Search({space}.for_task(task), task, constraints=["flops <= {limit}M"], trials=16, epochs=10, seed=0)

if __name__ == "__main__":
    result = search.run("runs/my_search")
    print(result.front)
    best = result.best()
    print(best.test())                               # on data that the search has not seen
    best.export("best/")                             # archspec.load("best/"), search.Predictor.open("best/")
'''


SYMMETRIES = {
    "images": "# Images are seen upright, turned by quarters, mirrored …",
    "sequences": "# Series are seen forwards only, or backwards too (D1)",
}


def write_starter(directory: Path, kind: str | None = None, data: Path | None = None) -> Path:
    """Write a search to begin from into a directory, and return its path.

    Args:
        directory: where to write.
        kind: the kind of task, on made-up data; by default of digits, or of `data`.
        data: a folder of images or recordings by class, or a CSV file whose last column is the target.

    Raises:
        RunError: there is such a file already, or `data` is neither.
    """
    path = directory / FILE
    if path.exists():
        raise RunError(f"{path} exists already; name another directory")
    text = TEXT if kind is None and data is None else _own(kind, data)
    directory.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _own(kind: str | None, data: Path | None) -> str:
    """The text of a search over made-up data of a kind, or over a folder or a table."""
    if data is None:
        kind = kind or "classification"
        space = "sequences" if "steps" in MADE_UP[kind] or kind == "regression" else "images"
        task = f'Task.from_arrays(x, y, kind="{kind}"{OPTIONS[kind]})'
        return _filled(space, MADE_UP[kind] + "\n", task, 2, imports="import numpy as np\n\n")
    if data.is_dir():
        if kind not in (None, "classification"):
            raise RunError(f"{data} is a folder of files by class, which is a classification; leave --kind out")
        space, options, points = _of_files(data)
        task = f"Task.from_folder({str(data.resolve())!r}{options})"
        return _filled(space, "", task, _limit(points))
    if data.suffix.lower() != ".csv" or not data.exists():
        raise RunError(f"{data} is neither a folder of files by class nor a CSV file")
    from search.tasks.csv_files import check_names, named
    from search.tasks.reading import frame

    try:
        table = frame(data)
        check_names(table, data)
    except ValueError as error:
        raise RunError(str(error)) from None
    if not len(table):
        raise RunError(f"{data} holds no rows; give a table with a column for each value and the target last")
    *columns, target = named(table)
    kind = kind or ("regression" if table[target].dtype.kind == "f" else "classification")
    task = f'Task.from_csv({str(data.resolve())!r}, {target!r}, kind="{kind}")'
    return _filled("sequences", ROLES, task, _limit(len(columns)))


def _filled(space: str, data: str, task: str, limit: int, imports: str = "") -> str:
    return OWN.format(imports=imports, space=space, data=data, task=task, symmetries=SYMMETRIES[space], limit=limit)


def _limit(points: int) -> int:
    """Millions of FLOPs that a fair share of the ready-made architectures keeps within on inputs of so many points."""
    return max(2, round(points * FLOPS_OF_A_POINT / 1e6))


def _of_files(folder: Path) -> tuple[str, str, int]:
    """The space for the files in a folder, the arguments with which they are best read at first, and their points."""
    from search.tasks.folders import IMAGES, RECORDINGS
    from search.tasks.reading import opened
    from search.tasks.recordings import heard

    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGES | RECORDINGS]
    if not files:
        raise RunError(
            f"{folder} holds no image and no WAV file; make a folder of them for each class; what other files hold is "
            "given as arrays, by Task.from_arrays (docs/your_data.md)"
        )
    try:
        if files[0].suffix.lower() in RECORDINGS:
            own, sound = heard(files[0])
            rate = min(own, FAST)
            seconds = max(1, round(1000 * min(len(sound) / own, LONG))) / 1000
            return "sequences", f", rate={rate}, seconds={seconds:g}", round(rate * seconds)
        sides = opened(files[0]).size
    except ValueError as error:
        raise RunError(str(error)) from None
    if max(sides) > LARGE:
        return "images", f", size={LARGE}", LARGE**2
    return "images", "", sides[0] * sides[1]
