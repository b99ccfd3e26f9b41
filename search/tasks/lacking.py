"""What data have no example of: a class, a label, or the lack of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

from search.tasks.kinds import KINDS, TaskKind
from search.tasks.labels import known_labels, present
from search.tasks.named import AnyTask

SHOWN = 3  # classes that a sentence names


def lacking(
    kind: TaskKind, targets: Tensor, classes: int, names: Sequence[str] = (), ignored: int | None = None
) -> list[str]:
    """What no example is, each as the end of a sentence: `of the class dark`, `1 for the label hum`.

    Args:
        kind: the kind of the task, one of classes or labels.
        targets: the targets of all examples that count.
        classes: number of the classes or labels.
        names: their names, if there is one for each.
        ignored: the number of what does not count, which is no class.
    """
    called = names if len(names) == classes else range(classes)
    if kind.counted:
        there = present(targets, classes)
        return [f"of the class {called[number]}" for number in range(classes) if number not in {*there, ignored}]
    share = targets.reshape(len(targets), -1).double().mean(0).tolist()
    which = [""] if len(share) == 1 else [f" for the label {name}" for name in called]
    return [f"{round(1 - one)}{of}" for one, of in zip(share, which, strict=True) if one in (0, 1)]


def absent(task: AnyTask, classes: int) -> Iterator[str]:
    """Sentences about what parts of the data, where all their labels are known, have no example of.

    Args:
        task: the task.
        classes: number of the outputs of a network.
    """
    kind = KINDS.get(str(task.kind))
    if kind is None or not kind.labels:
        return
    parts = (("training", task.train), ("validation", task.validation), ("test", task.test))
    told: list[str] = []
    ignored = getattr(task, "ignored", None)
    for part, data in parts:
        targets = None if data is None else known_labels(data)
        if targets is None or not len(targets):
            continue
        found = lacking(kind, targets, classes, getattr(task, "classes", ()), ignored)
        found = [text for text in found if text not in told]
        told += found
        if found:
            more = f" (and so for {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
            named = " or ".join(found[:SHOWN])
            so = "it is not learned" if part == "training" else "no score tells of it"
            yield f"no example of the {part} data is {named}{more}, so {so}; give some, or split the data otherwise"
