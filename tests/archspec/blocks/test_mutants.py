"""Deliberately broken layers: each must fail the very law that the true ones pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from archspec import (
    Activation,
    Architecture,
    Canonicalise,
    Conv,
    Disc,
    Dropout,
    FrameAverage,
    Group,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Restrict,
    SelfAttention,
)
from archspec.layers.conv import GroupConv
from archspec.layers.ways import Way
from tests.examples import SIREN, attending, network, on, seeded
from tests.laws.equivariance import BROKEN, EXACT, deviations, settled

C4, D4 = Group("C4"), Group("D4")
DEEP = on("D4", Norm(), Conv(channels=2), Norm(type="layer"), Norm(type="group"))
SAMPLED = on("C4", Conv(channels=2, kernel_size=5, kernel=SIREN, window=Disc()))
POOLED = on("D4", Pool(size=3, stride=2), input=Image(channels=2, size=(13, 13)))
STRIDED = on("D4", Conv(channels=2, stride=2), input=Image(channels=2, size=(13, 13)))
SMALLER = network(
    Image(channels=2, size=(9, 9)), Lift(group="D4", channels=2), Restrict(group="C4"), Conv(channels=2), GroupPool()
)
ATTENDING = attending("D4", SelfAttention(channels=2, window=3))
ATTENDING_C4 = attending("C4", SelfAttention(channels=2, window=3))

SMALL = Image(channels=2, size=(9, 9))
FRAMES = network(SMALL, FrameAverage(group="D4", body=[Conv(channels=2), Norm(), Activation()]))
CANONICAL = network(SMALL, Canonicalise(group="D4", body=[Conv(channels=2), Norm(), Activation()]))


def find(model: fx.GraphModule, name: str) -> nn.Module:
    return model.get_submodule(name)


class Apart(nn.Module):
    """Batch norm with statistics and scales of its own for every element of the group."""

    def __init__(self, channels: int, order: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels * order, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.flatten(1, 2)).view(x.shape)


class Reordered(nn.Module):
    """Writes channels and group elements in the wrong order: the axes swap their meaning."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return y.flatten(1, 2).unflatten(1, (y.shape[2], y.shape[1])).transpose(1, 2)


