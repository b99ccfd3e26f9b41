"""Self-attention with relative positions, for every group and number of axes."""

# Letters: I/O channels in/out, N output elements, G input elements (N, or 1), P points of the grid S, K keys per point,
# A heads, M channels per head, R distinct sets of keys (P, or 1 where every point has all points as keys), V distinct
# relations of elements (N for the published form, else 1), U distinct coordinates of one axis.

from __future__ import annotations

import copy
import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.layers.inherited_attention import Heads
from archspec.layers.position_embeddings import Baked, Place

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target
    from archspec.geometry.relative_positions import Positions


class SelfAttention(Heads):
    """(B, I, *S) or (B, I, G, *S) to (B, O, *S) or (B, O, N, *S).

    The softmax over all keys of a query is computed in two steps: over the elements at each point, then over the
    points. Only the second depends on the output element, so that a head has at most N²·P·K scores (V times as many in
    the first step).

    Args:
        inputs: I.
        outputs: O.
        heads: A.
        parts: how a head's channels are split among the position embeddings: one part per axis, then the elements'.
        units: hidden units of the position embeddings.
        grid: S.
        order: N.
        positions: the keys of each point and their relative coordinates.
        relative: (V, G, G) index into the table of elements for query element and key element; None where G is 1.
    """

    keys: Tensor | None
    weight: Tensor | None
    related: Tensor | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        heads: int,
        parts: tuple[int, ...],
        units: int,
        *,
        grid: tuple[int, ...],
        order: int,
        positions: Positions,
        relative: NDArray[np.int64] | None,
    ) -> None:
        super().__init__()
        self.inputs, self.heads, self.parts, self.size = inputs, heads, parts, sum(parts)
        self.order, self.elements = order, 1 if relative is None else order
        self.points = math.prod(grid)
        self.shape = (outputs, *((order,) if order > 1 else ()), *grid)
        width = heads * self.size
        self.query, self.value = nn.Linear(inputs, width), nn.Linear(inputs, width)
        # A bias of the keys would add the same to all scores of a query, which the softmax ignores.
        self.key = nn.Linear(inputs, width, bias=False)
        self.out = nn.Linear(width, outputs)
        self.scale = 1 / math.sqrt(self.size)
        pairs = zip(positions.coordinates, parts, strict=False)
        self.places = nn.ModuleList(Place(values, units, part) for values, part in pairs)
        self.table = nn.Parameter(torch.randn(order, parts[-1])) if self.elements > 1 else None
        self.draw()
        apart, self.seen = (1, self.points) if positions.keys is None else positions.keys.shape
        self.apart, self.rows = apart, self.points // apart
        self.keep("keys", None if positions.keys is None else positions.keys.reshape(-1))
        self.keep("weight", None if positions.weight is None else positions.weight[:, None, None])
        for axis, index in enumerate(positions.index):
            self.keep(f"place{axis}", index.reshape(-1))
        self.views = 1 if relative is None else len(relative)
        # Scores of query element g with table entry t are flattened to index g·N + t.
        self.keep("related", None if relative is None else (np.arange(order)[:, None] * order + relative).reshape(-1))

    def keep(self, name: str, array: NDArray[np.generic] | None) -> None:
        """Register a constant array, or None, as a buffer that is not in `state_dict`."""
        self.fix(name, None if array is None else torch.tensor(array))

    @torch.no_grad()
    def draw(self) -> None:
        """Initialise every map to keep a variance of 1; scores have variance 2, the sum of content and position."""
        for linear in (self.query, self.key, self.value, self.out):
            linear.weight.normal_(std=1 / math.sqrt(linear.in_features))
            if linear.bias is not None:
                linear.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.permute(torch.reshape(x, (-1, self.inputs, self.elements, self.points)), (0, 3, 2, 1))
        query = torch.unflatten(self.query(x) * self.scale, 3, (self.heads, self.size))
        query = torch.permute(query, (0, 3, 1, 2, 4))  # (B, A, P, G, M)
        keys, values = self.looked_up(self.key(x)), self.looked_up(self.value(x))
        content, place = self.content(query, keys), self.position(query)
        if self.elements == 1:
            attention = self.attention(content[..., 0], place)
            attention = torch.reshape(attention, (-1, self.heads, self.apart, self.rows * self.order, self.seen))
            y = torch.matmul(attention, torch.flatten(values, 3, 4))
        else:
            share, content = shares(content)
            attention = torch.flatten(self.attention(content, place), 4)
            attention = torch.unflatten(attention, 3, (self.views, self.order // self.views))
            y = torch.matmul(attention, self.mixed(share, values)) / self.elements
        y = torch.reshape(y, (-1, self.heads, self.points, self.order, self.size))
        y = torch.flatten(torch.permute(y, (0, 2, 3, 1, 4)), 3)  # (B, P, N, A·M)
        return torch.reshape(torch.permute(self.out(y), (0, 3, 2, 1)), (-1, *self.shape))

    def looked_up(self, y: Tensor) -> Tensor:
        """(B, P, G, A·M) to (B, A, R, K, G, M): the values at the keys of each point."""
        if self.keys is not None:
            y = torch.index_select(y, 1, self.keys)
        y = torch.reshape(y, (-1, self.apart, self.seen, self.elements, self.heads, self.size))
        return torch.permute(y, (0, 4, 1, 2, 3, 5))

    def content(self, query: Tensor, keys: Tensor) -> Tensor:
        """(B, A, P, V, G, K, G): scores of the contents of keys and of their group elements."""
        rows = torch.reshape(query, (-1, self.heads, self.apart, self.rows * self.elements, self.size))
        scores = torch.matmul(rows, torch.transpose(torch.flatten(keys, 3, 4), 3, 4))
        shape = (-1, self.heads, self.points, 1, self.elements, self.seen, self.elements)
        scores = torch.reshape(scores, shape)
        if self.table is None or self.related is None:
            return scores
        of_element = torch.narrow(query, 4, self.size - self.parts[-1], self.parts[-1])
        table = torch.flatten(torch.matmul(of_element, torch.transpose(self.table, 0, 1)), 3)
        related = torch.index_select(table, 3, self.related)
        shape = (-1, self.heads, self.points, self.views, self.elements, 1, self.elements)
        return scores + torch.reshape(related, shape)

    def position(self, query: Tensor) -> Tensor:
        """(B, A, P, N, G, K): scores of the positions of keys, turned back by each output element."""
        query, found = torch.transpose(query, 2, 3), []
        for axis, place in enumerate(self.places):
            part = torch.narrow(query, 4, sum(self.parts[:axis]), self.parts[axis])
            scores = torch.matmul(part, place())  # (B, A, G, P, U)
            if self.keys is None:
                scores = torch.flatten(scores, 3)
            found.append(torch.index_select(scores, -1, getattr(self, f"place{axis}")))
        shape = (-1, self.heads, self.elements, self.points, self.order, self.seen)
        return torch.permute(torch.reshape(functools.reduce(torch.add, found), shape), (0, 1, 3, 4, 2, 5))

    def attention(self, content: Tensor, place: Tensor) -> Tensor:
        """(B, A, P, V, G, K) and (B, A, P, N, G, K) to the attention weight of each key, (B, A, P, N, K, G)."""
        scores = place + content
        if self.weight is not None:
            scores = scores + self.weight
        return torch.transpose(torch.softmax(scores, 5), 4, 5)

    def mixed(self, share: Tensor, values: Tensor) -> Tensor:
        """(B, A, P, V, G, K, G) and (B, A, R, K, G, M) to (B, A, P, V, K·G, M): values summed over elements of keys."""
        share = torch.unflatten(share, 2, (self.apart, self.rows))
        share = torch.flatten(torch.permute(share, (0, 1, 2, 6, 3, 4, 5, 7)), 4, 6)
        y = torch.unflatten(torch.matmul(share, values), 4, (self.rows, self.views, self.elements))
        y = torch.permute(y, (0, 1, 2, 4, 5, 3, 6, 7))
        return torch.reshape(y, (-1, self.heads, self.points, self.views, self.seen * self.elements, self.size))

    @torch.no_grad()
    def plain(self, target: Target = "torch") -> nn.Module:
        """A copy on the folded layout whose position embeddings are constants; it can be traced to torch."""
        folded = copy.deepcopy(self)
        folded.places = nn.ModuleList(Baked(place()) for place in self.places)
        folded.shape = (self.out.out_features * self.order, *self.shape[-len(self.places) :])
        return folded


def shares(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The softmax over the last axis and its log-sum-exp, from the same exponentials."""
    largest = torch.amax(scores, -1, keepdim=True).detach()
    powers = torch.exp(scores - largest)
    total = torch.sum(powers, -1, keepdim=True)
    return powers / total, torch.squeeze(largest + torch.log(total), -1)
