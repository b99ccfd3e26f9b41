"""What is wrong with how classes are numbered and named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

from search.tasks.ignoring import kept
from search.tasks.kinds import TaskKind
from search.tasks.labels import known_labels, present
from search.tasks.named import AnyTask


def class_mistakes(task: AnyTask, trained: bool, known: Tensor | None, seen: Tensor, classes: int) -> Iterator[str]:
    """Sentences about what is wrong with the numbers of classes in a part of the data.

    Args:
        task: the task.
        trained: whether it is the training data.
        known: all labels of the part; None if they are not known.
        seen: those that can be looked at: all, or those of a batch.
        classes: number of the outputs of a network, at each position.
    """
    ignored, names = getattr(task, "ignored", None), getattr(task, "classes", ())
    counted, places = kept(seen, ignored), seen.dim() > 1
    if not len(counted):  # which a batch may be
        if known is not None:
            what = "learned" if trained else "scored"
            yield f"every label is {ignored}, which is ignored, so that nothing is {what}; give others"
        return
    yield from _outside(counted, classes, places)
    if trained and known is not None and not names:
        yield from _gaps(counted, classes, places, ignored)


def unused(task: AnyTask, classes: int) -> Iterator[str]:
    """A sentence if the head has more outputs than the task has classes; none where not all labels are known.

    Args:
        task: the task.
        classes: number of the outputs of a network, at each position.
    """
    parts = [known_labels(data) for data in (task.train, task.validation, task.test) if data is not None]
    every = [kept(labels, getattr(task, "ignored", None)) for labels in parts if labels is not None]
    highest = max((int(labels.max()) for labels in every if labels.numel()), default=-1)
    if len(every) == len(parts) and highest + 1 < classes and len(getattr(task, "classes", ())) != classes:
        yield (
            f"labels go up to {highest}, and the head has {classes} classes; write classes={highest + 1} in the head, "
            "or name all classes of the task: classes=(…)"
        )


def _outside(y: Tensor, classes: int, places: bool) -> Iterator[str]:
    """Labels that are the number of no class; `places` says whether they are of positions."""
    low, high = int(y.min()), int(y.max())
    alone = high > classes and not bool(((y >= classes) & (y < high)).any())
    if places and (low < 0 or alone):
        odd = low if low < 0 else high
        yield (
            f"a label is {odd}, and those of positions are 0 … {classes - 1}; if these positions do not count, say "
            f"so: ignored={odd}"
        )
    elif low < 0:
        yield f"a label is {low}; labels are 0 … {classes - 1}, so leave these examples out, or give ignored={low}"
    elif high >= classes and low == 1 and high == classes:
        yield f"labels run from 1 to {high}; classes are counted from 0: give y - 1"
    elif high >= classes:
        yield f"labels go up to {high}, and the head has {classes} classes; write classes={high + 1} in the head"


def _gaps(y: Tensor, classes: int, places: bool, ignored: int | None) -> Iterator[str]:
    found = present(y, classes)
    highest = max(found)
    if len(found) == 1:
        yield f"all labels are {highest}, so that there is nothing to tell apart"
    elif min(found) == 1 and highest == classes - 1:
        yield f"labels run from 1 to {highest}; classes are counted from 0: give y - 1"
    elif missing := sorted(set(range(min(classes, highest))) - {*found, ignored}):
        unless = f"; if {highest} marks positions that do not count, say so: ignored={highest}" if places else ""
        yield f"no label is {missing[0]}; number the classes without gaps, or name all of them: classes=(…){unless}"


def name_mistakes(kind: TaskKind, names: Sequence[str], outputs: int) -> Iterator[str]:
    """Sentences about names of classes that the answers of a network could not be given.

    Args:
        kind: the kind of the task.
        names: the names.
        outputs: number of the outputs of a network, at each position.
    """
    if kind.name == "binary" and len(names) > 2:
        yield f"classes= has {len(names)} names, and the kind binary has two classes; name no and yes"
    elif kind.labels and kind.name != "binary" and names and len(names) != outputs:
        what = "classes" if kind.counted else "labels"
        yield f"classes= has {len(names)} names, and the head is of {outputs} {what}; name each, or change the head"
