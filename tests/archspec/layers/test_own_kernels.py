"""What is true of a convolution does not depend on whose kernel it has."""

from __future__ import annotations

import copy

import pytest
import torch

from archspec import Conv, Gaussian, GroupPool, Image, Lift, Network, Siren, freeze, inherit, lower
from archspec.layers.conv import GroupConv
from archspec.lowering import network_with
from archspec.testing import equivariance_error
from archspec.transfer import beginning_anew
from tests.archspec.layers.own_kernels import OWN, lowered_to
from tests.examples import network
from tests.laws.numbers import double


def drawn(size: int = 5, window: Gaussian | None = None, group: str = "C4") -> Network:
    conv = Conv(channels=3, kernel_size=size, kernel=Siren(hidden=4), window=window)
    return lower(network(Image(size=(9, 9)), Lift(group=group, channels=2), conv, GroupPool())).eval()


@pytest.mark.parametrize("window", [None, Gaussian()], ids=["no window", "a window"])
@pytest.mark.parametrize("kind", OWN)
def test_a_network_is_trained_copied_loaded_and_frozen(
    kind: str, window: Gaussian | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Siren, "lower", lowered_to(OWN[kind]))
    torch.manual_seed(0)
    x = torch.randn(3, 1, 9, 9)
    try:
        model = drawn(window=window)
        optimizer = torch.optim.SGD(model.train().parameters(), lr=0.01)
        model(x).square().sum().backward()
        optimizer.step()
        wanted = model.eval()(x).detach()
        again = network_with(model.architecture, model.state_dict())
        exact = copy.deepcopy(model).double()(x.double())
    except StopIteration:
        pytest.fail("a weight is looked for in a kernel that has none")
    assert torch.allclose(again(x), wanted, atol=1e-6)
    assert torch.allclose(freeze(model)(x), wanted, atol=1e-5)
    assert exact.dtype == torch.float64
    assert torch.allclose(exact.float(), wanted, atol=1e-4)
    assert equivariance_error(model.double(), model.typed.nodes["body.0"].signal.group) < 1e-6


@pytest.mark.parametrize("sizes", [(5, 5), (5, 7), (7, 5)], ids=str)
@pytest.mark.parametrize("kind", OWN)
def test_what_a_layer_cannot_inherit_stays_as_it_was_drawn(
    kind: str, sizes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that does not say how it is stretched keeps its features; one that cannot be fitted, all."""
    monkeypatch.setattr(Siren, "lower", lowered_to(OWN[kind]))
    with double():
        parent, child = (drawn(size) for size in sizes)
        before = copy.deepcopy(child.state_dict())
        anew = beginning_anew(copy.deepcopy(child), parent)
        try:
            share = inherit(child, parent)
        except Exception as error:
            pytest.fail(f"it cannot be trained at all: {error!r}")
    changed = [name for name, value in child.state_dict().items() if not torch.equal(value, before[name])]
    assert 0 <= share <= 1
    if sizes[0] == sizes[1]:
        assert share == 1
        assert not anew
    elif kind == "whole":
        assert anew == ["body.1"]
        assert not [name for name in changed if name.startswith("body_1")]
    elif kind == "bound":
        assert not anew
        assert not [name for name in changed if ".inner." in name]


def test_a_kernel_that_is_said_to_be_fitted_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The taps that both sizes have are nearly the same, where its features suffice."""
    monkeypatch.setattr(Siren, "lower", lowered_to(OWN["bound"]))
    with double():
        torch.manual_seed(0)
        parent, child = drawn(5, group="C1"), drawn(3, group="C1")
        inherit(child, parent)
        theirs, mine = (net.get_submodule("body_1_conv") for net in (parent, child))
        assert isinstance(theirs, GroupConv)
        assert isinstance(mine, GroupConv)
        wanted, found = theirs.sample()[..., 1:4, 1:4], mine.sample()
    assert (found - wanted).norm() < 0.5 * wanted.norm()
