"""Self-attention, the block: its hash, its beginnings, other resolutions, export and compilation."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from archspec import (
    Activation,
    Architecture,
    Conv,
    Dense,
    GroupPool,
    Image,
    Norm,
    Residual,
    SelfAttention,
    SelfAttentionLift,
    Volume,
    export,
    freeze,
    load,
    lower,
    price,
)
from archspec.inputs import Input
from archspec.layers.self_attention import SelfAttention as Layer
from archspec.published import gsa_net
from archspec.symmetry.certifying import certify
from archspec.symmetry.signals import smooth_noise
from tests.examples import LINE, SQUARE, attending, built, network, noise, seeded
from tests.examples.selection import the_rest_slow

TINY, TINIEST = Image(channels=2, size=(4, 4)), Image(channels=2, size=(3, 3))


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


@pytest.mark.thorough
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
