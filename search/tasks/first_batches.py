"""The first batch of data as people give them, or what is wrong with it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from search.tasks.batches import Batch, batches, length, untouched

ONLY_ONCE = "give no batch the second time; give a loader, which can be iterated over again and again"


@contextlib.contextmanager
def unspent(data: Any) -> Iterator[None]:
    """Leave the generator of a loader as it was, so that training gets the same examples as without a preflight."""
    generator = getattr(data, "generator", None)
    state = generator.get_state() if isinstance(generator, torch.Generator) else None
    try:
        yield
    finally:
        if state is not None and isinstance(generator, torch.Generator):
            generator.set_state(state)


def _first_example(data: Any, name: str) -> str | None:
    """What is wrong with the first example of a dataset, before it is put in a batch."""
    if isinstance(data, tuple):
        if len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
            return f"{name} must be a pair of tensors (x, y)"
        if len(data[0]) != len(data[1]):
            return f"{name} hold {len(data[0])} examples but {len(data[1])} targets"
        return None if len(data[0]) else f"{name} hold no example; give some"
    if length(data) == 0:
        return f"{name} hold no example; give some"
    if not isinstance(data, Dataset) or isinstance(data, IterableDataset):
        return None
    example = data[0]
    if isinstance(example, dict):
        names = ", ".join(map(repr, example))
        return f"an example of {name} is a mapping of {names}; say which are input and target: columns=(…, …)"
    if not isinstance(example, tuple | list) or len(example) != 2:
        several = f" of {len(example)}" if isinstance(example, tuple | list) else ""
        return f"an example of {name} is a {type(example).__name__}{several}; give pairs (x, y)"
    if hasattr(example[0], "convert"):
        return f"the inputs of {name} are images of PIL; turn them into tensors (torchvision's ToTensor, or columns=)"
    return None


def first_batch(data: Any, name: str, size: int) -> Batch | str:
    """The first batch of the data, which `name` names, or a sentence if it cannot be used."""
    if wrong := _first_example(data, name):
        return wrong
    if not isinstance(data, tuple | Dataset):
        data = untouched(data)
        batch = next(iter(data), None)
        if batch is None:
            return f"{name} give no batch; a loader must give batches each time it is iterated over"
        if next(iter(data), None) is None:
            return f"{name} {ONLY_ONCE}"
        if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(isinstance(p, Tensor) for p in batch):
            return f"a batch of {name} is a {type(batch).__name__}; give pairs of tensors (x, y)"
        data = [tuple(batch)]
    found = next(iter(batches(data, size)), None)
    if found is None:
        return f"{name} hold no example; give some"
    if not all(isinstance(part, Tensor) for part in found):
        return f"a batch of {name} is not a pair of tensors (x, y); give numbers"
    return found


def counted(data: Any, name: str, size: int, seconds: float) -> int | str | None:
    """The number of batches of a pass over data that do not say it; a sentence if there is no second pass.

    None if a pass does not end within so many seconds: it may never do.
    """
    began, count = time.monotonic(), 0
    for _ in batches(data, size):
        count += 1
        if time.monotonic() - began > seconds:
            return None
    again = next(iter(batches(data, size)), None)
    return count if count and again is not None else f"{name} {ONLY_ONCE}"
