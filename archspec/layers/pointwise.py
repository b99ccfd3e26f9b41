"""A linear map of the channels at each position and element of the group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.inheriting import copied_channels, seen, spread
from archspec.layers.layer import Active, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.fourier import Target
    from archspec.geometry.units import Units

CONV_MODULE: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class SharedPointwise(Layer):
    """(B, I, N, *S) to (B, O, N, *S): the same linear map of the channels for every element."""

    prunable: ClassVar[bool] = True

    def __init__(self, inputs: int, outputs: int, order: int, dims: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs).normal_(std=1 / math.sqrt(inputs)))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.order, self.dims = order, dims
        self.shares: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        return torch.unflatten(self.mapped(x.flatten(2, 3)), 2, (self.order, -1))

    def mapped(self, x: Tensor) -> Tensor:
        """(B, I, N·S₁, …) to (B, O, N·S₁, …), the elements side by side along the first axis of the grid."""
        conv = (nn.functional.conv1d, nn.functional.conv2d, nn.functional.conv3d)[self.dims - 1]
        y: Tensor = conv(x, self.weight.view(*self.weight.shape, *(1,) * self.dims), self.bias)
        return y

    def prune(self, active: Active) -> None:
        """Map the active elements only; the weights of the input are applied in the plain form."""
        self.order, self.shares = len(active.reads), active.weights

    def unfolded(self) -> Tensor:
        """(O·N, I·N, 1): see `Layer.unfolded`."""
        return spread(self.weight.detach()[:, :, None, None, None].expand(-1, -1, self.order, -1, -1), self.order)

    @torch.no_grad()
    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over the map between channels that the parent has; see `Layer.inherit`."""
        unfolded = other.unfolded() if isinstance(other, Layer) else None
        if unfolded is None or unfolded.shape[2] > 1:
            return 0
        found = seen(unfolded, reads, gives)[:, :: self.order, 0]
        old = torch.from_numpy(gives.channels >= 0)
        self.weight[old] = found[old].to(self.weight)
        bias = copied_channels(self, other, gives) if self.bias is not None else 0
        return bias + int(old.sum()) * int((reads.channels >= 0).sum())

    def outgoing(self) -> Mapping[str, Tensor]:
        """Weight and bias."""
        return dict(self.named_parameters())

    @torch.no_grad()
    def silence(self) -> bool:
        """Set weights and biases to zero."""
        for parameter in self.parameters():
            parameter.zero_()
        return True

    def plain(self, target: Target = "torch") -> nn.Module:
        """An ordinary convolution of one tap, with the elements side by side along the first axis of the grid."""
        outputs, inputs = self.weight.shape
        one = (1,) * self.dims
        conv = CONV_MODULE[self.dims - 1](inputs, outputs, one, bias=self.bias is not None, device="meta")
        conv.weight = nn.Parameter(self.weight.detach().clone().view(outputs, inputs, *one))
        if self.bias is not None:
            conv.bias = nn.Parameter(self.bias.detach().clone())
        return _Beside(conv, inputs, outputs, self.order, self.shares)


class _Beside(nn.Module):
    shares: Tensor | None

    def __init__(self, conv: nn.Module, inputs: int, outputs: int, order: int, shares: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("shares", shares)
        self.conv, self.inputs, self.outputs, self.order = conv, inputs, outputs, order

    def forward(self, x: Tensor) -> Tensor:
        apart = torch.unflatten(x, 1, (self.inputs, self.order))
        if self.shares is not None:
            apart = torch.movedim(torch.movedim(apart, 2, -1) * self.shares, -1, 2)
        beside = torch.flatten(apart, 2, 3)
        y = torch.unflatten(self.conv(beside), 2, (self.order, -1))
        return torch.flatten(y, 1, 2)
