"""The irreducible basis is another way to the same numbers, by fewer multiplications."""

from __future__ import annotations

import pytest
import torch

from archspec import Group, Image, Pointwise, Series, SignalError, Volume, price
from archspec.graph.signal import Signal
from archspec.inputs import Input
from archspec.layers.irreducible import IrreduciblePointwise, real_parts
from tests.examples import on
from tests.laws.numbers import double

PLACES: list[tuple[str, Input]] = [
    *((f"C{n}", Image(channels=1, size=(4, 5))) for n in (2, 3, 4, 5, 6, 8, 12)),
    ("D1", Series(channels=1, length=7)),
    ("D1", Image(channels=1, size=(4, 5))),
    ("C4", Volume(channels=1, size=(2, 3, 3))),
]


@pytest.mark.parametrize("order", range(2, 17))
def test_the_parts_are_an_orthonormal_basis(order: int) -> None:
    basis = real_parts(order)
    assert torch.allclose(basis @ basis.T, torch.eye(order, dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize(("group", "input"), PLACES, ids=str)
def test_it_is_the_regular_map_with_the_same_weights(group: str, input: Input) -> None:
    x = Signal(3, input.grid, Group(group))
    with double():
        regular = Pointwise(channels=4).lower(x)
        parts = Pointwise(channels=4, basis="irreducible").lower(x)
    assert isinstance(parts, IrreduciblePointwise)
    parts.weight.data = regular.kernel.weight.data.clone()
    parts.bias.data = regular.bias.data.normal_().clone()
    given = torch.randn(2, *x.shape, dtype=torch.float64, requires_grad=True)
    wanted, found = regular(given), parts(given)
    assert (found - wanted).abs().max() < 1e-12 * wanted.abs().max()
    cotangent = torch.randn_like(wanted)
    for module in (regular, parts):
        (module(given) * cotangent).sum().backward()
    assert torch.allclose(parts.weight.grad, regular.kernel.weight.grad, atol=1e-10)
    with torch.no_grad():
        folded = parts.plain()(given.flatten(1, 2))
    assert torch.allclose(folded.view(found.shape), found, atol=1e-12)


def test_mirror_even_and_odd_features_are_half_the_work() -> None:
    for group in ("C2", "D1"):
        x = Signal(6, (9, 9), Group(group))
        regular, parts = (Pointwise(channels=5, basis=b).cost(x) for b in ("regular", "irreducible"))
        assert parts.macs * 2 == regular.macs
        assert parts.params == regular.params


def test_more_elements_save_more() -> None:
    saved = []
    for group in ("C2", "C4", "C8", "C16"):
        x = Signal(32, (4, 4), Group(group))
        regular, parts = (Pointwise(channels=32, basis=b).cost(x) for b in ("regular", "irreducible"))
        saved.append(regular.flops / parts.flops)
    assert saved == sorted(saved)
    assert saved[-1] > 4


@pytest.mark.parametrize("group", ["D4", "D2"])
def test_groups_whose_parts_are_not_those_of_turns_are_refused(group: str) -> None:
    with pytest.raises(SignalError, match="for C_n and D1"):
        _ = on(group, Pointwise(channels=2, basis="irreducible")).graph
    assert price(on("C1", Pointwise(channels=2, basis="irreducible"))).macs
