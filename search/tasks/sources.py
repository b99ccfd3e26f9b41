"""The three parts of a task, made of arrays, datasets and loaders."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import replace
from math import inf
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from search.tasks import reading
from search.tasks.arrays import as_array
from search.tasks.batches import Data
from search.tasks.kinds import Kind, kind_of
from search.tasks.labels import as_targets, labels_of, strata
from search.tasks.preparation import Preparation, measured
from search.tasks.splitting import Shares, split


class Parts(NamedTuple):
    """Training, validation and test data, and how raw examples become inputs."""

    train: Data
    validation: Data
    test: Data | None
    preparation: Preparation | None = None


def from_arrays(
    x: Any, y: Any, kind: Kind, classes: Sequence[str], shares: Shares, seed: int, groups: Any, standardise: bool
) -> Parts:
    """Arrays, split at random; see `Task.from_arrays`."""
    inputs = as_numbers(x)
    targets = as_targets(y, kind, classes)
    if len(inputs) != len(targets):
        raise ValueError(f"{len(inputs)} examples but {len(targets)} targets")
    prepared = Preparation(
        kind,
        classes=tuple(map(str, classes)),
        size=tuple(inputs.shape[2:]),
        channels=inputs.shape[1] if inputs.dim() > 1 else 1,
        real=any(bool(example.frac().any()) for example in inputs) or None,
    )
    return split_up(inputs, targets, prepared, shares, seed, groups, normalise=False, standardise=standardise)


def as_numbers(x: Any) -> Tensor:
    """An array of real numbers in the default precision; ValueError if it holds anything else."""
    try:
        given = as_array(x)
        kind = given.dtype.kind
    except ValueError:  # rows of different lengths
        kind = "O"
    if kind not in "biuf":
        what = {"O": "objects, or of different lengths", "c": "complex numbers"}.get(kind, "text")
        raise ValueError(f"the inputs are {what}; give real numbers of one shape: (examples, channels, *grid)")
    # Torch warns of sharing what cannot be written, such as what pandas gives; so that is copied.
    make = torch.as_tensor if given.flags.writeable else torch.tensor
    return make(given, dtype=torch.get_default_dtype())


def split_up(
    inputs: Tensor,
    targets: Tensor,
    prepared: Preparation,
    shares: Shares,
    seed: int,
    groups: Any,
    normalise: bool,
    standardise: bool,
) -> Parts:
    """Inputs and targets split at random; means and deviations are measured on the training data alone.

    Args:
        inputs: (n, channels, *grid).
        targets: (n, …).
        prepared: the preparation, without means and deviations.
        shares: shares of the three parts.
        seed: seed of the split.
        groups: for each example what it must not be split from, or None.
        normalise: give each channel of the inputs mean 0 and variance 1.
        standardise: let the targets of a regression be learned with mean 0 and variance 1.
    """
    check_shares(shares)
    if not len(inputs):
        raise ValueError("there are no examples; give some")
    indices = split(len(inputs), shares, seed, strata(targets, prepared.kind), groups)
    train = indices[0]
    if normalise:
        mean, spread = measured(inputs[train])
        prepared = replace(prepared, mean=mean, spread=spread)
        inputs = prepared.normalised(inputs)
    if standardise and not kind_of(prepared.kind).labels:
        learned = targets[train]
        mean, spread = measured(learned if learned.dim() > 2 else learned.reshape(len(train), -1))
        prepared = replace(prepared, target_mean=mean, target_spread=spread)
    if targets.is_floating_point() and not prepared.fine:
        targets = targets.to(torch.get_default_dtype())
    first, second, third = ((inputs[i], targets[i]) for i in indices)
    return Parts(first, second, third if len(third[0]) else None, prepared)


def check_above_0(kind: type[Real] | type[Integral], **given: float | None) -> None:
    """ValueError, naming it, if one of these numbers is given and not of the kind and above 0."""
    for name, value in given.items():
        if value is not None and not (isinstance(value, kind) and 0 < value < inf):
            what = "whole number" if kind is Integral else "number"
            raise ValueError(f"{name} must be a {what} above 0, not {value!r}")


def check_shares(shares: Shares) -> None:
    """ValueError unless these are shares of three parts with something to train on."""
    three = isinstance(shares, Sequence) and len(shares) == 3 and all(isinstance(one, Real) for one in shares)
    if not three or not (shares[0] > 0 and min(shares) >= 0 and abs(sum(shares) - 1) <= 1e-6):
        raise ValueError(
            "a split has three shares, of training (above 0), validation and test data (0 or more each), "
            f"which add up to 1, not {shares}"
        )


def from_datasets(
    train: Dataset[Any],
    validation: Dataset[Any] | None,
    test: Dataset[Any] | None,
    kind: Kind,
    name: str,
    seed: int,
    groups: Any,
    plain: Dataset[Any] | None,
    columns: tuple[str, str] | None,
    classes: Sequence[str] = (),
) -> Parts:
    """Datasets; see `Task.from_datasets`."""
    first, second, third, same = (
        part if part is None or columns is None else Columns(part, *columns)
        for part in (train, validation, test, plain)
    )
    assert first is not None
    prepared = first.pictures(kind, tuple(map(str, classes))) if isinstance(first, Columns) else None
    if second is not None:
        return Parts(first, second, third, prepared)
    if not isinstance(first, Sized):
        raise TypeError(f"{name}: a dataset without a length cannot be split; give validation too")
    if isinstance(same, Sized) and len(same) != len(first):
        raise ValueError(f"plain holds {len(same)} examples and train {len(first)}; give the same examples in order")
    labels = labels_of(same or first) if kind_of(kind).labels else None
    kept, held, _ = split(len(first), (0.8, 0.2, 0.0), seed, strata(labels, kind), groups, exact=True)
    return Parts(Subset(first, kept.tolist()), Subset(same or first, held.tolist()), third, prepared)


class Columns(Dataset[tuple[Any, Any]]):
    """Pairs (x, y) out of a dataset whose examples are mappings, as those of Hugging Face are.

    Images of PIL become tensors (channels, rows, columns) from 0 to 1.
    """

    def __init__(self, dataset: Any, x: str, y: str) -> None:
        self.dataset, self.x, self.y = dataset, x, y

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        example = self.dataset[index]
        if missing := [name for name in (self.x, self.y) if name not in example]:
            raise ValueError(f"an example has no column {missing[0]!r}; its columns are {', '.join(example)}")
        return as_input(example[self.x]), example[self.y]

    def pictures(self, kind: Kind, classes: tuple[str, ...]) -> Preparation | None:
        """How other pictures become inputs like those of the dataset, which are as the first; None if that is none."""
        try:
            first = self.dataset[0][self.x]
        except (IndexError, KeyError, TypeError):  # which is said when the data are read
            return None
        if not hasattr(first, "convert") or not (count := reading.channels_of(first)):
            return None
        return Preparation(kind, "image", classes, tuple(as_input(first).shape[1:]), count)


def as_input(raw: Any) -> Any:
    """An image of PIL as a tensor (channels, rows, columns) from 0 to 1; all else as a tensor in default precision."""
    if hasattr(raw, "convert") and (count := reading.channels_of(raw)):
        return reading.image(raw, count, ()).to(torch.get_default_dtype())
    values = np.asarray(raw)
    if values.dtype == np.uint8 and hasattr(raw, "convert"):
        values = np.moveaxis(values, -1, 0) / np.float32(255)
    return torch.as_tensor(values).to(torch.get_default_dtype())