class Shifted(nn.Module):
    """A layer that reads the grid one point further on."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.roll(1, dims=-1))


class FirstColumn(nn.Module):
    """A scorer that looks at where things are: another score at each element, whatever way the signal is turned."""

    def forward(self, x: Tensor) -> Tensor:
        heat = x[:, :1, :, 0].cumsum(2)[:, :, :8]  # (B, 1, 8)
        return heat[..., None, None].expand(-1, 4, -1, 9, 9)


def statistics_per_element(model: fx.GraphModule) -> None:
    model.set_submodule("body_1_norm", Apart(2, 8))
    for seed in range(3):
        x = torch.randn(8, 2, 9, 9, generator=seeded(seed), dtype=torch.float64) + torch.linspace(
            -2, 2, 9, dtype=torch.float64
        )
        model.train()(x)
    model.eval()


def bias_per_element(model: fx.GraphModule) -> None:
    conv = find(model, "body_2_conv")
    bias = torch.randn(16, generator=seeded(0), dtype=torch.float64)
    conv.expanded_bias = lambda: bias


def affine_per_element(model: fx.GraphModule) -> None:
    norm = find(model, "body_3_norm")
    norm.weight = nn.Parameter(torch.rand(16, generator=seeded(0), dtype=torch.float64))
    norm.bias = nn.Parameter(torch.zeros(16, dtype=torch.float64))
    norm.order = 1


def wrong_turning_direction(model: fx.GraphModule) -> None:
    lift = find(model, "body_0_lift")
    lift.gather(lift.index[D4.action(2).relative[:, 0]])


def group_axis_not_permuted(model: fx.GraphModule) -> None:
    conv = find(model, "body_2_conv")
    taps = conv.index % 9
    conv.gather(taps + 9 * np.arange(8)[None, :, None])


def kernel_not_turned(model: fx.GraphModule) -> None:
    conv = find(model, "body_2_conv")
    element = conv.index // 9
    conv.gather(9 * element + np.arange(9))


def product_for_relative(model: fx.GraphModule) -> None:
    conv = find(model, "body_2_conv")
    taps = conv.index % 9
    conv.gather(taps + 9 * D4.action(2).product[:, :, None])


def group_axis_mixed_with_channels(model: fx.GraphModule) -> None:
    model.set_submodule("body_2_conv", Reordered(find(model, "body_2_conv")))


def window_off_centre(model: fx.GraphModule) -> None:
    conv = find(model, "body_1_conv")
    conv.factor = conv.factor.view(5, 5).roll(1, dims=1).flatten()


def padding_on_one_side(model: fx.GraphModule) -> None:
    conv = find(model, "body_1_conv")
    conv.ways = [Way((0, 0), [4, 0, 4, 0], False)] * 2


def pooling_off_centre(model: fx.GraphModule) -> None:
    model.set_submodule("body_1_pool", Shifted(find(model, "body_1_pool")))


def stride_off_centre(model: fx.GraphModule) -> None:
    conv = find(model, "body_1_conv")
    conv.ways = [Way((0, 0), [0, 2, 0, 2], False)] * 2


def one_element_for_the_maximum(model: fx.GraphModule) -> None:
    class First(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, :, 0]

    model.set_submodule("body_5_group_pool", First())


def left_cosets_for_right(model: fx.GraphModule) -> None:
    restrict = find(model, "body_1_restrict")
    product = torch.from_numpy(D4.action(2).product)
    rotations = restrict.index.view(2, 4)[0]
    restrict.index = torch.stack([rotations, product[4, rotations]]).flatten()


def turned_by(model: fx.GraphModule, name: str, elements: Tensor) -> None:
    """Let each element see positions turned back by another."""
    layer = find(model, name)
    for axis in ("place0", "place1"):
        setattr(layer, axis, getattr(layer, axis).view(8, -1)[elements].flatten())


def positions_not_turned(model: fx.GraphModule) -> None:
    turned_by(model, "body_0_self_attention_lift", torch.zeros(8, dtype=torch.long))


def positions_turned_the_other_way(model: fx.GraphModule) -> None:
    turned_by(model, "body_0_self_attention_lift", torch.from_numpy(D4.action(2).relative[:, 0]))


def positions_turned_the_other_way_on_the_group(model: fx.GraphModule) -> None:
    turned_by(model, "body_1_self_attention", torch.from_numpy(D4.action(2).relative[:, 0]))


def one_axis_of_positions_not_turned(model: fx.GraphModule) -> None:
    layer = find(model, "body_1_self_attention")
    layer.place1 = layer.place1.view(8, -1)[:1].expand(8, -1).flatten()


def elements_related_by_products(model: fx.GraphModule) -> None:
    layer = find(model, "body_1_self_attention")
    layer.related = (8 * torch.arange(8)[:, None] + torch.from_numpy(D4.action(2).product)).flatten()


def elements_related_as_published(model: fx.GraphModule) -> None:
    layer, action = find(model, "body_1_self_attention"), C4.action(2)
    relative = torch.from_numpy(action.product[:, action.relative])
    layer.views, layer.related = 4, (4 * torch.arange(4)[:, None] + relative).flatten()


def keys_outside_the_image_counted(model: fx.GraphModule) -> None:
    find(model, "body_1_self_attention").weight = None


def attention_window_off_centre(model: fx.GraphModule) -> None:
    layer = find(model, "body_1_self_attention")
    layer.keys, layer.weight = layer.keys.view(81, 9).roll(1, 0).flatten(), layer.weight.roll(1, 0)


def frames_not_moved_back(model: fx.GraphModule) -> None:
    average = find(model, "body_0_frame_average")
    average.back.axes = [average.back.axes[0]] * average.back.order


def frames_moved_back_by_the_element(model: fx.GraphModule) -> None:
    average = find(model, "body_0_frame_average")
    average.back.axes = average.there.axes


def canonical_not_moved_back(model: fx.GraphModule) -> None:
    layer = find(model, "body_0_canonicalise")
    layer.back.axes = [layer.back.axes[0]] * layer.back.order


def canonical_moved_by_the_element(model: fx.GraphModule) -> None:
    layer = find(model, "body_0_canonicalise")
    layer.there.axes, layer.back.axes = layer.back.axes, layer.there.axes


def canonical_by_a_scorer_that_does_not_turn(model: fx.GraphModule) -> None:
    find(model, "body_0_canonicalise").scorer = FirstColumn()


def canonical_scores_in_another_order(model: fx.GraphModule) -> None:
    layer = find(model, "body_0_canonicalise")
    layer.scores = lambda x, scores=layer.scores: scores(x).roll(1, 1)


MUTANTS: dict[Callable[[fx.GraphModule], None], tuple[Architecture, Group]] = {
    statistics_per_element: (DEEP, D4),
    bias_per_element: (DEEP, D4),
    affine_per_element: (DEEP, D4),
    wrong_turning_direction: (DEEP, D4),
    group_axis_not_permuted: (DEEP, D4),
    kernel_not_turned: (DEEP, D4),
    product_for_relative: (DEEP, D4),
    group_axis_mixed_with_channels: (DEEP, D4),
    one_element_for_the_maximum: (DEEP, D4),
    window_off_centre: (SAMPLED, C4),
    padding_on_one_side: (SAMPLED, C4),
    pooling_off_centre: (POOLED, D4),
    stride_off_centre: (STRIDED, D4),
    left_cosets_for_right: (SMALLER, C4),
    positions_not_turned: (ATTENDING, D4),
    positions_turned_the_other_way: (ATTENDING, D4),
    positions_turned_the_other_way_on_the_group: (ATTENDING, D4),
    one_axis_of_positions_not_turned: (ATTENDING, D4),
    elements_related_by_products: (ATTENDING, D4),
    elements_related_as_published: (ATTENDING_C4, C4),
    keys_outside_the_image_counted: (ATTENDING, D4),
    attention_window_off_centre: (ATTENDING, D4),
    frames_not_moved_back: (FRAMES, D4),
    frames_moved_back_by_the_element: (FRAMES, D4),
    canonical_not_moved_back: (CANONICAL, D4),
    canonical_moved_by_the_element: (CANONICAL, D4),
    canonical_by_a_scorer_that_does_not_turn: (CANONICAL, D4),
    canonical_scores_in_another_order: (CANONICAL, D4),
}


@pytest.mark.parametrize("broken", MUTANTS, ids=lambda f: f.__name__)
def test_a_broken_layer_fails_the_law_of_symmetry(broken: Callable[[fx.GraphModule], None]) -> None:
    architecture, group = MUTANTS[broken]
    model = settled(architecture)
    assert max(deviations(model, architecture, group).values()) < EXACT
    broken(model)
    assert max(deviations(model, architecture, group).values()) > BROKEN


def masks(dropout: nn.Module) -> Tensor:
    """Which points of a signal of ones a dropout lets through, (B, C, N, *S)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        y: Tensor = dropout.train()(torch.ones(4, 3, 8, 9, 9))
    return y != 0


