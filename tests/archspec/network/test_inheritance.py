"""Laws of inheritance: what is said to be exact leaves the outputs of a trained network as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archspec import (
    Activation,
    Architecture,
    Conv,
    Fourier,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Network,
    Norm,
    Repeat,
    Residual,
    Series,
    Siren,
    Table,
    inherit,
    lower,
    transfer,
)
from archspec.kernels import Kernel
from archspec.layers.conv import GroupConv
from archspec.layers.norm import BatchNorm
from archspec.transfer import beginning_anew
from tests.examples import network
from tests.laws.numbers import double

KINDS: dict[str, Kernel] = {"table": Table(), "siren": Siren(hidden=8), "magnet": Magnet(hidden=8)}
PLACES = ("full", "depthwise_separable", "group_separable")
BASE: dict[str, Any] = {"group": "D1", "width": 8, "size": 5, "depth": 2, "factorisation": "full", "kernel": "table"}


def architecture(change: dict[str, Any]) -> Architecture:
    """A residual network; `width` counts the units, channels × order."""
    c = BASE | change
    image = c["group"] in ("C4", "C2", "D4")
    channels = c["width"] // {"C1": 1, "D1": 2, "C2": 2, "C4": 4, "D4": 8}[c["group"]]
    given = {"kernel_size": c["size"], "kernel": KINDS[c["kernel"]], "window": c.get("window")}
    conv = Conv(channels=channels, factorisation=c["factorisation"], **given)
    return network(
        Image(size=(8, 8)) if image or c.get("image") else Series(length=24),
        Lift(group=c["group"], channels=channels, **given),
        Repeat(times=c["depth"], body=[Residual(body=[Norm(), Activation(), conv])]),
        Norm(),
        Activation(),
        GroupPool(reduce="mean"),
    )


def parent(change: dict[str, Any]) -> Network:
    """A network in which nothing is as it was initialised."""
    torch.manual_seed(0)
    model = lower(architecture(change)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for layer in model.modules():
            if isinstance(layer, BatchNorm) and layer.running_mean is not None and layer.running_var is not None:
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
    model.fit()
    return model


def apart(before: dict[str, Any], now: dict[str, Any], spoil: Callable[[Network], None] | None = None) -> float:
    """By how much the outputs of a child differ from its parent's, relative to these."""
    with double():
        model = parent(before)
        child = lower(architecture(now))
        inherit(child, model)
        if spoil:
            spoil(child)
        child.eval()
        x = torch.randn(3, model.channels, *model.grid)
        with torch.no_grad():
            return float((child(x) - model(x)).abs().max() / model(x).abs().max())


EXACT: list[dict[str, Any]] = [
    {},
    {"width": 16},
    {"depth": 4},
    {"group": "C1"},
    {"width": 16, "depth": 3},
    {"width": 12, "depth": 3, "group": "C1"},
]


@pytest.mark.parametrize("factorisation", PLACES)
@pytest.mark.parametrize("change", [*EXACT, {"size": 9}, {"size": 7, "width": 16, "depth": 3, "group": "C1"}], ids=str)
def test_with_tables_more_of_anything_is_the_same_function(factorisation: str, change: dict[str, Any]) -> None:
    before = {"factorisation": factorisation}
    if factorisation == "group_separable" and change.get("group"):
        pytest.skip("without a group the stages are in another form")
    assert apart(before, before | change) < 1e-10


@pytest.mark.parametrize("kernel", ["siren", "magnet"])
@pytest.mark.parametrize(
    "change", [{}, {"width": 16}, {"depth": 3}, {"width": 16, "depth": 4}, {"kernel": "table"}], ids=str
)
def test_with_continuous_kernels_units_and_blocks_are_added(kernel: str, change: dict[str, Any]) -> None:
    before = {"kernel": kernel}
    assert apart(before, before | change) < 1e-10


@pytest.mark.parametrize("groups", [("C4", "C2"), ("D4", "C4"), ("D4", "C1")], ids=str)
def test_an_equivariant_network_is_a_less_symmetric_one(groups: tuple[str, str]) -> None:
    before, now = ({"group": group, "image": True} for group in groups)
    assert apart(before, now) < 1e-10


