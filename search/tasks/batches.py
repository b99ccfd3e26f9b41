"""Training, validation and test data as batches (x, y)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from search.tasks.arrays import as_array

Batch = tuple[Tensor, Tensor]
# Tensors (x, y), a dataset of pairs (x, y), or an iterable, such as a loader, over batches (x, y).
Data: TypeAlias = tuple[Tensor, Tensor] | Dataset[Any] | Iterable[Batch]


def batches(data: Data, size: int, shuffle_seed: int | None = None) -> Iterator[Batch]:
    """The data in batches of `size`, in order, or shuffled if a seed is given; a loader's batches are as they are.

    Real inputs of another precision are cast to the default one, and batches without an example are left out. If a
    single example would remain for the last batch of shuffled data, it is left out: those batches are trained on, and
    the variance of a batch norm over one example is zero.
    """
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    if isinstance(data, tuple):
        x, y = data
        order = torch.arange(len(x)) if generator is None else torch.randperm(len(x), generator=generator)
        if generator is not None and _one_left_over(len(x), size):
            order = order[:-1]
        for part in order.to(x.device).split(size):
            yield x[part], y[part]
        return
    real = torch.get_default_dtype()
    for x, y in _loaded(data, size, generator) if isinstance(data, Dataset) else untouched(data):
        if len(x):
            yield x.to(real) if x.is_floating_point() else x, y


def alone(data: Data) -> Data:
    """Tensors with nothing of a larger one that they are views of, which would be pickled with them.

    Any other data as they are.
    """
    if not isinstance(data, tuple):
        return data
    x, y = (part.detach().clone() if part.untyped_storage().nbytes() > part.nbytes else part for part in data)
    return x, y


def _loaded(data: Dataset[Any], size: int, generator: torch.Generator | None) -> Iterable[Batch]:
    if isinstance(data, IterableDataset):
        return DataLoader(data, size, collate_fn=_together)
    drop = generator is not None and isinstance(data, Sized) and _one_left_over(len(data), size)
    return DataLoader(
        data, size, shuffle=generator is not None, generator=generator, drop_last=drop, collate_fn=_together
    )


def _together(examples: list[Any]) -> Any:
    """A batch of examples. Lists of numbers, as Hugging Face has them, are arrays: torch would turn rows to columns."""
    return default_collate([[*map(_numbers, one)] if isinstance(one, tuple | list) else one for one in examples])


def _numbers(part: Any) -> Any:
    """A list of numbers as an array; all else as it is."""
    if not isinstance(part, list):
        return part
    found = as_array(part)
    return found if found.dtype.kind in "biuf" else part


def untouched(data: Any) -> Any:
    """A shallow copy of a loader, whose iterator stays with the copy: a loader with a live one cannot be sent."""
    try:
        return copy.copy(data) if isinstance(data, DataLoader) else data
    except TypeError:
        return data


def batch_count(data: Data, size: int) -> int:
    """The number of batches of one pass over shuffled data; 1 for a loader without a length."""
    count = example_count(data) if isinstance(data, tuple) else length(data)
    if count is None:
        return 1
    if isinstance(data, Dataset | tuple):
        return math.ceil(count / size) - _one_left_over(count, size)
    return count


def example_count(data: Data) -> int | None:
    """The number of examples; None for a loader, and for data without a length."""
    if isinstance(data, tuple):
        return len(data[0])
    return length(data) if isinstance(data, Dataset) else None


def without_length(data: Data) -> bool:
    """Whether it is known only at the end of a pass how many batches there are."""
    return example_count(data) is None and length(data) is None


def length(data: object) -> int | None:
    """The length of a dataset or a loader; None if it has none, as a loader over an endless dataset."""
    try:
        return len(data) if isinstance(data, Sized) else None
    except TypeError:
        return None


def _one_left_over(count: int, size: int) -> bool:
    """Whether a single example remains for the last batch, after at least one whole batch."""
    return count > size > 1 and count % size == 1
