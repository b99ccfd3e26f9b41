"""Laws of inheritance by self-attention: more channels, heads, and channels of heads are the same function."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from archspec import GroupPool, Image, Network, Norm, Residual, SelfAttention, SelfAttentionLift, Series, inherit, lower
from archspec.layers import inherited_attention
from archspec.layers.inherited_attention import Heads
from archspec.transfer import beginning_anew
from tests.examples import network
from tests.laws.numbers import double

BASE: dict[str, Any] = {"group": "C4", "channels": 6, "hidden": 8, "heads": 2, "depth": 1}
MORE: list[dict[str, Any]] = [
    {},
    {"channels": 9},
    {"hidden": 12},
    {"hidden": 16, "heads": 4},
    {"channels": 8, "hidden": 18, "heads": 3},
    {"depth": 3},
    {"channels": 7, "hidden": 20, "depth": 2},
]


def made(change: dict[str, Any]) -> Network:
    c = BASE | change
    given: dict[str, Any] = {name: c[name] for name in ("channels", "hidden", "heads")} | {"window": 3}
    if c["group"] == "C1":
        first, signal = SelfAttention(**given), Series(channels=2, length=9)
    else:
        first, signal = SelfAttentionLift(group=c["group"], **given), Image(channels=2, size=(5, 5))
    body = [first, *(Residual(body=[Norm(), SelfAttention(**given)]) for _ in range(c["depth"]))]
    return lower(network(signal, *body, *([] if c["group"] == "C1" else [GroupPool()]))).eval()


def apart(before: dict[str, Any], now: dict[str, Any]) -> float:
    """By how much the outputs of a child differ from its parent's, relative to these."""
    with double():
        torch.manual_seed(0)
        model, child = made(before), made(now)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
            inherit(child, model)
            x = torch.randn(3, model.channels, *model.grid)
            return float((child(x) - model(x)).abs().max() / model(x).abs().max())


@pytest.mark.parametrize("group", ["C1", "C4", "D4"])
@pytest.mark.parametrize("change", MORE, ids=str)
def test_more_channels_and_heads_are_the_same_function(group: str, change: dict[str, Any]) -> None:
    assert apart({"group": group}, {"group": group} | change) < 1e-10


def test_there_and_back_is_the_identity() -> None:
    torch.manual_seed(0)
    model, there, back = made({}), made({"channels": 9, "hidden": 18, "heads": 3}), made({})
    inherit(there, model)
    inherit(back, there)
    assert all(torch.allclose(a, b) for a, b in zip(back.parameters(), model.parameters(), strict=True))


def test_all_that_the_parent_has_is_counted() -> None:
    torch.manual_seed(0)
    model = made({})
    assert inherit(made({}), model) == 1
    own = sum(p.numel() for p in model.parameters())
    for change in ({"channels": 9}, {"hidden": 18, "heads": 3}):
        child = made(change)
        taken = inherit(child, model) * sum(p.numel() for p in child.parameters())
        assert round(taken) == own


def test_what_is_new_can_be_trained() -> None:
    torch.manual_seed(0)
    model, child = made({}), made({"channels": 8, "hidden": 20, "heads": 4}).train()
    inherit(child, model)
    optimizer = torch.optim.SGD(child.parameters(), lr=0.1)
    before = [parameter.detach().clone() for parameter in child.parameters()]
    for _ in range(2):
        optimizer.zero_grad()
        child(torch.randn(4, 2, 5, 5)).square().sum().backward()
        optimizer.step()
    for (name, now), then in zip(child.named_parameters(), before, strict=True):
        rows = (now.detach() != then).flatten(1).any(1) if now.dim() > 1 else (now.detach() != then)
        assert rows.all() or "place" in name or "table" in name, name


def test_on_another_group_it_begins_anew_where_shapes_differ() -> None:
    assert len(beginning_anew(made({"group": "C2"}), made({}))) == 1
    assert beginning_anew(made({"channels": 9}), made({})) == []


INHERIT, TAKE = Heads.inherit, inherited_attention._take


def speaking(layer: Heads, other: Any, *units: Any) -> int:
    count = INHERIT(layer, other, *units)
    with torch.no_grad():
        layer.query.bias[layer.query.bias == 0] = 1.0
    return count


def unscaled(mine: Any, theirs: Any, rows: Any, columns: Any, factor: float = 1.0) -> int:
    return TAKE(mine, theirs, rows, columns)


def heard(mine: Any, theirs: Any, rows: Any, columns: Any, factor: float = 1.0) -> int:
    new = torch.from_numpy(columns < 0)
    drawn, count = mine.weight.detach().clone(), TAKE(mine, theirs, rows, columns, factor)
    with torch.no_grad():
        mine.weight[:, new] = drawn[:, new]
    return count


@pytest.mark.parametrize(
    ("place", "name", "fault", "change"),
    [
        (Heads, "inherit", speaking, {"hidden": 12}),
        (inherited_attention, "_take", unscaled, {"hidden": 12}),
        (inherited_attention, "_take", heard, {"channels": 9}),
        (inherited_attention, "_take", heard, {"heads": 4, "hidden": 16}),
    ],
)
def test_a_fault_is_seen(
    place: Any, name: str, fault: Any, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted faults of the first law."""
    assert apart({}, change) < 1e-10
    monkeypatch.setattr(place, name, fault)
    assert apart({}, change) > 1e-6
