"""Self-attention: its equation written out, its memory, its beginnings, other resolutions, export and compilation."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from archspec import (
    Activation,
    Architecture,
    Conv,
    Dense,
    Group,
    GroupPool,
    Image,
    Norm,
    Residual,
    SelfAttention,
    SelfAttentionLift,
    Series,
    Volume,
    export,
    freeze,
    load,
    lower,
    price,
)
from archspec.geometry.relative_positions import View, counts, positions
from archspec.inputs import Input
from archspec.layers.self_attention import Place
from archspec.layers.self_attention import SelfAttention as Layer
from archspec.published import gsa_net
from archspec.symmetry.certifying import certify
from archspec.symmetry.signals import smooth_noise
from tests.examples import LINE, SQUARE, attending, built, network, noise, seeded
from tests.examples.selection import the_rest_slow
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


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_the_layer_is_its_equation(name: str) -> None:
    layer, architecture, window = layer_of(name)
    x = input_of(layer)
    with torch.no_grad():
        assert torch.allclose(layer(x), written_out(layer, x, architecture, window), rtol=1e-12, atol=1e-12)


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


def test_the_same_functions_have_the_same_hash_and_weights() -> None:
    wanted = network(SQUARE, SelfAttention(channels=6))
    for block in (
        SelfAttention(channels=6, window=17),
        SelfAttention(channels=6, hidden=4),
        SelfAttention(channels=6, relative="published"),
        SelfAttentionLift(group="C1", channels=6, window=17),
    ):
        other = network(SQUARE, block)
        assert other.hash == wanted.hash
        model, same = built(wanted), built(other)
        same.load_state_dict({key.replace("body_0_self_attention", _target(same)): v for key, v in _state(model)})
        assert torch.equal(same(noise(wanted)), model(noise(wanted)))
    for block in (
        SelfAttention(channels=6, window=15),
        SelfAttention(channels=6, heads=1),
        SelfAttention(channels=6, hidden=6),
        SelfAttention(channels=6, position_hidden=8),
    ):
        assert network(SQUARE, block).hash != wanted.hash


def test_the_shape_of_a_window_counts_where_it_makes_a_difference() -> None:
    def hash_of(group: str, shape: str, window: int | None = 5, input: Input = SQUARE) -> str:
        fields: dict[str, Any] = {"shape": shape, "window": window}
        return attending(group, SelfAttention(channels=2, **fields), input=input, **fields).hash

    for group, same in (("C4", "square"), ("D4", "square"), ("C8", "disc"), ("D8", "disc")):
        other = {"disc": "square", "square": "disc"}[same]
        assert hash_of(group, "auto") == hash_of(group, same) != hash_of(group, other)
        assert hash_of(group, other, None) == hash_of(group, "auto", None)
    assert hash_of("C8", "square", 17) == hash_of("C8", "auto", None)
    assert hash_of("D1", "disc", input=LINE) == hash_of("D1", "auto", input=LINE)


def test_eighth_turns_break_a_square_which_is_said() -> None:
    image = Image(channels=2, size=(13, 13))
    errors = {}
    for shape in ("disc", "square"):
        fields: dict[str, Any] = {"shape": shape, "window": 5}
        architecture = attending("C8", SelfAttention(channels=4, **fields), input=image, **fields)
        models = [built(architecture, seed).eval() for seed in range(2)]
        errors[shape] = sum(max(certify(model, seed=seed).features) for seed, model in enumerate(models))
        assert any("corners of a square window" in w for w in architecture.warnings) == (shape == "square")
    assert 1.5 * errors["disc"] < errors["square"]
    published = gsa_net(SQUARE, group="C8", channels=8, heads=2)
    assert sum("corners of a square window" in warning for warning in published.warnings) == 6
    assert gsa_net(SQUARE).hash == gsa_net(SQUARE, shape="auto").hash


def _target(model: torch.nn.Module) -> str:
    return next(name for name, module in model.named_modules() if isinstance(module, Layer))


def _state(model: torch.nn.Module) -> Any:
    return model.state_dict().items()


def test_the_default_width_suits_any_heads_and_grid() -> None:
    for heads, channels in itertools.product((1, 2, 3, 8), (1, 4, 17)):
        for x in (LINE, SQUARE, Volume(channels=1, size=(3, 3, 3))):
            block = SelfAttentionLift(group="D1", channels=channels, heads=heads)
            width = block.width(x.signal)
            assert width % heads == 0
            assert channels / 2 <= width or width == heads * len(x.grid)
            assert price(attending("D1", SelfAttention(channels=channels, heads=heads), input=x)).params


@pytest.mark.parametrize("group", ["C1", "C4", "D4"])
@pytest.mark.parametrize("window", [5, None])
def test_activations_and_scores_begin_near_unit_scale(group: str, window: int | None) -> None:
    """An average is smaller than what it averages unless values are alike: noise shrinks, smooth signals do not."""
    wide: dict[str, Any] = {"channels": 48, "hidden": 24, "heads": 4, "window": window}
    image = Image(channels=48, size=(8, 8))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = lower(attending(group, SelfAttention(**wide), input=image, **wide)).double()
    for layer in (module for module in model.modules() if isinstance(module, Layer)):
        smooth = smooth_noise((2, 48, layer.elements, 8, 8), seed=0, cutoff=0.15)
        noise = torch.randn(smooth.shape, generator=seeded(0), dtype=torch.float64)
        with torch.no_grad():
            assert 0.3 < float(layer(smooth).std()) < 1.3
            assert 0.05 < float(layer(noise).std()) < 1.3
            unit = torch.randn(20, 4, layer.points, layer.elements, layer.size, generator=seeded(1)).double()
            # Over the keys: a softmax sees no more of them.
            power = (layer.position(unit) * layer.scale).var(-1).mean() / (sum(layer.parts[:-1]) / layer.size)
            assert 0.2 < float(power) < 1.5


def test_on_a_finer_grid_it_is_the_same_function_of_a_smooth_signal() -> None:
    lift = SelfAttentionLift(group="C4", channels=4, window=7)
    body = [lift, Norm(type="layer"), SelfAttention(channels=3, window=5), GroupPool()]
    native = Architecture(input=Image(size=(12, 12)), body=body, head=Dense(outputs=2))
    model = built(native).eval()

    def error(factor: int) -> float:
        finer = model.at_resolution(12 * factor, 12 * factor)
        fine = finer(_waves(12 * factor))
        coarse, among = model(_waves(12)), fine.unflatten(-1, (12, factor)).unflatten(-3, (12, factor))
        middle = among[..., factor // 2, :, factor // 2] if factor % 2 else among.mean((-3, -1))
        inner = (..., slice(4, -4), slice(4, -4))
        return float((middle - coarse)[inner].abs().max() / coarse[inner].std())

    with torch.no_grad():
        assert error(1) < 1e-12
        assert error(3) < 0.1
    assert price(native.at_resolution(24, 24)).params == price(native).params


def _waves(size: int) -> Tensor:
    """Of two periods, at the centres of the cells."""
    t = (torch.arange(size, dtype=torch.float64) + 0.5) / size
    return (torch.sin(4 * math.pi * t)[:, None] + torch.cos(2 * math.pi * t + 0.3))[None, None]


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


EXPORTED = {
    "everywhere": attending("C4", Norm(), SelfAttention(channels=3), input=TINY, window=None),
    "near": attending("D4", SelfAttention(channels=3, window=3), Norm(), Activation(), Conv(channels=2), input=TINY),
    "in time": network(LINE, Residual(body=[Norm(type="layer"), SelfAttention(channels=2, window=5)])),
    "published": attending("C4", SelfAttention(channels=3, window=3, relative="published"), input=TINY),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", the_rest_slow(["near", "in time"], EXPORTED))
def test_an_exported_network_answers_alike_in_onnxruntime(name: str, tmp_path: Path) -> None:
    architecture = EXPORTED[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = lower(architecture).eval()
    directory = export(model, tmp_path)  # raises if onnxruntime differs by more than 1e-4
    x = torch.randn(2, architecture.input.channels, *architecture.input.grid, generator=seeded(0))
    with torch.no_grad():
        assert torch.equal(load(directory)(x), model(x))


@pytest.mark.thorough
@pytest.mark.parametrize("name", the_rest_slow(["near", "in time"], EXPORTED))
@pytest.mark.filterwarnings("ignore")
def test_a_training_step_is_one_graph(name: str) -> None:
    torch._dynamo.reset()
    architecture = EXPORTED[name]
    model, x = built(architecture), noise(architecture, batch=3)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    gradients = []
    for run in (model, compiled):
        model.zero_grad()
        run(x).square().sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert torch.allclose(*gradients, rtol=1e-8, atol=1e-8)


@pytest.mark.thorough
@pytest.mark.parametrize("name", the_rest_slow(["near", "everywhere"], EXPORTED))
@pytest.mark.filterwarnings("ignore")
def test_a_frozen_network_exports_with_any_batch(name: str) -> None:
    architecture = EXPORTED[name]
    frozen = freeze(built(architecture).eval())
    exported = torch.export.export(
        frozen, (noise(architecture),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},)
    ).module()
    for batch in (1, 5):
        x = noise(architecture, batch=batch)
        assert torch.allclose(exported(x), frozen(x), rtol=1e-12, atol=1e-12)
