"""A block or kernel that is defined anew, as in a notebook, is typed and priced anew."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest
from torch import nn

from archspec import Cost, Primitive, Signal
from archspec.geometry.families import GROUPS, Finite
from archspec.graph.node import facts
from tests.search.backends.test_registered import MIRRORS


class Once(Primitive):
    kind: Literal["defined_anew"] = "defined_anew"
    asked: ClassVar[int] = 0

    def infer(self, x: Signal) -> Signal:
        return x

    def cost(self, x: Signal) -> Cost:
        type(self).asked += 1
        return Cost(params=3)

    def lower(self, x: Signal) -> nn.Module:
        return nn.Identity()


class Anew(Once):
    def infer(self, x: Signal) -> Signal:
        return x._replace(channels=7)

    def cost(self, x: Signal) -> Cost:
        return Cost(params=5)


def test_what_was_known_of_a_class_is_not_taken_for_another_of_its_name() -> None:
    x = Signal(2, (4, 4))
    for block, params, channels in ((Once(), 3, 2), (Anew(), 5, 7), (Once(), 3, 2)):
        known = facts(block, x)
        assert (known.cost.params, known.signal.channels) == (params, channels)
        assert known.plain is not None
        assert type(known.plain) is type(block)


def test_what_was_known_before_something_was_registered_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel inside the block may be the one that was defined anew."""
    monkeypatch.setattr(GROUPS, "known", {**GROUPS.known})
    x, before = Signal(3, (4, 4)), Once.asked
    for _ in range(2):
        facts(Once(), x)
    assert Once.asked == before + 1
    GROUPS.add("Mirrors", MIRRORS)
    assert isinstance(GROUPS["Mirrors"], Finite)
    facts(Once(), x)
    assert Once.asked == before + 2