@pytest.mark.parametrize("groups", [("D1", "C1"), ("D4", "C2")], ids=str)
def test_to_a_subgroup_and_back_is_the_identity(groups: tuple[str, str]) -> None:
    first, second = ({"group": group, "image": groups[0] != "D1"} for group in groups)
    with double():
        model = parent(first)
        there, back = lower(architecture(second)), lower(architecture(first))
        inherit(there, model)
        assert inherit(back, there) == 1
    assert all(torch.allclose(a, b) for a, b in zip(back.parameters(), model.parameters(), strict=True))


def test_a_fault_in_any_part_is_seen() -> None:
    def new_block_speaks(child: Network) -> None:
        nn.init.ones_(child.get_submodule("body_1_copy2_body_0_body_2_conv").get_parameter("bias"))

    def new_units_are_heard(child: Network) -> None:
        conv = child.get_submodule("body_1_copy0_body_0_body_2_conv")
        assert isinstance(conv, GroupConv)
        with torch.no_grad():
            conv.kernel.get_parameter("weight").view(conv.outputs, conv.inputs, -1)[0, -1] += 1

    def statistics_are_fresh(child: Network) -> None:
        norm = child.get_submodule("body_2_norm")
        assert isinstance(norm, BatchNorm)
        norm.reset_running_stats()

    def orbits_are_mixed_up(child: Network) -> None:
        weight = child.get_submodule("body_0_conv").get_parameter("kernel.weight")
        with torch.no_grad():
            weight.copy_(weight.flip(0))

    for spoil, change in (
        (new_block_speaks, {"depth": 3}),
        (new_units_are_heard, {"width": 16}),
        (statistics_are_fresh, {}),
        (orbits_are_mixed_up, {"group": "C1"}),
    ):
        assert apart({}, change, spoil) > 1e-3, spoil.__name__


def test_a_larger_continuous_kernel_is_nearly_the_same_function() -> None:
    before = {"kernel": "siren", "group": "C1"}
    assert apart(before, before | {"size": 7}) < 1e-2


def test_windows_are_inherited() -> None:
    before = {"window": Gaussian(sigma=0.5), "kernel": "magnet"}
    assert apart(before, before | {"depth": 3, "width": 16}) < 1e-10


def test_a_learned_width_is_inherited_from_a_fixed_one() -> None:
    before = {"window": Gaussian(sigma=0.5, learned=False), "kernel": "magnet"}
    assert apart(before, before | {"window": Gaussian(sigma=0.3)}) < 1e-10


@pytest.mark.parametrize("kind", [Table(), Siren(hidden=8), Magnet(hidden=8), Fourier(features=8)], ids=str)
def test_the_share_is_of_parameters_alone(kind: Kernel) -> None:
    """Not of constants, such as the frequencies of random features, which are taken over too."""
    conv = network(Series(length=24), Conv(channels=4, kernel_size=5, kernel=kind))
    child, model = lower(conv), lower(conv)
    assert inherit(child, model) == 1
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(child.buffers(), model.buffers(), strict=True))


def test_the_share_is_what_was_inherited() -> None:
    with double():
        model, same, wider = parent({}), lower(architecture({})), lower(architecture({"width": 16}))
        assert inherit(same, model) == 1
        assert 0.2 < inherit(wider, model) < 0.6


class Gain(nn.Module):
    """A module of a person's own, which knows nothing of this package."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.randn(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain


def gains() -> tuple[float, float]:
    """Its parameter in a network that inherits, and in the parent."""
    narrow, wide = lower(architecture({"width": 8})), lower(architecture({"width": 16}))
    inherit(wide, narrow)
    mine, theirs = ([p.item() for p in net.parameters() if p.dim() == 0] for net in (wide, narrow))
    assert len(mine) == len(theirs) == 3
    return mine[-1], theirs[-1]


def test_a_module_of_ones_own_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its tensors have the same shapes."""
    monkeypatch.setattr(Activation, "lower", lambda self, x: Gain())
    mine, theirs = gains()
    assert mine == theirs
    monkeypatch.setattr(transfer, "copied", lambda layer, other: 0)  # planted fault
    mine, theirs = gains()
    assert mine != theirs


def test_what_begins_anew_is_told() -> None:
    """Nothing where units are added; the layers of another factorisation, which have other weights."""
    parent_of = {name: lower(architecture({"factorisation": name})) for name in ("full", "depthwise_separable")}
    assert not beginning_anew(lower(architecture({"width": 16})), parent_of["full"])
    anew = beginning_anew(lower(architecture({})), parent_of["depthwise_separable"])
    assert anew == ["body.1.copy0.body.0.body.2", "body.1.copy1.body.0.body.2"]
