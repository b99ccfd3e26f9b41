"""Remarks on data that can be trained on, and that may be meant otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, RandomSampler, SequentialSampler

from search.tasks.batches import Batch, untouched
from search.tasks.first_batches import unspent
from search.tasks.kinds import KINDS
from search.tasks.lacking import absent
from search.tasks.named import AnyTask

MANY = 0.01  # of the validation examples
COLOURS = 4  # channels of a picture, at the most
CLOSE = 1e-3  # standard deviation of inputs that are all but alike
FAR, NARROW = 30.0, 0.03  # numbers that a network learns badly lie so far from 0, or so close together


def remark(task: AnyTask, batch: Batch, outputs: int) -> str | None:
    """Sentences about the data; None if there is nothing to say.

    Args:
        task: the task.
        batch: a batch of the training data.
        outputs: number of outputs of a network, at each position.
    """
    found = (
        _shared(task) or _copied(task),
        *absent(task, outputs),
        _cast(task),
        _axes(task, batch[0]),
        _scale(batch[0]),
        _units(task, batch[1]),
    )
    return "; ".join(text for text in found if text) or None


def _shared(task: AnyTask) -> str | None:
    """A sentence if scores are measured on what is trained with; None where that is not known."""
    if _examples(task.train) != _examples(task.validation):
        return None
    return "the validation data are the training data, so scores tell what was learned by heart; hold some examples out"


def _copied(task: AnyTask) -> str | None:
    """A sentence if many validation examples are training examples too; None where that is not known."""
    train, validation = task.train, task.validation
    if not (isinstance(train, tuple) and isinstance(validation, tuple)):
        return None
    known = set(_digests(train[0]))
    count, of = sum(digest in known for digest in _digests(validation[0])), len(validation[0])
    if count < MANY * of:
        return None
    return (
        f"{count} of {of} validation examples are training examples too, number for number, so that their scores tell "
        "what was learned by heart; leave copies out, or keep them together (groups=)"
    )


def _digests(x: Tensor) -> Iterator[bytes]:
    """What tells examples from others, of those that are not blank, as silence and empty fields are alike by nature."""
    examples = (example.tobytes() for example in x.numpy(force=True) if (example != example.flat[0]).any())
    return (hashlib.blake2b(example, digest_size=16).digest() for example in examples)


def _examples(data: Any) -> tuple[int, ...]:
    """What tells data from others: the objects that hold the examples, if all of them are given."""
    if isinstance(data, tuple):
        return tuple(map(id, data))
    whole = isinstance(getattr(data, "sampler", None), RandomSampler | SequentialSampler)
    return (id(data.dataset if whole else data),)


def _cast(task: AnyTask) -> str | None:
    """A sentence about inputs of another precision, which `batches` casts; None if there are none."""
    for part, data in (("training", task.train), ("validation", task.validation)):
        if isinstance(data, tuple):
            continue
        if (first := _first(data)) is None:
            continue
        dtype = torch.as_tensor(first[0]).dtype
        if dtype.is_floating_point and dtype != torch.get_default_dtype():
            own, real = (str(d).removeprefix("torch.") for d in (dtype, torch.get_default_dtype()))
            return f"the inputs of the {part} data are {own}, and are cast to {real}"
    return None


def _first(data: Any) -> Any:
    """The first example of a dataset, or the first batch of a loader, if there is one."""
    with unspent(data):
        indexed = isinstance(data, Dataset) and not isinstance(data, IterableDataset)
        return data[0] if indexed else next(iter(untouched(data)), None)


def _axes(task: AnyTask, x: Tensor) -> str | None:
    """A sentence if the channels of arrays seem to come last, as other libraries have them."""
    prepared = getattr(task, "preparation", None)
    if prepared is not None and prepared.source != "array":
        return None
    channels, *grid = x.shape[1:]
    last = len(grid) == 1 and channels > grid[0]
    last |= len(grid) > 1 and grid[-1] <= COLOURS < min(channels, *grid[:-1])
    if not last:
        return None
    named = "steps" if len(grid) == 1 else "points"
    read, other = (
        f"{first} channels of {'×'.join(map(str, rest))} {named}"
        for first, rest in ((channels, grid), (grid[-1], [channels, *grid[:-1]]))
    )
    return f"the inputs are read as {read}; if they are {other}, give np.moveaxis(x, -1, 1)"


def _scale(x: Tensor) -> str | None:
    """A sentence about inputs of which a channel lies far from 0 or spreads far, or all lie close together."""
    channels = x.double().transpose(0, 1).flatten(1)
    middle, spread = channels.mean(1).abs(), channels.std(1, correction=0)
    worst = int(torch.maximum(middle, spread).argmax())
    if max(float(middle[worst]), float(spread[worst])) <= FAR and not 0 < float(spread.max()) < CLOSE:
        return None
    found = f"the inputs of channel {worst}, counted from 0, are {channels[worst].mean():.3g} ± {spread[worst]:.3g}"
    return f"{found}, and are taken as they are, best around 0 ± 1: scale them, and new examples alike"


def _units(task: AnyTask, y: Tensor) -> str | None:
    """A sentence about numbers to predict that are learned as they are, and lie far from 0 or close together."""
    kind = KINDS.get(str(task.kind))
    if kind is None or kind.labels or isinstance(task.train, tuple):  # arrays are standardised, unless that is unwanted
        return None
    middle, spread = float(y.double().mean()), float(y.double().std(correction=0))
    if abs(middle) <= FAR and NARROW <= spread <= FAR:
        return None
    return (
        f"the numbers to predict are {middle:.3g} ± {spread:.3g}, and are learned as they are, best around 0 ± 1: "
        "scale them, or use Task.from_arrays, which does it and answers in their units"
    )
