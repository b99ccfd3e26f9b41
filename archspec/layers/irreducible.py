"""A linear map of channels and of the elements of a cyclic group, block-diagonal in its irreducible representations."""

# Letters: I/O channels in/out, N elements, R real irreducible representations of dimension 1 (1, or 2 for even N),
# P of dimension 2, S grid as one axis.

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.layer import Layer
from archspec.layers.precision import Fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.fourier import Target


def real_parts(order: int) -> Tensor:
    """(N, N), orthonormal rows: a constant, for even N an alternating sign, then cosine and sine of each frequency."""
    n = torch.arange(order, dtype=torch.float64)
    rows = [torch.full((order,), 1 / math.sqrt(order), dtype=torch.float64)]
    if order % 2 == 0:
        rows.append((1 - 2 * (n % 2)) / math.sqrt(order))
    for k in range(1, (order + 1) // 2):
        angle = 2 * math.pi * k * n / order
        rows += [torch.cos(angle) * math.sqrt(2 / order), torch.sin(angle) * math.sqrt(2 / order)]
    return torch.stack(rows)


class IrreduciblePointwise(Layer, Fixed):
    """(B, I, N, *S) to (B, O, N, *S): the same function as convolving over the group with a table (O·I, N).

    y_n = Σ_j w_{j-n} x_j; for the cosine and sine parts of each frequency ŷ_c = A x̂_c + B x̂_s, ŷ_s = A x̂_s - B x̂_c.
    """

    basis: Tensor

    def __init__(self, inputs: int, outputs: int, order: int, grid: tuple[int, ...], bias: bool) -> None:
        super().__init__()
        self.inputs, self.outputs, self.order, self.grid = inputs, outputs, order, grid
        self.single = 2 - order % 2 if order > 1 else 1
        self.weight = nn.Parameter(torch.empty(outputs * inputs, order).normal_(std=1 / math.sqrt(inputs * order)))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.fix("basis", real_parts(order))

    def blocks(self) -> tuple[Tensor, Tensor]:
        """(R·O, I, 1) and (P·2·O, 2·I, 1): the weights for the representations of dimension 1 and of dimension 2."""
        parts = (self.weight @ self.basis.T).view(self.outputs, self.inputs, self.order)
        scale = math.sqrt(self.order)
        single = (parts[..., : self.single] * scale).permute(2, 0, 1).reshape(-1, self.inputs, 1)
        a, b = (parts[..., self.single :].unflatten(-1, (-1, 2)) * (scale / math.sqrt(2))).unbind(-1)
        upper, lower = torch.stack([a, b], -1), torch.stack([-b, a], -1)  # (O, I, P, 2 in)
        pairs = torch.stack([upper, lower], 0).permute(3, 0, 1, 4, 2)  # (P, 2 out, O, 2 in, I)
        return single, pairs.reshape(-1, 2 * self.inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        single, pairs = self.blocks()
        y = mapped(x.flatten(3), self.basis, single, pairs, self.order, self.outputs)
        if self.bias is not None:
            y = y + self.bias.view(-1, 1, 1)
        return torch.unflatten(y, 3, x.shape[3:])

    def outgoing(self) -> Mapping[str, Tensor]:
        """Weight and bias."""
        return dict(self.named_parameters())

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same on the folded layout."""
        return _Folded(self)


def mapped(x: Tensor, basis: Tensor, single: Tensor, pairs: Tensor, order: int, outputs: int) -> Tensor:
    """(B, I, N, S) to (B, O, N, S): change the basis, map each irreducible representation by itself, change back."""
    count = 2 - order % 2
    if order == 2:
        even, odd = torch.select(x, 2, 0), torch.select(x, 2, 1)
        parts = F.conv1d(torch.cat([even + odd, even - odd], 1), single, groups=2)
        even, odd = torch.chunk(parts, 2, 1)
        # Both changes of basis lack the factor 1/√2 of an orthonormal one.
        return torch.stack([even + odd, even - odd], 2) * 0.5
    parts = torch.matmul(basis, x)
    first = torch.flatten(torch.transpose(torch.narrow(parts, 2, 0, count), 1, 2), 1, 2)
    mapped_first = torch.unflatten(F.conv1d(first, single, groups=count), 1, (count, outputs))
    rest = torch.unflatten(torch.narrow(parts, 2, count, order - count), 2, ((order - count) // 2, 2))
    paired = torch.flatten(torch.permute(rest, (0, 2, 3, 1, 4)), 1, 3)
    mapped_pairs = F.conv1d(paired, pairs, groups=(order - count) // 2)
    mapped_pairs = torch.unflatten(mapped_pairs, 1, (order - count, outputs))
    y = torch.transpose(torch.cat([mapped_first, mapped_pairs], 1), 1, 2)
    return torch.matmul(basis.T, y)


class _Folded(nn.Module):
    basis: Tensor
    single: Tensor
    pairs: Tensor
    bias: Tensor | None

    def __init__(self, layer: IrreduciblePointwise) -> None:
        super().__init__()
        single, pairs = layer.blocks()
        self.register_buffer("basis", layer.basis.clone())
        self.register_buffer("single", single.detach().clone())
        self.register_buffer("pairs", pairs.detach().clone())
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().view(-1, 1, 1).clone())
        self.order, self.inputs, self.outputs, self.grid = layer.order, layer.inputs, layer.outputs, layer.grid

    def forward(self, x: Tensor) -> Tensor:
        apart = torch.unflatten(torch.flatten(x, 2), 1, (self.inputs, self.order))
        y = mapped(apart, self.basis, self.single, self.pairs, self.order, self.outputs)
        y = y if self.bias is None else y + self.bias
        return torch.unflatten(torch.flatten(y, 1, 2), 2, self.grid)
