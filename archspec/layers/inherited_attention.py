"""Self-attention inherited by another network: its signals, heads and their channels may be more or fewer."""

# Letters: I/O channels in/out, A heads, M channels per head.

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.geometry.units import Units
from archspec.layers.inheriting import copied
from archspec.layers.layer import Layer
from archspec.layers.position_embeddings import Place
from archspec.layers.precision import Fixed


class Heads(Layer, Fixed):
    """The base class of self-attention: maps to heads and from them, and embeddings of relative positions.

    Attributes:
        query: from I channels to A·M; `key` and `value` too.
        out: from A·M channels to O.
        parts: how the M channels of a head are split among position embeddings.
        places: the embeddings of the axes.
        table: those of the elements; None on a plain signal.
        order: number of elements of the output.
        elements: number of elements of the input.
    """

    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    out: nn.Linear
    heads: int
    size: int
    parts: tuple[int, ...]
    places: nn.ModuleList
    table: nn.Parameter | None
    order: int
    elements: int

    @torch.no_grad()
    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over the heads of another self-attention; see `Layer.inherit`.

        New channels of a head have queries of zero, and what new heads give is not heard yet, so that the outputs that
        the parent has are the same. On another group all is taken over where all shapes are the same, else nothing.
        """
        if not isinstance(other, Heads):
            return 0
        alike = (self.order, self.elements, len(self.parts)) == (other.order, other.elements, len(other.parts))
        known = (reads.order, gives.order) == (self.elements, self.order)
        read, given = reads.channels, gives.channels
        if not (alike and known and max(read) >= 0 and max(given) >= 0):
            return copied(self, other)
        heads, factor = channels_of(self, other), math.sqrt(self.size / other.size)
        count = _take(self.key, other.key, heads, read) + _take(self.value, other.value, heads, read)
        count += _take(self.query, other.query, heads, read, factor) + _take(self.out, other.out, given, heads)
        # Those of a head that is new as a whole stay as they were drawn.
        silent = (heads < 0) & (np.arange(len(heads)) < min(self.heads, other.heads) * self.size)
        for tensor in (self.query.weight, self.query.bias):
            tensor[torch.from_numpy(silent).to(tensor.device)] = 0
        for mine, theirs in zip(self.places, other.places, strict=True):
            count += mine.inherit(theirs) if isinstance(mine, Place) and isinstance(theirs, Place) else 0
        if self.table is not None and other.table is not None:
            both = min(self.table.shape[1], other.table.shape[1])
            self.table[:, :both] = other.table[:, :both].to(self.table)
            count += self.order * both
        return count

    @torch.no_grad()
    def silence(self) -> bool:
        """Set the map from the heads to zero."""
        for parameter in self.out.parameters():
            parameter.zero_()
        return True


def channels_of(layer: Heads, parent: Heads) -> NDArray[np.int64]:
    """(A·M,): the parent's channel of each channel of the heads, part by part; -1 for a new one."""
    found, heads = np.full((layer.heads, layer.size), -1), min(layer.heads, parent.heads)
    at, before = 0, 0
    for mine, theirs in zip(layer.parts, parent.parts, strict=True):
        both = np.arange(min(mine, theirs))
        found[:heads, at : at + len(both)] = np.arange(heads)[:, None] * parent.size + before + both
        at, before = at + mine, before + theirs
    return found.reshape(-1)


def _take(
    mine: nn.Linear, theirs: nn.Linear, rows: NDArray[np.int64], columns: NDArray[np.int64], factor: float = 1.0
) -> int:
    """Take over the rows that the parent has, times a factor; they read nothing of columns that it does not have."""
    there, read = torch.from_numpy(rows[rows >= 0]), torch.from_numpy(columns[columns >= 0])
    weight = torch.zeros(len(there), len(columns), dtype=torch.float64)
    weight[:, torch.from_numpy(columns >= 0)] = factor * theirs.weight.detach().double().cpu()[there][:, read]
    kept = torch.from_numpy(rows >= 0).to(mine.weight.device)
    mine.weight[kept] = weight.to(mine.weight)
    count = len(there) * len(read)
    if mine.bias is not None:
        bias: Tensor = factor * theirs.bias.detach().double().cpu()[there]
        mine.bias[kept] = bias.to(mine.bias)
        count += len(there)
    return count
