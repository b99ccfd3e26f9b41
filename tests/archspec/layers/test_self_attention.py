"""Self-attention, the layer: its equation written out, its gradients, its memory, where it looks."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from archspec import (
    Architecture,
    Group,
    Image,
    SelfAttention,
    Series,
    Volume,
)
from archspec.geometry.relative_positions import View, counts, positions
from archspec.layers.self_attention import Place
from archspec.layers.self_attention import SelfAttention as Layer
from tests.examples import attending, built, network, seeded
from tests.laws.numbers import double

TINY, TINIEST = Image(channels=2, size=(4, 4)), Image(channels=2, size=(3, 3))


LIFT, GROUP = "body_0_self_attention_lift", "body_1_self_attention"


# The architecture, the layer of it, and the size of its window.
WRITTEN_OUT: dict[str, tuple[Architecture, str, int | None]] = {
    "plain": (network(TINY, SelfAttention(channels=3, heads=2, window=3)), "body_0_self_attention", 3),
    "plain oblong": (network(Image(channels=2, size=(2, 5)), SelfAttention(channels=3)), "body_0_self_attention", None),
    "series": (network(Series(channels=2, length=7), SelfAttention(channels=3, window=5)), "body_0_self_attention", 5),
    "lift C4": (attending("C4", input=TINY, window=5, heads=2, hidden=8), LIFT, 5),
    "lift D4": (attending("D4", input=TINY, window=None), LIFT, None),
    "C4": (attending("C4", SelfAttention(channels=3, heads=2, window=3), input=TINY), GROUP, 3),
    "C4 published": (attending("C4", SelfAttention(channels=3, relative="published"), input=TINY), GROUP, None),
    "D3": (attending("D3", SelfAttention(channels=2, heads=1), input=TINY, window=None), GROUP, None),
    "D4": (attending("D4", SelfAttention(channels=2, heads=1), input=TINIEST), GROUP, None),
    "C8": (attending("C8", SelfAttention(channels=2, heads=1, window=5), input=TINY, window=5), GROUP, 5),
    "C8 in a square": (
        attending("C8", SelfAttention(channels=2, heads=1, window=5, shape="square"), input=TINY, window=5),
        GROUP,
        5,
    ),
    "lift D8 in a square": (attending("D8", input=TINY, window=3, shape="square"), LIFT, 3),
    "C4 in a disc": (attending("C4", SelfAttention(channels=2, window=5, shape="disc"), input=TINY), GROUP, 5),
    "D1 in time": (attending("D1", SelfAttention(channels=2, window=5), input=Series(channels=2, length=6)), GROUP, 5),
    "T": (
        attending("T", SelfAttention(channels=2, heads=1), input=Volume(channels=2, size=(2, 2, 2)), window=3),
        GROUP,
        None,
    ),
}
MANY = pytest.mark.thorough


def layer_of(name: str) -> tuple[Layer, Architecture, int | None]:
    architecture, target, window = WRITTEN_OUT[name]
    with double():
        layer = built(architecture).get_submodule(target)
    assert isinstance(layer, Layer)
    return layer, architecture, window


def input_of(layer: Layer, batch: int = 2) -> Tensor:
    grid = layer.shape[-len(layer.places) :]
    fibre = (layer.elements,) if layer.elements > 1 else ()
    return torch.randn(batch, layer.inputs, *fibre, *grid, generator=seeded(3), dtype=torch.float64)


def written_out(layer: Layer, x: Tensor, architecture: Architecture, window: int | None) -> Tensor:
    """Score by score, from the equation: one softmax over all keys and elements of each query.

    A key at the rim of a disc counts in part: so often its power stands in the softmax.
    """
    grid, dims = layer.shape[-len(layer.places) :], len(layer.places)
    block = architecture.body[0] if layer.elements == 1 else architecture.body[1]
    group = architecture.graph.nodes["body.0"].signal.group
    action = group.action(dims)
    radius = (window - 1) / 2 if window else max(grid) - 1
    shape_of = {"auto": "square" if action.exact else "disc"}.get(block.shape, block.shape)
    points = list(itertools.product(*map(range, grid)))
    flat = x.reshape(len(x), layer.inputs, layer.elements, -1).permute(0, 2, 3, 1)
    maps, shape = (layer.query, layer.key, layer.value), (layer.heads, layer.size)
    query, key, value = (f(flat).unflatten(-1, shape) for f in maps)
    out = torch.zeros(len(x), layer.order, len(points), layer.heads, layer.size, dtype=x.dtype)
    for v, (i, at) in itertools.product(range(layer.order), enumerate(points)):
        places: dict[int, Tensor] = {}
        counts: dict[int, float] = {}
        for j, other in enumerate(points):
            way = np.array(other) - np.array(at)
            counts[j] = 1.0
            if window and shape_of == "disc":
                counts[j] = min(1.0, (radius + 0.5 - math.hypot(*way)) / 0.5)
            if (not window or np.abs(way).max() <= (window - 1) / 2) and counts[j] > 0:
                turned = torch.tensor(action.matrices[v].T @ way / radius)
                places[j] = torch.cat([_place(p, c) for p, c in zip(layer.places, turned, strict=True)])
        seen = torch.stack([value[:, m, j] for j in places for m in range(layer.elements)])
        for g in range(layer.elements):
            scores = []
            for j, m in itertools.product(places, range(layer.elements)):
                where = places[j]
                if layer.table is not None:
                    relation = action.relative[g, m]
                    if getattr(block, "relative", "exact") == "published":
                        relation = action.product[v, relation]
                    where = torch.cat([where, layer.table[relation]])
                score = (query[:, g, i] * (key[:, m, j] + where)).sum(-1) / math.sqrt(layer.size)
                scores.append(score + math.log(counts[j]))
            share = torch.softmax(torch.stack(scores), 0)
            out[:, v, i] += (share[..., None] * seen).sum(0) / layer.elements
    y = layer.out(out.flatten(-2))
    return y.permute(0, 3, 1, 2).reshape(len(x), *layer.shape)


def _place(network: torch.nn.Module, coordinate: Tensor) -> Tensor:
    assert isinstance(network, Place)
    z = network.norm(network.first(coordinate.view(1, 1)))
    found: Tensor = network.last(z * torch.sigmoid(z))[0]
    return found


# Score by score takes seconds where there are many elements.
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=MANY if n in ("D3", "T", "C8", "C8 in a square") else ()) for n in WRITTEN_OUT]
)
def test_the_layer_is_its_equation(name: str) -> None:
    layer, architecture, window = layer_of(name)
    x = input_of(layer)
    with torch.no_grad():
        assert torch.allclose(layer(x), written_out(layer, x, architecture, window), rtol=1e-12, atol=1e-12)


@pytest.mark.thorough
def test_a_disc_in_place_of_a_square_would_not_do() -> None:
    """The same weights, and what both attend to at the corners of the window."""
    (layer, _, _), (_, architecture, window) = layer_of("C8"), layer_of("C8 in a square")
    x = input_of(layer)
    with torch.no_grad():
        assert (layer(x) - written_out(layer, x, architecture, window)).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["plain", "C4", "C4 published", "lift D4"])
def test_gradients_are_those_of_the_function(name: str) -> None:
    layer, _, _ = layer_of(name)
    names = [name for name, _ in layer.named_parameters()]

    def call(x: Tensor, *weights: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), x)
        return result

    x = input_of(layer, batch=1).requires_grad_()
    assert torch.autograd.gradcheck(call, (x, *layer.parameters()), fast_mode=True)


class Largest(TorchDispatchMode):
    """The number of entries of the largest tensor that is made."""

    entries = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.entries = max(self.entries, result.numel())
        return result


@pytest.mark.parametrize("window", [3, None])
def test_no_tensor_has_more_entries_than_pairs_of_elements_have_keys(window: int | None) -> None:
    """Nor than each point has values of its keys; never the cube of the order, nor all pairs of points for a window."""
    order, points, heads, hidden = 8, 81, 2, 6
    architecture = attending("D4", SelfAttention(channels=2, heads=heads, hidden=hidden, window=window))
    layer = built(architecture).get_submodule(GROUP)
    keys = window**2 if window else points
    with Largest() as largest, torch.no_grad():
        layer(torch.zeros(1, 2, order, 9, 9, dtype=torch.float64))
    assert largest.entries <= points * keys * order * max(order * heads, hidden)


def test_a_disc_is_cut_where_turns_leave_the_grid() -> None:
    """No key in the corners of the window, and the same number of coordinates priced as made."""
    found = positions(View(Group("C8"), (9, 9), 5))
    assert found.keys is not None
    assert found.weight is not None
    assert found.keys.shape == (81, 21)
    assert (found.weight <= 0).all()
    for view in (View(Group("C8"), (9, 9), 5), View(Group("C8"), (4, 4), None), View(Group("D4"), (4, 4), 3)):
        keys, places = counts(view)
        made = positions(view)
        assert places == tuple(len(values) for values in made.coordinates)
        assert keys == (math.prod(view.grid) if made.keys is None else made.keys.shape[1])
