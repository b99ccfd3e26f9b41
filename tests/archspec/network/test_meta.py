"""A network that was on the `meta` device, where nothing has values, is the network of the weights that it is given."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from archspec import Network, freeze, lower
from archspec.layers.bank import Bank
from archspec.layers.precision import Fixed
from archspec.network import assembling
from tests.examples import EXAMPLES, SELECTED_BY_DEFAULT, built
from tests.laws.subject import Subject


def _lowered(model: Network) -> Network:
    with torch.device("meta"):
        other = lower(model.architecture)
    assert all(parameter.is_meta for parameter in other.parameters())
    return other


def _to_empty(model: Network) -> Network:
    other = copy.deepcopy(model).to("meta").to_empty(device="cpu")
    other.load_state_dict(model.state_dict())
    return other


def _lowered_to_empty(model: Network) -> Network:
    other = _lowered(model).double().to_empty(device="cpu")
    other.load_state_dict(model.state_dict())
    return other


def _assigned(model: Network) -> Network:
    other = _lowered(model)
    other.load_state_dict(model.state_dict(), assign=True)
    return other


def _assigned_inside(model: Network) -> Network:
    other = copy.deepcopy(model).to("meta")
    state = {f"0.{key}": value for key, value in model.state_dict().items()}
    nn.Sequential(other).load_state_dict(state, assign=True)
    return other


WAYS: tuple[Callable[[Network], Network], ...] = (_to_empty, _lowered_to_empty, _assigned, _assigned_inside)


def it_is_the_network_of_its_weights(of: Subject) -> None:
    for way in WAYS:
        other = way(of.model).eval()
        assert not any(buffer.is_meta for buffer in other.buffers()), way.__name__
        with torch.no_grad():
            assert torch.equal(other(of.x), of.answer), way.__name__


WITHOUT_WEIGHTS = "C4 frames of what has no weights"


@pytest.mark.parametrize("name", [*SELECTED_BY_DEFAULT, WITHOUT_WEIGHTS])
def test_it_is_the_network_of_its_weights(name: str) -> None:
    it_is_the_network_of_its_weights(Subject(name))


SETTLED = ("siren", "D4 attention", "spectral pools")


@pytest.mark.parametrize("name", SETTLED)
def test_constants_that_are_not_computed_anew_fail_that_law(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Fixed, Bank):
        monkeypatch.setattr(kind, "settle", lambda self, like: None)
    with pytest.raises((AssertionError, RuntimeError, NotImplementedError)):
        it_is_the_network_of_its_weights(Subject(name))


def test_constants_placed_as_the_weights_beside_them_fail_that_law(monkeypatch: pytest.MonkeyPatch) -> None:
    def beside(model: nn.Module, keys: object = None) -> None:
        like = next(model.parameters())
        for part in model.modules():
            if isinstance(part, Fixed):
                part.settle(like)

    monkeypatch.setattr(assembling, "settle", beside)
    with pytest.raises(StopIteration):
        it_is_the_network_of_its_weights(Subject(WITHOUT_WEIGHTS))


@pytest.mark.parametrize("name", SETTLED)
def test_a_network_is_made_with_the_same_weights_whatever_the_default_device(name: str) -> None:
    there = []
    for device in ("cpu", "meta"):
        with torch.random.fork_rng(devices=[]), torch.device(device):
            torch.manual_seed(0)
            lower(EXAMPLES[name])
            there.append(torch.rand(1, device="cpu"))
    assert torch.equal(*there)


@pytest.mark.parametrize("name", [*SETTLED, "hyena"])
def test_the_default_device_has_no_part_in_a_network_that_is_elsewhere(name: str) -> None:
    model, x = built(EXAMPLES[name]).eval(), Subject(name).x

    def answers() -> list[Tensor]:
        halved = copy.deepcopy(model).half().double()
        return [model(x), halved(x), freeze(model)(x), model.at_resolution(*model.grid)(x)]

    with torch.no_grad():
        wanted = answers()
        with torch.device("meta"):
            found = answers()
        assert all(map(torch.equal, found, wanted))
