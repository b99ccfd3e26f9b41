"""What a block of a person's own says of itself is whole numbers, or is named with its line before anybody uses it."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from torch import nn

from archspec import Cost, Primitive, Signal
from archspec.graph.node import facts
from archspec.graph.stated import cost_of

X = Signal(2, (4, 4))


class Says(Primitive):
    kind: Literal["says"] = "says"
    number: int
    signal: ClassVar[Any] = X
    price: ClassVar[Any] = Cost()

    def infer(self, x: Signal) -> Signal:
        found: Signal = self.signal
        return found

    def cost(self, x: Signal) -> Cost:
        found: Cost = self.price
        return found

    def lower(self, x: Signal) -> nn.Module:
        return nn.Identity()


@pytest.mark.parametrize(
    "signal", [None, 3, (2, (4, 4)), Signal(0, (4,)), X._replace(channels=2.5), X._replace(grid=(4, -1))]
)
def test_what_is_no_signal_is_named_with_its_line(signal: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Says, "signal", signal)
    with pytest.raises(TypeError, match=r"^says: its infer \(test_stated.py, line \d+\) gives .*must give a Signal wh"):
        facts(Says(number=hash(repr(signal)) % 10**6), X)


@pytest.mark.parametrize("price", [None, 3, Cost(macs=-1), Cost(params=2.5), Cost(macs=math.nan), Cost(macs="4")])
def test_what_is_no_cost_is_named_with_its_line(price: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Says, "price", price)
    with pytest.raises(TypeError, match=r"^says: its cost \(test_stated.py, line \d+\) gives .*must give a Cost of wh"):
        facts(Says(number=hash(repr(price)) % 10**6), X)
    with pytest.raises(TypeError, match=r"^says: its cost_for .*must give a Cost of wh"):
        cost_of(says := Says(number=1), says.cost_for, X, "cuda")


def test_whole_numbers_of_another_type_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """No record could hold them."""
    monkeypatch.setattr(Says, "signal", X._replace(channels=3, grid=[np.int64(4), 4]))
    monkeypatch.setattr(Says, "price", Cost(macs=np.int64(5)))
    known = facts(Says(number=0), X)
    assert (known.signal.shape, known.cost.macs) == ((3, 4, 4), 5)
    assert {type(size) for size in (*known.signal.shape, *known.cost.quantities().values())} == {int}
