"""A network that is run on its input in the orientation with the highest score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archspec.layers.around import Around
from archspec.layers.layer import plain_of
from archspec.layers.moving import Moves

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


class Canonicalise(Around):
    """(B, C, *S) to (B, C', *S'): h·network(h⁻¹·x) for the element h with the highest score.

    Args:
        scorer: a module whose output is (B, C, N, *S) or, in its plain form, (B, C·N, *S).
        network: the wrapped network.
        there: moves an input by the inverse of each element.
        back: moves an output by each element.
        shape: C, N and the number of positions of the scorer's output.
        temperature: temperature of the softmax that defines the gradients.
    """

    def __init__(
        self,
        scorer: nn.Module,
        network: nn.Module,
        there: Moves,
        back: Moves,
        shape: tuple[int, int, int],
        temperature: float,
    ) -> None:
        super().__init__()
        self.scorer, self.network, self.there, self.back = scorer, network, there, back
        self.shape, self.temperature = shape, temperature

    def scores(self, x: Tensor) -> Tensor:
        """(B, N): the score of each element."""
        return torch.mean(torch.reshape(self.scorer(x), (-1, *self.shape)), (1, 3))

    def forward(self, x: Tensor) -> Tensor:
        scores = self.scores(x)
        best = torch.argmax(scores, 1)
        if self.training:
            weights = straight_through(scores, best, self.temperature)
            return self.back.mixed(self.network(self.there.mixed(x, weights)), weights)
        return self.back.chosen(self.network(self.there.chosen(x, best)), best)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same layer with the plain forms of the network and the scorer."""
        scorer, network = plain_of(self.scorer, target), plain_of(self.network, target)
        return Canonicalise(scorer, network, self.there, self.back, self.shape, self.temperature).eval()


def straight_through(scores: Tensor, best: Tensor, temperature: float) -> Tensor:
    """(B, N): 1 for the best element and 0 for the others, with the gradients of the softmax."""
    soft = torch.softmax(scores / temperature, 1)
    hard = torch.zeros_like(soft).scatter_(1, best[:, None], 1.0)
    return hard + (soft - soft.detach())
