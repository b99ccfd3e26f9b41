"""Dyadic scales: what is stretched twice comes out one scale further on, and what the ends of the scales do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from archspec import (
    Activation,
    Attention,
    Conv,
    Group,
    GroupPool,
    Lift,
    Norm,
    Pointwise,
    Restrict,
    Scales,
    Series,
    SignalError,
    admissibility_penalty,
    lower,
)
from archspec.blocks.conv_scales import spline
from archspec.layers.scales import ScaleConv
from archspec.moving import smooth_noise
from archspec.symmetry import node_values
from tests.equivariance import settled
from tests.examples import LINE, SIREN, network, on

EXACT = Scales(smooth=False)
LONG = Series(channels=2, length=256)
SCALES = 5


def deep(scales: Scales, kernel: object = None) -> object:
    fields = {"kernel_size": 3, "scales": scales, **({"kernel": kernel} if kernel else {})}
    return on(
        f"S{SCALES}",
        Norm(),
        Activation(),
        Conv(channels=3, **fields),
        Norm(),
        Activation(function="silu"),
        Pointwise(channels=2),
        Conv(channels=2, **fields),
        input=LONG,
        **fields,
    )


def error(architecture: object, scales: Scales) -> dict[str, float]:
    """At each node on scales: of what is stretched twice against itself one scale further on.

    Where every kernel sees the series and no scale is cut off: in the middle of the series, at the finest scales.
    """
    model = settled(architecture)
    x = smooth_noise((3, 2, 256), seed=3, cutoff=0.05)
    half = x[..., ::2]
    fine = node_values(model, architecture, x)
    coarse = node_values(lowered_to(model, architecture), shorter(architecture), half)
    errors, lost = {}, 0
    for name, node in architecture.graph.nodes.items():
        if not node.block or not node.signal.group.scaling:
            continue
        if isinstance(node.block, Conv):
            lost += scales.span - 1
        count = SCALES - 1 - lost
        middle = slice(56, 72)
        if count < 1:
            break
        wanted = fine[name][:, :, 1 : 1 + count, ::2][..., middle]
        found = coarse[name][:, :, :count, middle]
        errors[name] = float((found - wanted).abs().max() / wanted.abs().max())
    return errors


def shorter(architecture: object) -> object:
    return architecture.model_copy(update={"input": Series(channels=2, length=128)})


def lowered_to(model: torch.nn.Module, architecture: object) -> torch.nn.Module:
    """The same weights for a series of half the length."""
    other = lower(shorter(architecture)).double()
    other.load_state_dict(model.state_dict())
    return other.eval()


@pytest.mark.parametrize("kernel", [None, SIREN])
def test_what_is_stretched_twice_comes_out_one_scale_further(kernel: object) -> None:
    scales = Scales(smooth=False, span=2)
    errors = error(deep(scales, kernel), scales)
    assert len(errors) >= 5
    assert max(errors.values()) < 1e-10


def test_smoothing_makes_it_approximate() -> None:
    scales = Scales(span=2)
    errors = error(deep(scales), scales)
    assert 1e-6 < max(errors.values()) < 0.1


def test_a_layer_that_dilates_by_the_scale_it_reads_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    scales = Scales(smooth=False, span=2)
    good = ScaleConv.at_scale

    def wrong(self: ScaleConv, j: int, x: Tensor, weight: Tensor) -> Tensor:
        shifted = [(2 ** (len(self.stages) - 1 - i), read) for i, (_, read) in enumerate(self.stages)]
        self.stages, kept = tuple(shifted), self.stages
        y = good(self, j, x, weight)
        self.stages = kept
        return y

    monkeypatch.setattr(ScaleConv, "at_scale", wrong)
    assert max(error(deep(scales), scales).values()) > 0.05


def test_the_last_scales_are_cut_off_and_say_so() -> None:
    architecture = on("S4", Conv(channels=2), input=LINE)
    (warning,) = architecture.warnings
    assert "the last 2 of S4 are cut off" in warning
    assert not on("S4", Conv(channels=2, scales=Scales(crop=True)), input=LINE).warnings
    cropped = on("S4", Conv(channels=2, scales=Scales(crop=True)), input=LINE).graph.nodes["body.1"].signal
    assert cropped.group == Group("S2")


@pytest.mark.parametrize("scale", [1, 2, 4, 8, 16])
def test_the_spline_has_sum_one_and_is_even(scale: int) -> None:
    weights = spline(scale)
    assert sum(weights) == pytest.approx(1, abs=1e-12)
    assert weights == weights[::-1]
    assert min(weights) > 0


def test_the_penalty_is_the_square_of_the_means() -> None:
    model = lower(on("S3", Conv(channels=3), input=LINE)).double()
    layers = [module for module in model.modules() if isinstance(module, ScaleConv)]
    wanted = sum(float((layer.weight().detach().sum(-1) ** 2).mean()) for layer in layers)
    assert len(layers) == 2
    penalty = admissibility_penalty(model)
    assert penalty.item() == pytest.approx(wanted)
    penalty.backward()
    for layer in layers:
        layer.kernel.weight.data -= (
            layer.weight().mean(-1, keepdim=True).expand(layer.weight().shape).reshape(layer.kernel.weight.shape)
        )
    assert admissibility_penalty(model).item() < 1e-20
    assert float(admissibility_penalty(lower(on("D1", input=LINE)))) == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ((Lift(group="S3", channels=2, stride=2),), "use Pool"),
        ((Lift(group="S3", channels=2, causal=True),), "causal is not for scales"),
        ((Lift(group="S3", channels=2, kernel_size=4),), "odd size"),
        ((Lift(group="S6", channels=2, kernel_size=3),), "65 steps wide"),
        ((Lift(group="S3", channels=2, factorisation="group_separable"),), "factorisation is not for scales"),
        ((Lift(group="S3", channels=2), Attention()), "after GroupPool"),
        ((Lift(group="S3", channels=2), Restrict(group="S2")), "given up altogether"),
    ],
)
def test_what_scales_cannot_have_says_so(body: tuple, words: str) -> None:
    with pytest.raises(SignalError, match=words):
        _ = network(LINE, *body, GroupPool()).graph
