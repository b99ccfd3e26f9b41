"""The papers' networks: as many parameters as published, variance kept by every kernel, roles that match."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest
import torch
from torch import nn

import spaces
from archspec import (
    S4D,
    Classifier,
    Conv,
    Disc,
    Exponential,
    Fourier,
    Gaussian,
    GroupPool,
    Hyena,
    Image,
    Lift,
    Magnet,
    Mlp,
    Network,
    Series,
    SignalError,
    Siren,
    Spline,
    Table,
    Volume,
    alias_penalty,
    lower,
    price,
    published,
    roles,
)
from archspec.inputs import Input
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.conv import GroupConv
from archspec.layers.kernels.linear import Fourier as FourierLayer
from search import Search, Training, nearby
from search.training.rates import Rate, parameter_groups
from tests.examples import SEPARABLE, built, network

EXACT = {
    "CKCNN, copy memory": (published.ckcnn_copy_memory(), 15_526),
    "CKCNN, adding problem": (published.ckcnn_adding(), 70_587),
    "CCNN-4,140": (published.ccnn_4_140(), 198_769),
    "CCNN-6,380": (published.ccnn_6_380(), 1_993_091),
    # Ours besides those that the authors' code counts: see the docstring of each.
    "P4CNN": (published.p4cnn(), 24_610 + 110),
    "αF-P4CNN": (published.attentive_gcnn(), 29_462 - 192 - 320 + 110),
    "GSA-Net on C4": (published.gsa_net(), 44_428 - 580 + 110),
    "GSA-Net on C16": (published.gsa_net(group="C16"), 44_668 - 580 + 110),
    "partial CKResNet": (published.partial_gcnn(), 467_791 + 384 + 64 - 2),
    "separable SE(2)-CNN": (published.separable_gcnn(), 755_370),
    "the same, not separable": (published.separable_gcnn(factorisation="full"), 716_490),
    "wavelet network": (published.wavelet_net(), 458_614),
    "CubeNet on O": (published.octahedral_cnn(), 345_211),
}
ROUNDED = {
    "CKCNN, sequential MNIST": (published.ckcnn_smnist(), 98_290, 10),
    "CKCNN, sequential MNIST, wide": (published.ckcnn_smnist(100, 30.5, 0.2), 1_030_000, 10_000),
    "FlexNet-7": (published.flexnet_7(), 670_000, 10_000),
    "FlexTCN-6": (published.flextcn_6(), 375_000, 10_000),
    "P4CNN, the paper's figure": (published.p4cnn(), 25_000, 500),
    "P4MCNN, by its rule": (published.p4mcnn(), 25_000, 2_000),
    "GSA-Net, the paper's figure": (published.gsa_net(group="C16"), 44_670, 500),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_published_network_has_its_published_parameters(name: str) -> None:
    architecture, parameters = EXACT[name]
    assert price(architecture).params == parameters


@pytest.mark.parametrize("name", ROUNDED)
def test_and_those_published_rounded_round_to_them(name: str) -> None:
    architecture, parameters, to = ROUNDED[name]
    assert abs(price(architecture).params - parameters) < to


@pytest.mark.parametrize("grid", [(20,), (9, 9), (5, 5, 5)])
def test_one_constructor_makes_networks_of_every_dimension(grid: tuple[int, ...]) -> None:
    inputs: dict[int, Input] = {
        1: Series(channels=2, length=grid[0]),
        2: Image(channels=2, size=(9, 9)),
        3: Volume(channels=2, size=(5, 5, 5)),
    }
    architecture = published.ccnn(inputs[len(grid)], classes=3, blocks=2, channels=4, hidden=4)
    x = torch.randn(2, 2, *grid)
    model = lower(architecture).eval()
    with torch.no_grad():
        assert model(x).shape == (2, 3)
    assert price(architecture).params == sum(p.numel() for p in model.parameters())


SPACES = {
    "ckcnn": spaces.ckcnn(Series(channels=1, length=784), Classifier(classes=10, pool="last"), omega_0=31.09),
    "flextcn": spaces.flextcn(Series(channels=1, length=784), Classifier(classes=10, pool="last")),
    "flexnet": spaces.flexnet(Image(channels=3, size=(32, 32)), 10),
    "ccnn": spaces.ccnn(Series(channels=1, length=784), 10),
    "p4cnn": spaces.p4cnn(),
    "p4mcnn": spaces.p4mcnn(),
    "attentive_gcnn": spaces.attentive_gcnn(),
    "gsa_net": spaces.gsa_net(),
    "partial_gcnn": spaces.partial_gcnn(),
    "separable_gcnn": spaces.separable_gcnn(),
    "wavelet_net": spaces.wavelet_net(),
    "octahedral_cnn": spaces.octahedral_cnn(),
}
PUBLISHED = {
    "ckcnn": published.ckcnn_smnist(dropout=0.0),
    "flextcn": published.flextcn(Series(channels=1, length=784), Classifier(classes=10, pool="last")),
    "flexnet": published.flexnet_7(),
    "ccnn": published.ccnn_4_140(),
    "p4cnn": published.p4cnn(),
    "p4mcnn": published.p4mcnn(),
    "attentive_gcnn": published.attentive_gcnn(),
    "gsa_net": published.gsa_net(),
    "partial_gcnn": published.partial_gcnn(),
    "separable_gcnn": published.separable_gcnn(),
    "wavelet_net": published.wavelet_net(),
    "octahedral_cnn": published.octahedral_cnn(),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_default_point_of_its_space_is_the_published_network(name: str) -> None:
    space = SPACES[name]
    assert space.default.hash == PUBLISHED[name].hash
    assert space.fill(space.values_of(space.default)).hash == space.default.hash
    assert space.size() > 20
    rng = random.Random(0)
    drawn = [space.sample(rng) for _ in range(30)]
    assert len({architecture.hash for architecture in drawn}) > 3
    assert all(price(architecture).flops > 0 for architecture in drawn)


def test_eighth_turns_are_only_drawn_with_kernels_that_carry_them() -> None:
    space, rng = spaces.rotated_images(1, (28, 28), 10), random.Random(0)
    assert str(space.values_of(space.default)["group"]) == "C4"
    drawn = [space.sample(rng) for _ in range(100)]
    assert all(price(architecture).flops > 0 for architecture in drawn)
    eighths = [a for a in drawn if a.graph.nodes["body.0"].signal.group.name == "C8"]
    assert len(eighths) > 5
    for architecture in eighths:
        assert not any("aliases" in warning for warning in architecture.warnings)
        for node in architecture.graph.nodes.values():
            if isinstance(node.block, Conv | Lift):
                assert node.block.kernel_size in (5, 7)
                assert node.block.window == Disc()


@pytest.mark.parametrize(("length", "scales"), [(16, 3), (64, 4), (128, 5), (2_000, 7), (10_000, 9)])
def test_a_wavelet_network_takes_as_many_scales_as_its_series_can_hold(length: int, scales: int) -> None:
    architecture = published.wavelet_net(Series(channels=1, length=length), 3, channels=2)
    assert architecture.graph.nodes["body.0"].signal.group.name == f"S{scales}"
    with pytest.raises(SignalError, match="use fewer scales or taps"):
        _ = published.wavelet_net(Series(channels=1, length=length), 3, channels=2, scales=scales + 2).graph


def test_the_last_pooling_of_gsa_net_is_before_its_turns() -> None:
    """The maximum over turns of the mean over positions: not the same as the other way round."""
    body = published.gsa_net().body
    assert [block.kind for block in body[-3:]] == ["pointwise", "pool", "group_pool"]


KERNELS: tuple[Kernel, ...] = (
    Table(), Siren(), Siren(weight_norm=True, omega_0=30.0), Magnet(), Magnet(omega_0=2.0), Fourier(), Spline(),
    Spline(degree=1, knots=3), Mlp(), S4D(), Hyena(),
)  # fmt: skip
WINDOWS: tuple[Window | None, ...] = (None, Gaussian(sigma=0.3), Exponential(), Gaussian(per="channel"), Disc())
SHAPES: dict[str, tuple[Input, int, bool]] = {
    "series": (Series(channels=8, length=64), 31, False),
    "long": (Series(channels=8, length=256), 201, False),
    "causal": (Series(channels=8, length=64), 32, True),
    "image": (Image(channels=8, size=(16, 16)), 7, False),
    "volume": (Volume(channels=8, size=(8, 8, 8)), 5, False),
}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.kind)
def test_a_convolution_keeps_the_variance_of_what_it_reads(kernel: Kernel) -> None:
    """Under every window in every shape; each window, and each shape, in either factorisation."""
    for (i, window), (j, shape) in product(enumerate(WINDOWS), enumerate(SHAPES)):
        keeps_the_variance(kernel, window, shape, ("full", SEPARABLE)[(i + j) % 2])


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.kind)
def test_it_does_under_every_window_in_every_shape_and_factorisation(kernel: Kernel) -> None:
    for window, shape, factorisation in product(WINDOWS, SHAPES, ("full", SEPARABLE)):
        keeps_the_variance(kernel, window, shape, factorisation)


def keeps_the_variance(kernel: Kernel, window: Window | None, shape: str, factorisation: str) -> None:
    input_, size, causal = SHAPES[shape]
    if kernel.unsuited(len(input_.grid), Lift(channels=1, group="C1").group, True):
        return
    conv = Conv(
        channels=8,
        kernel_size=size,
        kernel=kernel,
        window=window,
        causal=causal,
        factorisation=factorisation,
        bias=False,
    )
    energies = []
    for seed in range(6):
        bank = built_bank(network(input_, conv), seed)
        energies.append(bank.sample().flatten(1).square().sum(1))
    # The variance of the answer to white noise is the sum of squares of a kernel, and the mean over kernels and draws.
    assert 0.7 < float(torch.stack(energies).mean()) < 1.4, (shape, factorisation, window)


@pytest.mark.parametrize("kernel", KERNELS[:9], ids=lambda k: k.kind)
def test_and_on_a_group(kernel: Kernel) -> None:
    body = [Lift(group="D4", channels=6, kernel_size=5, kernel=kernel), Conv(channels=6, kernel_size=5, kernel=kernel)]
    energies = []
    for seed in range(8):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = lower(network(Image(channels=4, size=(9, 9)), *body, GroupPool()))
        for name in ("body_0_lift", "body_1_conv"):
            bank = model.get_submodule(name)
            assert isinstance(bank, GroupConv)
            energies.append(bank.sample().detach().flatten(1).square().sum(1).mean())
    assert 0.7 < float(torch.stack(energies).mean()) < 1.4


def built_bank(architecture: object, seed: int) -> GroupConv:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = lower(architecture)  # type: ignore[arg-type]
    conv = model.get_submodule("body_0_conv")
    bank = conv.get_submodule("spatial") if not isinstance(conv, GroupConv) else conv
    assert isinstance(bank, GroupConv)
    return bank.requires_grad_(False)


def test_every_parameter_has_one_role() -> None:
    kernel = Siren(hidden=4, learn_omega=True)
    model = built(network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=kernel, window=Gaussian())))
    found = roles(model)
    assert {name for part in found.values() for name in part} == {name for name, _ in model.named_parameters()}
    assert set(found["window"]) == {"body_0_conv.window.log_width"}
    assert set(found["omega"]) == {"body_0_conv.kernel.omega"}
    assert set(found["plain"]) == {"body_0_conv.bias", "head_classifier.linear.weight", "head_classifier.linear.bias"}
    assert set(roles(built(network(Series(length=17), Conv(channels=2))))) == {"plain"}


@pytest.mark.parametrize(("layers", "learned"), [(2, {"first_omega"}), (4, {"omega", "first_omega"})])
def test_a_first_omega_is_learned_where_the_other_is(layers: int, learned: set[str]) -> None:
    kernel = Siren(hidden=4, layers=layers, learn_omega=True, omega_0=3.0, first_omega_0=9.0)
    model = built(network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=kernel)))
    assert {name.rsplit(".", 1)[-1] for name in roles(model)["omega"]} == learned


@pytest.mark.parametrize("weight_norm", [False, True])
def test_with_a_first_omega_a_sine_network_begins_as_sitzmann_et_al(weight_norm: bool) -> None:
    kernel = Siren(hidden=64, layers=4, omega_0=5.0, first_omega_0=30.0, weight_norm=weight_norm)
    first, *others = _hidden(kernel)
    assert 0.45 < float(first.weight.abs().max()) <= 0.5  # two coordinates
    assert all(0.9 < float(part.weight.abs().max()) * 5 / math.sqrt(6 / 64) < 1.001 for part in others)
    assert all(not part.bias.any() for part in (first, *others))
    assert float(_hidden(Siren(hidden=64))[0].weight.abs().max()) > 0.9


def _hidden(kernel: Siren) -> list[nn.Linear]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = lower(network(Image(size=(9, 9)), Conv(channels=2, kernel_size=5, kernel=kernel)))
    return list(model.requires_grad_(False).get_submodule("body_0_conv").kernel.hidden)  # type: ignore[union-attr, arg-type]


def test_each_role_is_trained_at_its_rate() -> None:
    model = built(
        network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4), window=Gaussian()))
    )
    groups = parameter_groups(model, 1e-2, 0.5, {"kernel": Rate(factor=0.1, decay=0.0), "window": Rate(factor=3.0)})
    rate = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    assert len(rate) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        lr, decay = rate[id(parameter)]
        wanted = 1e-3 if ".kernel." in name else 3e-2 if ".window." in name else 1e-2
        assert lr == pytest.approx(wanted), name
        assert decay == (0.0 if ".kernel." in name or parameter.dim() < 2 else 0.5), name


@pytest.mark.parametrize(("role", "message"), [("omega", "it has kernel, plain"), ("mask", "the roles are kernel")])
def test_asking_for_a_role_that_matches_nothing_is_an_error(role: str, message: str) -> None:
    model = built(network(Series(length=17), Conv(channels=2, kernel=Siren(hidden=4))))
    with pytest.raises(ValueError, match=message):
        parameter_groups(model, 1e-2, 0.0, {role: Rate()})  # type: ignore[dict-item]


@pytest.mark.parametrize("role", ["window", "omega", "kernel"])
def test_a_search_refuses_a_rate_that_nothing_in_its_space_has(role: str) -> None:
    conv = Conv(channels=2, kernel=Table() if role == "kernel" else Siren(hidden=4), window=None)
    space = spaces.Space(network(Series(length=17), conv))
    with pytest.raises(ValueError, match=f"no parameter of this space has the role '{role}'"):
        Search(space, nearby(length=40, delay=30), training=Training(rates={role: Rate()}))  # type: ignore[dict-item]
    fitting = spaces.Space(
        network(Series(length=17), Conv(channels=2, kernel=spaces.choice(Table(), Hyena()), window=Gaussian()))
    )
    Search(fitting, nearby(length=40, delay=30), training=Training(rates={role: Rate()}))  # type: ignore[dict-item]


def test_the_alias_penalty_brings_frequencies_down() -> None:
    def made(limit: str) -> Network:
        conv = Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4, bandwidth=4), band_limit=limit)  # type: ignore[arg-type]
        return built(network(Image(size=(12, 12)), conv))

    assert float(alias_penalty(made("none"))) == 0
    model = made("regularise")
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    begun = alias_penalty(model)
    assert float(begun.detach()) > 0
    for _ in range(300):
        optimizer.zero_grad()
        penalty = alias_penalty(model)
        penalty.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float(alias_penalty(model).detach()) < 0.3 * float(begun.detach())


def test_a_masked_kernel_leaves_out_what_the_grid_cannot_hold() -> None:
    series = Series(channels=4, length=65)
    kept = {}
    for limit in ("none", "mask"):
        conv = Conv(channels=4, kernel_size=65, kernel=Fourier(bandwidth=4), band_limit=limit)  # type: ignore[arg-type]
        bank = built_bank(network(series, conv), 0)
        assert isinstance(bank.kernel, FourierLayer)
        held = bank.kernel.features().abs().amax(0) > 0
        beyond = (bank.kernel.frequencies.abs().amax(1) > math.pi * 32).repeat(2)
        assert beyond.any()
        kept[limit] = bool((held & beyond).any())
    assert kept == {"none": True, "mask": False}
