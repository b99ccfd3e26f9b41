"""A network run on its input in the orientation that is liked best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.around import Around
from archspec.layers.layer import plain_of
from archspec.layers.moving import Moves

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


class Canonicalise(Around):
    """(B, C, *S) to (B, C', *S').

    Args:
        scorer: gives (B, C, N, *S) or, plain, (B, C·N, *S).
        there: reads a signal so that it is moved by the inverse of each element.
        back: reads a result so that it is moved by each element.
        shape: C, N and the number of positions of what the scorer gives.
        temperature: of the softmax that gradients go through.
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
        """(B, N): how much each element is liked."""
        return torch.mean(torch.reshape(self.scorer(x), (-1, *self.shape)), (1, 3))

    def forward(self, x: Tensor) -> Tensor:
        scores = self.scores(x)
        best = torch.argmax(scores, 1)
        if self.training:
            weights = straight_through(scores, best, self.temperature)
            return self.back.mixed(self.network(self.there.mixed(x, weights)), weights)
        return self.back.chosen(self.network(self.there.chosen(x, best)), best)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same around the plain network, with a plain scorer."""
        scorer, network = plain_of(self.scorer, target), plain_of(self.network, target)
        return Canonicalise(scorer, network, self.there, self.back, self.shape, self.temperature).eval()


def straight_through(scores: Tensor, best: Tensor, temperature: float) -> Tensor:
    """(B, N): 1 for the best and 0 for the others, with the gradients of the softmax."""
    soft = torch.softmax(scores / temperature, 1)
    return F.one_hot(best, scores.shape[1]).to(scores.dtype) + (soft - soft.detach())
