"""Which decisions masks learn, and which they leave to be drawn, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Norm,
    Pointwise,
    Repeat,
    Residual,
    SelfAttention,
    Series,
    Siren,
)
from archspec.kernels.windows import Gaussian
from search.errors import RunError
from search.masks.learnable import learnable
from search.record.history import History
from search.strategies.gradient import Gradient
from search.strategies.strategy import Budget
from spaces import Space, choice, integer
from tests.search.masks.spaces import SPACES, flops, known

WIDE = integer("n", 4, 8)


def space(*body: Any) -> Space:
    return Space(Architecture(input=Series(channels=1, length=16), body=list(body), head=Classifier(classes=2)))


@pytest.mark.parametrize("name", SPACES)
def test_width_depth_and_kernel_size_are_learned(name: str) -> None:
    """In every space of the examples."""
    found = known(name)
    assert {size.name for size in found.fillings.sizes} == {"width", "points" if "grid" in name else "depth", "size"}
    assert not found.left


def test_one_decision_may_show_in_several_places() -> None:
    """Shared by convolutions outside and inside a repeat."""
    size = choice(3, 5, name="n")
    block = Residual(body=[Conv(channels=4, kernel_size=size), Norm()])
    found = learnable(space(Conv(channels=4, kernel_size=size), Repeat(times=2, body=[block])), {"n": 3}, flops)
    assert found.shown.extents == ("body.0", "body.1.body.0.body.0")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([Repeat(times=WIDE, body=[Conv(channels=4, kernel_size=3)]), Norm()], "outside of a residual"),
        ([Conv(channels=4, kernel_size=choice(3, 5, name="n"), window=Gaussian())], "kernel_size"),
        ([Conv(channels=4, kernel_size=3, kernel=Siren(hidden=WIDE))], "hidden"),
        ([Conv(channels=8, kernel_size=3), SelfAttention(channels=WIDE, heads=1)], "cannot fade out"),
        (
            [Conv(channels=4, kernel_size=3), Repeat(times=WIDE, body=[Residual(body=[Activation()])])],
            "ends with a layer that cannot fade out",
        ),
        (
            [Conv(channels=WIDE, kernel_size=3), Repeat(times=WIDE, body=[Residual(body=[Pointwise(channels=WIDE)])])],
            "different things",
        ),
    ],
)
def test_what_cannot_fade_out_is_left_and_the_reason_said(body: list[Any], why: str) -> None:
    """A chain, a window that is there already, other fields, layers without outgoing rows."""
    found = learnable(space(*body), {"n": WIDE.first if "window" not in str(body) else 3}, flops)
    assert not found.fillings.sizes
    assert why in found.left["n"]


def test_a_space_without_learnable_decisions_is_refused() -> None:
    """In one sentence with the reasons."""
    only = space(Conv(channels=4, kernel_size=3, kernel=Siren(hidden=WIDE)))
    with pytest.raises(RunError, match=r"masks can learn no decision of this space \(.*hidden.*use another strategy"):
        Gradient(only).propose(History(), Budget(0, 4, 0, 4, 0))
