"""Scores that are NaN whatever a network answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from search.tasks.ignoring import kept, that_count
from search.tasks.kinds import KINDS, TaskKind
from search.tasks.labels import known_labels
from search.tasks.lacking import lacking
from search.tasks.named import AnyTask

MOST = 10**6  # outputs; of larger validation data a batch is tried


def undefined_scores(task: AnyTask, y: Tensor, output: tuple[int, ...]) -> Iterator[str]:
    """Sentences about scores that are NaN for random answers and for perfect ones.

    A batch of which a class is missing proves nothing; validation data of which one is missing do.

    Args:
        task: the task.
        y: targets of a batch of the validation data.
        output: shape of the output of a network for one example.
    """
    kind, known = KINDS.get(str(task.kind)), known_labels(task.validation)
    if kind is None:
        return
    whole = known is not None and known.shape[1:] == y.shape[1:] and len(known) * math.prod(output) <= MOST
    targets = known if known is not None and whole else y
    ignored = getattr(task, "ignored", None)
    counted = kept(targets, ignored)
    missing = _missing(kind, counted, output[0], getattr(task, "classes", ()), ignored)
    if not len(counted) or (missing and not whole):
        return
    found = [task.scores(outputs, targets) for outputs in _answers(kind, targets, output, ignored)]
    for name in found[0]:
        if all(math.isnan(scores[name]) for scores in found):
            told = f"the score {name} is NaN on the validation data, whatever a network answers"
            yield f"{told}{missing}" if missing else f"{told}; mend that metric, or leave it out"


def _missing(kind: TaskKind, targets: Tensor, classes: int, names: Sequence[str], ignored: int | None) -> str:
    """What the targets have no example of, as the end of a sentence; empty if they have examples of everything."""
    remedy = "give some, or split the data otherwise"
    if not kind.labels:
        one = len(targets) < 2 or bool((targets == targets[:1]).all())
        return f": all its numbers are equal; {remedy}" if one else ""
    found = lacking(kind, targets, classes, names, ignored)
    return f": no example of it is {found[0]}; {remedy}" if found else ""


def _answers(kind: TaskKind, targets: Tensor, output: tuple[int, ...], ignored: int | None) -> Iterator[Tensor]:
    """Outputs of a network that guesses, and of one that knows."""
    real = torch.get_default_dtype()
    guessed = torch.randn(len(targets), *output, dtype=real)
    if kind.counted:
        yield guessed
        known = targets if ignored is None else targets.where(that_count(targets, ignored), 0)
        yield 9 * F.one_hot(known.long(), output[0]).movedim(-1, 1).to(real)
    elif kind.labels:
        yield guessed
        yield 9 * (2 * targets.reshape(guessed.shape).to(real) - 1)
    else:
        wanted = kind.precise(targets, guessed).reshape(guessed.shape)
        yield wanted.mean(0) + wanted.std(0, correction=0) * guessed.to(wanted.dtype)
        yield wanted
