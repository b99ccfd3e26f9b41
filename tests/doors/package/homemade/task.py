"""A task: in which corner of a small image the light is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

Pairs = tuple[Tensor, Tensor]


def _images(seed: int) -> Pairs:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(32) % 4
    x = 0.1 * torch.randn(32, 1, 6, 6, generator=generator)
    x[torch.arange(32), 0, y // 2 * 5, y % 2 * 5] += 3
    return x, y


@dataclass(frozen=True)
class Corners:
    """Four classes."""

    name: str = "corners"
    kind: Literal["classification"] = "classification"
    train: Pairs = field(default_factory=partial(_images, 0))
    validation: Pairs = field(default_factory=partial(_images, 1))
    test: Pairs | None = field(default_factory=partial(_images, 2))
    fingerprint: str = "corners of 1"

    def without_test(self) -> Self:
        return replace(self, test=None)

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        return F.cross_entropy(outputs, targets, label_smoothing=label_smoothing)

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        right = float((outputs.argmax(1) == targets).double().mean())
        return {"accuracy": right, "loss": float(self.loss(outputs, targets))}
