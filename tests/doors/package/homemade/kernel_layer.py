"""The module of the kernel."""

from __future__ import annotations

import torch
from torch import Tensor

from archspec.layers.kernels.features import FeatureKernel
from archspec.layers.precision import WideLinear


class Bump(FeatureKernel):
    """Samples (R, P) of R kernels."""

    def __init__(self, rows: int, inputs: int, bumps: int) -> None:
        super().__init__(bumps, rows)
        self.seen_by = WideLinear(inputs, bumps)

    def features(self) -> Tensor:
        return torch.exp(-self.seen_by(self.points).square())
