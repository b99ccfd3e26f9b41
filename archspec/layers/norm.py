"""Normalisation with statistics and affine parameters shared over the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.inheriting import copied_channels
from archspec.layers.layer import Active, Layer

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target
    from archspec.geometry.units import Units

BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class BatchNorm(Layer, nn.BatchNorm1d):
    """Batch norm with statistics per channel over batch, group and grid; (B, C, N, *S) or (B, C, *S)."""

    prunable: ClassVar[bool] = True

    def __init__(self, channels: int, order: int, dims: int, eps: float) -> None:
        super().__init__(channels, eps)
        self.order, self.dims = order, dims

    def forward(self, x: Tensor, element_weights: Tensor | None = None) -> Tensor:
        if element_weights is None or not self.training:
            return super().forward(x.flatten(2)).view(x.shape)
        # The statistics are weighted means, with the weight of each group element.
        axes, weights = (0, *range(2, x.dim())), element_weights.expand(x.shape)
        count = weights[:, 0].sum()
        mean = (x * weights).sum(axes, keepdim=True) / count
        variance = ((x - mean).square() * weights).sum(axes, keepdim=True) / count
        self.track(mean.flatten(), variance.flatten() * count / (count - 1).clamp(min=1))
        shape = (-1, *(1,) * (x.dim() - 2))
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight.view(shape) + self.bias.view(shape)

    @torch.no_grad()
    def track(self, mean: Tensor, variance: Tensor) -> None:
        """Update the running statistics as torch does; without a momentum they are the mean over all batches."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        like = self.running_mean
        share = 1 / self.num_batches_tracked.to(like) if self.momentum is None else self.momentum
        like.lerp_(mean.to(like), share)
        self.running_var.lerp_(variance.to(like), share)

    @torch.no_grad()
    def silence(self) -> bool:
        """Set scale and shift to zero."""
        self.weight.zero_()
        self.bias.zero_()
        return True

    def prune(self, active: Active) -> None:
        """Normalise the active elements only."""
        self.order = len(active.gives)

    def outgoing(self) -> Mapping[str, Tensor]:
        """Scale and shift."""
        return dict(self.named_parameters())

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over scale, shift and statistics of each channel; see `Layer.inherit`."""
        return copied_channels(self, other, gives)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The ordinary batch norm of the folded channels."""
        norm = BATCH_NORM[self.dims - 1](self.num_features * self.order, self.eps, device="meta")
        assert self.running_mean is not None
        assert self.running_var is not None
        for name in ("weight", "bias"):
            setattr(norm, name, nn.Parameter(getattr(self, name).detach().repeat_interleave(self.order)))
        norm.running_mean = self.running_mean.repeat_interleave(self.order)
        norm.running_var = self.running_var.repeat_interleave(self.order)
        norm.num_batches_tracked = torch.tensor(0, device=self.running_mean.device)
        return norm.eval()


class GroupNorm(Layer, nn.GroupNorm):
    """Group norm with statistics per example over a set of channels, group and grid."""

    def __init__(self, channels: int, order: int, groups: int, eps: float) -> None:
        super().__init__(groups, channels, eps)
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(2)).view(x.shape)

    def outgoing(self) -> Mapping[str, Tensor]:
        """Scale and shift."""
        return dict(self.named_parameters())

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over scale, shift and statistics of each channel; see `Layer.inherit`."""
        return copied_channels(self, other, gives)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The ordinary group norm of the folded channels."""
        norm = nn.GroupNorm(self.num_groups, self.num_channels * self.order, self.eps, device="meta")
        norm.weight = nn.Parameter(self.weight.detach().repeat_interleave(self.order))
        norm.bias = nn.Parameter(self.bias.detach().repeat_interleave(self.order))
        return norm


class LayerNorm(Layer):
    """Layer norm with statistics per example and position over channels and group."""

    def __init__(self, channels: int, order: int, grouped: bool, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.order, self.axes, self.eps = order, 2 if grouped else 1, eps

    def forward(self, x: Tensor) -> Tensor:
        # torch normalises the last axis: (B, *S, C·N).
        y = x.flatten(1, self.axes).movedim(1, -1)
        weight, bias = self.weight.repeat_interleave(self.order), self.bias.repeat_interleave(self.order)
        return F.layer_norm(y, (y.shape[-1],), weight, bias, self.eps).movedim(-1, 1).reshape(x.shape)

    def outgoing(self) -> Mapping[str, Tensor]:
        """Scale and shift."""
        return dict(self.named_parameters())

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over scale, shift and statistics of each channel; see `Layer.inherit`."""
        return copied_channels(self, other, gives)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The ordinary layer norm over the folded channels."""
        return _ChannelNorm(
            self.weight.detach().repeat_interleave(self.order),
            self.bias.detach().repeat_interleave(self.order),
            self.eps,
        )


class _ChannelNorm(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor, eps: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(len(weight), eps, device="meta")
        self.norm.weight, self.norm.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.movedim(self.norm(torch.movedim(x, 1, -1)), -1, 1)


@contextmanager
def fresh_statistics(model: nn.Module) -> Iterator[None]:
    """A context in which the running statistics of every batch norm become the mean over all batches seen within."""
    norms = [module for module in model.modules() if isinstance(module, BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
