"""Re-estimation of the running statistics of batch norms."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from archspec.layers.keeping import in_evaluation, kept_kernels
from archspec.layers.norm import fresh_statistics


def reestimate(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the running statistics of every batch norm to their mean over these batches; weights do not change.

    To be used after weights were transferred to another group order or kernel size, or when the data have changed.
    """
    with torch.no_grad(), in_evaluation(model), kept_kernels(model), fresh_statistics(model):
        for x in batches:
            model(x)
