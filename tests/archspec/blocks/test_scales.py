"""Dyadic scales: what is stretched twice comes out one scale further on, and what the ends of the scales do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from archspec import (
    S4D,
    Activation,
    Attention,
    Conv,
    Disc,
    Group,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pointwise,
    Restrict,
    Scales,
    Series,
    SignalError,
    Siren,
    Spline,
    admissibility_penalty,
    carry,
    freeze,
    lower,
    price,
    published,
)
from archspec.blocks.conv.on_scales import spline
from archspec.layers.bank import Bank
from archspec.layers.scales import ScaleConv
from archspec.network.offsets import turn
from archspec.symmetry.certifying import certify, node_values
from archspec.symmetry.signals import Waves, smooth_noise, transformed
from tests.examples import LINE, SCALES, SIREN, built, network, noise, on
from tests.laws.equivariance import deviations, settled

EXACT = Scales(smooth=False)
LONG = Series(channels=2, length=256)
FEW = 5


def deep(scales: Scales, kernel: object = None) -> object:
    fields = {"kernel_size": 3, "scales": scales, **({"kernel": kernel} if kernel else {})}
    return on(
        f"S{FEW}",
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
        count = FEW - 1 - lost
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
        shifted = [(2 ** (len(self.dilations) - 1 - i), read) for i, (_, read) in enumerate(self.dilations)]
        self.dilations, kept = tuple(shifted), self.dilations
        y = good(self, j, x, weight)
        self.dilations = kept
        return y

    monkeypatch.setattr(ScaleConv, "at_scale", wrong)
    assert max(error(deep(scales), scales).values()) > 0.05


def test_the_last_scales_are_cut_off_and_say_so() -> None:
    architecture = on("S4", Conv(channels=2), input=LINE)
    (warning,) = architecture.warnings
    assert "at the last 2 scales of S4 are cut off" in warning
    assert not on("S4", Conv(channels=2, scales=Scales(crop=True)), input=LINE).warnings
    cropped = on("S4", Conv(channels=2, scales=Scales(crop=True)), input=LINE).graph.nodes["body.1"].signal
    assert cropped.group == Group("S2")


PRODUCTS = {
    "C4xS3": {"kernel_size": 3},
    "C4xS3 siren": {"kernel_size": 5, "kernel": SIREN},
    "D4xS3 group first": {"kernel_size": 5, "kernel": SIREN, "factorisation": "group_separable"},
    "C4xS3 each channel": {"kernel_size": 5, "kernel": SIREN, "factorisation": "depthwise_separable"},
    "C2xS3 at once": {"kernel_size": 3, "factorisation": "group_depthwise"},
    "S3": {"kernel_size": 3},
}


def product(name: str, size: int = 96, smooth: bool = False, **fields: object) -> object:
    """Turned and stretched: three convolutions that read two scales, none of them cut off."""
    scales = Scales(smooth=smooth, span=2, crop=True)
    fields = {"channels": 2, "scales": scales, **fields}
    return network(
        Image(channels=2, size=(size, size)),
        Lift(group=name.split()[0], **fields),
        Norm(),
        Activation(function="silu"),
        Conv(**fields),
        Norm(),
        Pointwise(channels=2),
        GroupPool(),
    )


def worst(architecture: object, group: Group) -> dict[str, float]:
    """At each node on the group: of what is turned and compressed against itself there, in the middle of the grid."""
    model = settled(architecture)
    waves = Waves((2, *architecture.signal.shape), group, cutoff=0.1, seed=5)
    before, found, turning = node_values(model, architecture, waves.moved([0, 0])), {}, group.turning
    for element in range(1, group.order):
        scale, turn = divmod(element, turning.order)
        after = node_values(model, architecture, waves.moved([element, element]))
        for name, node in architecture.graph.nodes.items():
            left = (node.signal.group.scales - scale) * turning.order
            if not node.block or not node.signal.group.scaling or left <= 0:
                continue
            wanted = transformed(before[name], node.signal, turning, turn)[:, :, scale * turning.order :]
            near, middle = torch.arange(-2, 3), node.signal.grid[0] // 2
            there = after[name][:, :, :left]
            for axis in (-2, -1):
                there = there.index_select(axis, middle + near)
                wanted = wanted.index_select(axis, middle + near * 2**scale)
            error = float((there - wanted).abs().max() / wanted.abs().max())
            found[name] = max(found.get(name, 0.0), error)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("name", PRODUCTS)
def test_what_is_turned_and_stretched_is_so_at_every_element(name: str) -> None:
    errors = worst(product(name, **PRODUCTS[name]), Group(name.split()[0]))
    assert len(errors) >= 6
    assert max(errors.values()) < 1e-10


@pytest.mark.parametrize("name", ["C4xS3", "C4xS3 siren", "D4xS3 group first"])
def test_turns_at_scales_are_exact_everywhere(name: str) -> None:
    architecture = product(name, size=17, smooth=True, **{**PRODUCTS[name], "kernel_size": 3})
    errors = deviations(settled(architecture), architecture, Group(name[:2]))
    assert len(errors) >= 6
    assert max(errors.values()) < 1e-10


@pytest.mark.thorough
def test_eighth_turns_at_scales_are_approximate() -> None:
    fields = {"kernel_size": 7, "kernel": Siren(), "window": Disc()}
    eighth, quarter = (product(name, 32, scales=Scales(span=1), **fields) for name in ("C8xS2", "C4xS2"))
    certificates = [certify(settled(architecture), "C8") for architecture in (eighth, quarter)]
    assert [c.verdict for c in certificates] == ["approximate", "broken"]
    assert max(certificates[0].features) < 0.5 * max(certificates[1].features)
    assert 1e-6 < max(worst(product("C8xS2", 64, scales=Scales(span=1), **fields), Group("C8xS2")).values()) < 0.2


@pytest.mark.parametrize("broken", ["turns", "scales"])
def test_a_product_whose_kernels_are_moved_wrongly_fails(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Bank.gather

    def wrong(self: Bank, index: NDArray[np.int64]) -> None:
        shape = (self.order, self.where.span, -1, index.shape[2])
        axis = 0 if broken == "turns" else 1
        good(self, np.flip(index.reshape(shape), axis).reshape(index.shape) if self.where.span > 1 else index)

    def dilated(self: ScaleConv, j: int, x: Tensor, weight: Tensor) -> Tensor:
        stages, self.dilations = self.dilations, tuple((1, read) for _, read in self.dilations)
        y = at_scale(self, j, x, weight)
        self.dilations = stages
        return y

    at_scale = ScaleConv.at_scale
    if broken == "turns":
        monkeypatch.setattr(Bank, "gather", wrong)
    else:
        monkeypatch.setattr(ScaleConv, "at_scale", dilated)
    assert max(worst(product("C4xS3", kernel_size=3), Group("C4xS3")).values()) > 1e-3


def test_weights_are_carried_between_orders_at_scales() -> None:
    fields = {"kernel_size": 5, "kernel": Siren(), "window": Disc()}
    model = settled(product("C4xS2", 17, scales=Scales(span=2), **fields))
    there = carry(model, product("C8xS2", 17, scales=Scales(span=2), **fields))
    back = carry(there, model.architecture)
    x = torch.randn(2, 2, 17, 17, dtype=torch.float64)
    assert torch.allclose(back(x), model(x), atol=1e-12)
    assert not torch.allclose(there(x), model(x), atol=1e-3)


def test_turns_at_scales_can_be_sampled_between_the_elements() -> None:
    fields = {"kernel_size": 5, "kernel": Siren(), "window": Disc()}
    model = settled(product("C4xS2", 17, scales=Scales(span=2), **fields))
    x = torch.randn(2, 2, 17, 17, dtype=torch.float64)
    before = model(x)
    turn(model, np.random.default_rng(0))
    assert not torch.allclose(model(x), before, atol=1e-3)
    turn(model, None)
    assert torch.equal(model(x), before)


PUBLISHED = {
    "separable_gcnn": published.separable_gcnn(group="C4xS2", channels=(2, 2), hidden=4),
    "wavelet_net": published.wavelet_net(Series(channels=1, length=2000), 3, channels=2),
}


@pytest.mark.parametrize("name", [*SCALES, *PUBLISHED])
def test_every_network_on_scales_can_be_certified(name: str) -> None:
    architecture = (SCALES | PUBLISHED)[name]
    certificate = certify(settled(architecture))
    group = certificate.group
    assert len(certificate.features) == group.order
    exact = group.turning.order if group.turning.action(architecture.signal.dims).exact else 1
    kept = architecture.graph.source(architecture.graph.output).symmetry.turning == group.turning
    assert not kept or max(certificate.features[:exact]) < 1e-10


def test_given_examples_cannot_be_stretched() -> None:
    with pytest.raises(ValueError, match="cannot be stretched; leave them out, or certify under C4"):
        certify(settled(SCALES["C4xS2"]), examples=torch.randn(2, 2, 9, 9, dtype=torch.float64))


def test_weights_are_not_carried_between_numbers_of_scales() -> None:
    fields = {"kernel_size": 3, "kernel": SIREN}
    model = settled(product("C4xS2", 17, scales=Scales(span=2), **fields))
    with pytest.raises(SignalError, match="a kernel over 2 scales cannot become one over 3"):
        carry(model, product("C4xS3", 17, scales=Scales(span=3), **fields))


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
        ((Lift(group="S3", channels=2, causal=True),), "use causal=False"),
        ((Lift(group="S3", channels=2, kernel=S4D()),), "S4D is for plain series"),
        ((Lift(group="S3", channels=2), Conv(channels=2, kernel=Spline(around=8))), "knots around a circle"),
        ((Lift(group="S16", channels=2, kernel_size=1),), "the smoothing is 98303 steps wide"),
        ((Attention(group="S3"), Lift(group="S3", channels=2)), "not scales; use C1"),
        ((Lift(group="S3", channels=2), Pointwise(channels=2, basis="irreducible")), "not S3"),
        ((Lift(group="S3", channels=2, kernel_size=4),), "odd size"),
        ((Lift(group="S6", channels=2, kernel_size=3),), "65 steps wide"),
        (
            (Lift(group="S3", channels=2, factorisation="kernel_separable"),),
            "cannot be used on the scales of S3; use 'full'",
        ),
        ((Lift(group="S3", channels=2), Attention()), "after GroupPool"),
        ((Lift(group="S3", channels=2), Restrict(group="S2")), "given up altogether"),
    ],
)
def test_what_scales_cannot_have_says_so(body: tuple, words: str) -> None:
    with pytest.raises(SignalError, match=words):
        _ = network(LINE, *body, GroupPool()).graph


@pytest.mark.parametrize("factorisation", ["full", "depthwise_separable", "group_separable"])
def test_kernels_over_all_scales_may_leave_one(factorisation: str) -> None:
    conv = Conv(channels=2, kernel_size=3, kernel=Spline(), factorisation=factorisation, scales=Scales(crop=True))
    architecture = on("S3", conv, input=LONG, kernel=Spline())
    assert architecture.graph.nodes["body.1"].signal.group.trivial
    model, x = built(architecture), noise(architecture)
    model.eval()
    assert torch.allclose(freeze(model)(x), model(x), rtol=1e-8)
    assert price(architecture).params == sum(p.numel() for p in model.parameters())
