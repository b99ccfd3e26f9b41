"""A network run on its input in every orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archspec.layers.around import Around
from archspec.layers.layer import plain_of
from archspec.layers.moving import Moves

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


class Average(Around):
    """(B, C, *S) to (B, C', *S'): mean or maximum of the network's results, each moved back; it runs once on N·B."""

    def __init__(self, network: nn.Module, there: Moves, back: Moves, reduce: str, only_in_evaluation: bool) -> None:
        super().__init__()
        self.network, self.there, self.back = network, there, back
        self.reduce, self.only_in_evaluation = reduce, only_in_evaluation

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.only_in_evaluation:
            plain: Tensor = self.network(x)
            return plain
        results = self.back.apart(self.network(torch.flatten(self.there.each(x), 0, 1)))
        return torch.mean(results, 0) if self.reduce == "mean" else torch.amax(results, 0)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same around the plain network."""
        return Average(
            plain_of(self.network, target), self.there, self.back, self.reduce, self.only_in_evaluation
        ).eval()
