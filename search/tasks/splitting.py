"""Splitting examples into training, validation and test data: at random, evenly over classes, by groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

Shares = tuple[float, float, float]
Three = tuple[Tensor, Tensor, Tensor]


def split(
    count: int, shares: Shares, seed: int, labels: Tensor | None = None, groups: Any = None, exact: bool = False
) -> Three:
    """Indices of training, validation and test data.

    Args:
        count: number of examples.
        shares: shares of the three parts, which add up to 1.
        seed: seed of the split.
        labels: classes (n,); each part has the same share of each.
        groups: for each example what it must not be split from, such as the patient that it is of; the shares are then
            those of the groups.
        exact: with `labels`, let the parts have exactly their share of the examples, not only nearly so.

    Raises:
        ValueError: the shares do not add up to 1, a part is empty, or there are not as many groups as examples.
    """
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"the three shares of a split must be 0 or more and add up to 1, not {shares}")
    if groups is not None:
        return _by_groups(count, shares, seed, labels, _known(groups))
    return _checked(_split(count, shares, seed, labels, exact), shares, f"{count} examples")


def _split(count: int, shares: Shares, seed: int, labels: Tensor | None, exact: bool = False) -> Three:
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    if labels is not None:
        order = order[torch.argsort(labels[order], stable=True)]
        # A low-discrepancy sequence (multiples of the golden ratio) spreads the examples of each class over the parts.
        place = (torch.arange(count, dtype=torch.float64) * 0.6180339887498949) % 1
        place = (place.argsort().argsort() + 0.5) / count if exact else place
    else:
        place = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    first, second = shares[0], shares[0] + shares[1]
    return order[place < first], order[(place >= first) & (place < second)], order[place >= second]


def _known(groups: Any) -> Any:
    """Groups as an array; ValueError if some have no value, which numpy may turn into the text `nan`."""
    given = groups if isinstance(groups, np.ndarray) else np.array([*groups], dtype=object)
    try:
        known = all(group is not None and group == group for group in given.flat)  # NaN is not equal to itself
    except (TypeError, ValueError):  # of pandas.NA
        known = False
    if not known:
        raise ValueError("groups has no value for some of the examples; give each one, or leave these examples out")
    return np.asarray(groups)


def _by_groups(count: int, shares: Shares, seed: int, labels: Tensor | None, groups: Any) -> Three:
    if groups.shape != (count,):
        raise ValueError(f"groups must hold one entry for each of the {count} examples, not {groups.shape}")
    names, of = np.unique(groups, return_inverse=True)
    member = torch.from_numpy(of)
    alike = None if labels is None else _alike(labels, member, len(names))
    parts = _split(len(names), shares, seed, alike)
    first, second, third = (torch.isin(member, part).nonzero().flatten() for part in parts)
    return _checked((first, second, third), shares, f"{len(names)} groups")


def _alike(labels: Tensor, member: Tensor, count: int) -> Tensor:
    """For each group its rarest class and the one that most of its examples are of, as one number (groups,).

    Each part of a split needs groups that hold what is rare, which may be most of no group.
    """
    _, of, counts = labels.unique(return_inverse=True, return_counts=True)
    many = len(counts)
    rarest_last = counts.argsort(descending=True, stable=True)
    nothing = member.new_zeros(count)
    rarest = rarest_last[nothing.scatter_reduce(0, member, rarest_last.argsort()[of], "amax")]
    both, times = (member * many + of).unique(return_counts=True)
    # The class that most are of; of several, the first.
    most = -nothing.scatter_reduce(0, both // many, times * many - both % many, "amax") % many
    numbered: Tensor = (rarest * many + most).unique(return_inverse=True)[1]
    return numbered


def _checked(parts: Three, shares: Shares, of: str) -> Three:
    for part, share, name in zip(parts, shares, ("training", "validation", "test"), strict=True):
        if share > 0 and len(part) == 0:
            raise ValueError(f"{of} leave the {name} part empty; give more, or another split")
    return parts
