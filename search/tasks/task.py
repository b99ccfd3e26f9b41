"""A task: training, validation and test data, and how a prediction is scored."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

Kind = Literal["classification", "regression"]
Batch = tuple[Tensor, Tensor]
Metric: TypeAlias = Callable[[Tensor, Tensor], float]
# Tensors (x, y), a dataset of pairs (x, y), or an iterable, such as a loader, over batches (x, y).
Data: TypeAlias = tuple[Tensor, Tensor] | Dataset[Any] | Iterable[Batch]


@dataclass(frozen=True)
class Task:
    """Training, validation and test data, and their metrics. A search uses training and validation data only.

    Attributes:
        name: the name of the task in reports.
        kind: `classification` (cross-entropy on integer labels) or `regression` (mean squared error).
        train: training data.
        validation: validation data.
        test: test data; None in the copy that workers get.
        metrics: further scores by name: functions of the outputs and targets of the whole validation or test data.
    """

    name: str
    kind: Kind
    train: Data
    validation: Data
    test: Data | None = None
    metrics: Mapping[str, Metric] | None = None

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        kind: Kind = "classification",
        name: str = "task",
        split: tuple[float, float, float] = (0.6, 0.2, 0.2),
        seed: int = 0,
        metrics: Mapping[str, Metric] | None = None,
    ) -> Task:
        """A task from arrays of examples (n, channels, *grid) and targets (n, …), split at random.

        Each part of the split has the same share of every class, if targets are labels (n,).

        Args:
            x: the examples.
            y: the targets.
            kind: `classification` or `regression`.
            name: the name of the task in reports.
            split: shares of training, validation and test data, which add up to 1.
            seed: seed of the split.
            metrics: further scores by name.

        Raises:
            ValueError: the arrays have different lengths, the shares do not add up to 1, or a part of the split is
                empty.
        """
        inputs = torch.as_tensor(np.asarray(x), dtype=torch.get_default_dtype())
        targets = torch.as_tensor(np.asarray(y), dtype=torch.long if kind == "classification" else inputs.dtype)
        if len(inputs) != len(targets):
            raise ValueError(f"{len(inputs)} examples but {len(targets)} targets")
        parts = _split(targets if kind == "classification" and targets.dim() == 1 else None, len(inputs), split, seed)
        train, validation, test = ((inputs[i], targets[i]) for i in parts)
        return cls(name, kind, train, validation, test, metrics)

    @classmethod
    def from_datasets(
        cls,
        train: Dataset[Any],
        validation: Dataset[Any] | None = None,
        test: Dataset[Any] | None = None,
        *,
        kind: Kind = "classification",
        name: str = "task",
        seed: int = 0,
        metrics: Mapping[str, Metric] | None = None,
    ) -> Task:
        """A task from torch datasets of pairs (x, y).

        Without `validation`, a random fifth of the training data is held out for it.

        Raises:
            TypeError: `validation` is missing and the training data has no length.
        """
        if validation is None:
            if not isinstance(train, Sized):
                raise TypeError(f"{name}: a dataset without a length cannot be split; give validation too")
            kept, held, _ = _split(None, len(train), (0.8, 0.2, 0.0), seed)
            train, validation = Subset(train, kept.tolist()), Subset(train, held.tolist())
        return cls(name, kind, train, validation, test, metrics)

    @classmethod
    def from_loaders(
        cls,
        train: Iterable[Batch],
        validation: Iterable[Batch],
        test: Iterable[Batch] | None = None,
        *,
        kind: Kind = "classification",
        name: str = "task",
        metrics: Mapping[str, Metric] | None = None,
    ) -> Task:
        """A task from your own loaders: iterables over batches (x, y), which are iterated many times."""
        return cls(name, kind, train, validation, test, metrics)

    def without_test(self) -> Task:
        """A copy of the task without its test data."""
        return replace(self, test=None)

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The training loss, averaged over the batch: cross-entropy or mean squared error."""
        if self.kind == "classification":
            return F.cross_entropy(outputs, targets, label_smoothing=label_smoothing)
        return F.mse_loss(outputs, targets.view_as(outputs))

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Scores of the outputs for the whole validation or test data: loss, accuracy or r2, and the task's metrics."""
        result = {"loss": float(self.loss(outputs, targets))}
        if self.kind == "classification":
            # A ratio of integers, so that equal predictions have exactly equal accuracies.
            result["accuracy"] = int((outputs.argmax(1) == targets).sum()) / targets.numel()
        else:
            spread = float((targets - targets.mean(0)).pow(2).mean()) or 1.0
            result["r2"] = 1 - result["loss"] / spread
        for name, metric in (self.metrics or {}).items():
            result[name] = float(metric(outputs, targets))
        return result

    @property
    def fingerprint(self) -> str:
        """A hash of name, kind, and training and validation data: of arrays their values, of datasets their lengths."""
        digest = hashlib.blake2b(f"{self.name} {self.kind}".encode(), digest_size=8)
        for part in (self.train, self.validation):
            if isinstance(part, tuple):
                for tensor in part:
                    digest.update(str(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
            elif isinstance(part, Sized):
                digest.update(str(len(part)).encode())
        return digest.hexdigest()


def batches(data: Data, size: int, shuffle_seed: int | None = None) -> Iterator[Batch]:
    """The data in batches of `size`, in order, or shuffled if a seed is given; a loader's batches are as they are.

    If a single example would remain for the last batch of shuffled data, it is left out: those batches are trained on,
    and the variance of a batch norm over one example is zero.
    """
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    if isinstance(data, tuple):
        x, y = data
        order = torch.arange(len(x)) if generator is None else torch.randperm(len(x), generator=generator)
        if generator is not None and _one_left_over(len(x), size):
            order = order[:-1]
        for part in order.split(size):
            yield x[part], y[part]
    elif isinstance(data, Dataset):
        one_left_over = isinstance(data, Sized) and _one_left_over(len(data), size)
        yield from DataLoader(
            data,
            size,
            shuffle=generator is not None,
            generator=generator,
            drop_last=generator is not None and one_left_over,
        )
    else:
        yield from data


def batch_count(data: Data, size: int) -> int:
    """The number of batches of one pass over shuffled data; 1 for a loader without a length."""
    count = len(data[0]) if isinstance(data, tuple) else len(data) if isinstance(data, Sized) else 1
    if isinstance(data, Dataset | tuple):
        return math.ceil(count / size) - _one_left_over(count, size)
    return count


def _one_left_over(count: int, size: int) -> bool:
    """Whether a single example remains for the last batch, after at least one whole batch."""
    return count > size > 1 and count % size == 1


def _split(
    labels: Tensor | None, count: int, shares: tuple[float, float, float], seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of training, validation and test data; if labels (n,) are given, with the same share of each class."""
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"the three shares of a split must be 0 or more and add up to 1, not {shares}")
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    if labels is not None:
        order = order[torch.argsort(labels[order], stable=True)]
        # A low-discrepancy sequence (multiples of the golden ratio) spreads the examples of each class over the parts.
        place = (torch.arange(count, dtype=torch.float64) * 0.6180339887498949) % 1
    else:
        place = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    first, second = shares[0], shares[0] + shares[1]
    parts = (order[place < first], order[(place >= first) & (place < second)], order[place >= second])
    for part, share, name in zip(parts, shares, ("training", "validation", "test"), strict=True):
        if share > 0 and len(part) == 0:
            raise ValueError(f"{count} examples leave the {name} part empty; give more, or another split")
    return parts
