"""Channel and spatial attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.geometry.fourier import Target
from archspec.layers.layer import Layer, plain_of


class Attention(Layer):
    """x - α_S·α_C·x, with α_C (B, C, N, 1…) and α_S (B, 1, N, *S), or without N on a plain signal.

    Args:
        narrow: the first linear map of the channel attention.
        wide: the second one.
        spatial: the convolution from the mean and the maximum over the channels to one map.
        channels: C.
        order: N.
        dims: number of axes of the grid.
        turns: number of elements that `spatial` lifts a plain signal to, over which the maximum is taken; 1 for none.
        folded: whether it works on the layout (B, C·N, *S).
    """

    def __init__(
        self,
        narrow: nn.Module,
        wide: nn.Module,
        spatial: nn.Module,
        channels: int,
        order: int,
        dims: int,
        turns: int,
        folded: bool = False,
    ) -> None:
        super().__init__()
        self.narrow, self.wide, self.spatial = narrow, wide, spatial
        self.channels, self.order, self.dims, self.turns, self.folded = channels, order, dims, turns, folded

    def forward(self, x: Tensor) -> Tensor:
        attended = self.channel_attention(x) * x
        return x - self.spatial_attention(attended) * attended

    def channel_attention(self, x: Tensor) -> Tensor:
        """α_C, in a shape that multiplies x."""
        grid = tuple(range(-self.dims, 0))
        mean, highest = torch.mean(x, grid, keepdim=True), torch.amax(x, grid, keepdim=True)
        # The second map is linear, so that it is applied once, to the sum.
        return torch.sigmoid(self.wide(torch.relu(self.narrow(mean)) + torch.relu(self.narrow(highest))))

    def spatial_attention(self, x: Tensor) -> Tensor:
        """α_S, in a shape that multiplies x."""
        fold = self.folded and self.order > 1
        if fold:
            x = torch.unflatten(x, 1, (self.channels, self.order))
        mean, highest = torch.mean(x, 1, keepdim=True), torch.amax(x, 1, keepdim=True)
        found = torch.cat([mean, highest], 1)
        found = self.spatial(torch.flatten(found, 1, 2) if fold else found)
        if self.turns > 1:
            found = torch.amax(found, 1, keepdim=True) if self.folded else torch.amax(found, 2)
        found = torch.sigmoid(found)
        return torch.tile(found, (1, self.channels, *(1,) * self.dims)) if fold else found

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same layer on the folded layout, with the plain forms of its parts."""
        narrow, wide, spatial = (plain_of(part, target) for part in (self.narrow, self.wide, self.spatial))
        return Attention(narrow, wide, spatial, self.channels, self.order, self.dims, self.turns, folded=True)
