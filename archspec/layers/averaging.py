"""A network that is run on its input in every orientation."""

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
    """(B, C, *S) to (B, C', *S'): mean or maximum of the outputs for N moved inputs, each output moved back.

    The network is run once, on a batch of N·B.

    Args:
        network: the wrapped network.
        there: moves an input by each of N elements.
        back: moves an output by the inverse of each element.
        reduce: `mean` or `max`.
        only_in_evaluation: whether in training the network is run on the input alone.
    """

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
        """The same layer around the plain form of the network."""
        return Average(
            plain_of(self.network, target), self.there, self.back, self.reduce, self.only_in_evaluation
        ).eval()