def same_for_every_element(kept: Tensor) -> bool:
    return bool((kept == kept[:, :, :1]).all())


@pytest.mark.parametrize("channels", [False, True])
def test_dropout_drops_the_same_for_every_element(channels: bool) -> None:
    signal = on("D4").graph.nodes["body.0"].signal
    dropout = Dropout(rate=0.5, channels=channels).lower(signal)
    kept = masks(dropout)
    assert same_for_every_element(kept)
    assert 0.2 < kept.float().mean() < 0.8
    dropout.shared = 0
    dropout.dims = 3
    assert channels or not same_for_every_element(masks(dropout))


def test_dropout_keeps_the_mean_and_does_nothing_in_evaluation() -> None:
    dropout = Dropout(rate=0.5).lower(on("C4").graph.nodes["body.0"].signal)
    x = torch.ones(64, 4, 4, 9, 9)
    assert abs(float(dropout.train()(x).mean()) - 1) < 0.05
    assert torch.equal(dropout.eval()(x), x)


def test_a_law_that_turned_the_whole_batch_alike_would_miss_nothing_here() -> None:
    """Every sample of the law's batch is turned by another element, and none is left out."""
    from tests.laws.equivariance import turned

    signal = Image(channels=1, size=(5, 5)).signal
    x = torch.randn(8, 1, 5, 5, generator=seeded(0), dtype=torch.float64)[:1].repeat(8, 1, 1, 1)
    assert len({tuple(y.flatten().tolist()) for y in turned(x, signal, D4)}) == 8


def test_the_mutants_are_of_layers_that_exist() -> None:
    model = settled(DEEP)
    assert isinstance(find(model, "body_2_conv"), GroupConv)
    assert Pointwise(channels=1).lower(DEEP.graph.nodes["body.0"].signal).order == 8
