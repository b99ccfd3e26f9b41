"""Linear layers inherited by another network, whose signals have other units (see `archspec.geometry.units`).

A weight between two units that the parent has is copied; one from a new unit to an old one is zero, so that the old
unit computes what it did; weights to new units stay as they were drawn.
"""

# Letters: O/I channels out/in, N/J group elements out/in, U units of the parent's input, M elements on a kernel's own
# group axis (J, or 1), K taps, R kernels.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from archspec.geometry.units import Units


def copied(layer: nn.Module, other: nn.Module) -> int:
    """Copy all of a layer with tensors of the same names and shapes; returns the number of parameters, else 0."""
    mine, theirs = layer.state_dict(), other.state_dict()
    if {k: v.shape for k, v in mine.items()} != {k: v.shape for k, v in theirs.items()}:
        return 0
    layer.load_state_dict(theirs)
    return sum(p.numel() for p in layer.parameters())


@torch.no_grad()
def copied_channels(layer: nn.Module, other: nn.Module, gives: Units) -> int:
    """Copy the tensors (C,) of a layer, such as a norm, for each channel that the parent has."""
    count, theirs = 0, other.state_dict()
    new = torch.from_numpy(np.flatnonzero(gives.channels >= 0))
    old = torch.from_numpy(gives.channels[gives.channels >= 0])
    parameters = dict(layer.named_parameters(recurse=False))
    for name, tensor in (parameters | dict(layer.named_buffers(recurse=False))).items():
        if tensor.shape == (len(gives.of),) and name in theirs:
            tensor[new.to(tensor.device)] = theirs[name].to(tensor)[old.to(tensor.device)]
            count += len(new) if name in parameters else 0
    return count


@torch.no_grad()
def copied_rows(layer: nn.Module, other: nn.Module | None, gives: Units) -> int:
    """Copy the tensors of a window, (1, …) or one row for each channel that the parent has, if both are of a kind."""
    if other is None or type(layer) is not type(other):
        return 0
    count, rows = 0, torch.from_numpy(gives.channels)
    theirs = dict(other.named_parameters()) | dict(other.named_buffers())  # a width that is not learned is no state
    for name, tensor in layer.state_dict().items():
        there = theirs[name].to(tensor)
        if there.shape[1:] != tensor.shape[1:]:
            continue
        if len(there) == len(tensor) == 1:
            tensor.copy_(there)
        elif len(tensor) == len(rows) and len(there) > int(rows.max()):
            tensor[rows >= 0] = there[rows[rows >= 0]]
        else:
            continue
        count += tensor.numel()
    return count


def sums(reads: Units, units: int) -> Tensor:
    """(I·J, U): each input as a sum of the parent's; of pooled signals, as if the mean had been pooled.

    Args:
        reads: the units of the input.
        units: U.
    """
    of = reads.of.reshape(1, -1) if not reads.pooled else reads.of.T
    matrix = torch.zeros(of.shape[1], units, dtype=torch.float64)
    every = torch.arange(of.shape[1])
    for members in of:
        known = torch.from_numpy(members >= 0)
        there = torch.from_numpy(members)[known]
        there, share = (there // reads.order, 1 / reads.order) if reads.parent_pooled else (there, 1.0)
        matrix.index_put_((every[known], there), torch.tensor(share, dtype=matrix.dtype), accumulate=True)
    return matrix


def seen(unfolded: Tensor, reads: Units, gives: Units) -> Tensor:
    """(O, I·J, K): weights of the first element of each output, zero for new ones, from the parent's (O'·N', U, K)."""
    rows = torch.from_numpy(gives.of[:, 0])
    found = unfolded.double()[rows.clamp(min=0)] * (rows >= 0)[:, None, None]
    return torch.einsum("ouk,iu->oik", found, sums(reads, unfolded.shape[1]))


def seen_depthwise(unfolded: Tensor, reads: Units, gives: Units) -> Tensor:
    """(C, J, K): as `seen` for a layer that convolves each channel by itself, from the parent's (C'·N', J', K)."""
    of, first = reads.of, gives.of[:, :1]
    if reads.pooled or reads.parent_pooled:  # each channel is pooled before it is convolved
        of, element, apart = first, np.zeros_like(first), first < 0
    else:
        element, apart = of % reads.order, (of < 0) | (of // reads.order != first // gives.order)
    found = unfolded.double()[torch.from_numpy(first).clamp(min=0), torch.from_numpy(element)]
    return found * torch.from_numpy(~(apart | (first < 0)))[:, :, None]


def spread(values: Tensor, elements: int) -> Tensor:
    """(O·N, I·J, K): weights from each unit to each, of the kernels' values (O, I, N, M, K).

    Args:
        values: values of the kernels between elements.
        elements: J; where M is 1 and J is not, an element reads that element alone.
    """
    outputs, inputs, order, own, taps = values.shape
    if own != elements:
        values = values * torch.eye(order, dtype=values.dtype, device=values.device)[:, :, None]
    return values.permute(0, 2, 1, 3, 4).reshape(outputs * order, inputs * elements, taps)
