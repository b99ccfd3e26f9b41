"""Running statistics estimated anew."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from archspec.layers.keeping import in_evaluation, kept_kernels
from archspec.layers.norm import fresh_statistics


def reestimate(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch norm the statistics of these batches, each counting the same; weights stay as they are.

    After weights were carried to another group order or kernel size, and wherever the data have changed.
    """
    with torch.no_grad(), in_evaluation(model), kept_kernels(model), fresh_statistics(model):
        for x in batches:
            model(x)
