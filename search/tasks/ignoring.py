"""Labels that do not count, such as 255 of pixels that nobody could name."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from search.tasks.kinds import TaskKind


def as_ignored(ignored: Any, kind: TaskKind) -> int | None:
    """The label; ValueError unless it is a whole number, and tasks of the kind have classes; None is always right."""
    if ignored is None:
        return None
    if not kind.counted:
        raise ValueError(
            f"ignored= is a label among the numbers of classes, and the kind {kind.name} has none; leave it out, with "
            "the examples that do not count"
        )
    if isinstance(ignored, bool) or not isinstance(ignored, Integral):
        raise ValueError(f"ignored= is one label, a whole number such as 255 or -1, not {ignored!r}")
    return int(ignored)


def that_count(targets: Tensor, ignored: int) -> Tensor:
    """Whether each target counts. Bytes have no -1: torch would take it for 255."""
    whole = not targets.is_floating_point() and targets.dtype != torch.bool
    if whole and not torch.iinfo(targets.dtype).min <= ignored <= torch.iinfo(targets.dtype).max:
        return torch.ones_like(targets, dtype=torch.bool)
    return targets != ignored


def kept(targets: Tensor, ignored: int | None) -> Tensor:
    """The targets that count, (n,); all, in their own shape, if no label is ignored."""
    return targets if ignored is None else targets[that_count(targets, ignored)]


def counting(outputs: Tensor, targets: Tensor, ignored: int) -> tuple[Tensor, Tensor]:
    """What counts of outputs (B, classes, *grid) and targets (B, *grid): (n, classes) and (n,)."""
    there = that_count(targets, ignored)
    return outputs.movedim(1, -1)[there], targets[there]


def cross_entropy(outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None, ignored: int) -> Tensor:
    """The mean cross-entropy of the targets that count, weighed by their classes; 0 if none does.

    The mean of torch would be NaN for a batch in which nothing counts, and end the training.
    """
    there, targets = that_count(targets, ignored), targets.long()
    total = F.cross_entropy(outputs, targets, weights, ignore_index=ignored, reduction="sum", label_smoothing=smoothing)
    each = there if weights is None else there * weights[targets.where(there, 0)]
    return total / each.sum().to(total.dtype).clamp(min=torch.finfo(total.dtype).tiny)
