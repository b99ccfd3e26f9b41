"""Which decisions masks learn, and which they leave to be drawn, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
import torch

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
    SpectralPool,
    Spline,
    TestTimeAverage,
    lower,
)
from archspec.kernels.windows import Gaussian
from archspec.transfer import beginning_anew
from search.errors import RunError
from search.masks import learnable as module
from search.masks.learnable import learnable
from search.record.history import History
from search.strategies.gradient import Gradient
from search.strategies.strategy import Budget
from spaces import Space, choice, integer
from tests.search.masks.spaces import SPACES, flops, known

WIDE = integer("n", 4, 8)


class Cosine(torch.nn.Module):
    """A module of a person's own: of zero it makes one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cos(x)


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


SMALL = [Conv(channels=4, kernel_size=3), Norm(), Activation()]


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
        ([Conv(channels=WIDE, kernel_size=3), Norm(), Conv(channels=4, kernel=Spline())], "body.2 cannot be carried"),
        ([TestTimeAverage(group="D1", body=[Conv(channels=WIDE), Conv(channels=4)])], "in the body of another block"),
        (
            [TestTimeAverage(group="D1", body=[Repeat(times=WIDE, body=[Residual(body=SMALL)])])],
            "in the body of another block",
        ),
        (
            [Conv(channels=4), Repeat(times=integer("n", 0, 8), body=[Residual(body=SMALL)])],
            "begin at 1, and its values",
        ),
        ([Conv(channels=6), Residual(body=[Conv(channels=WIDE)])], "body.1.shortcut.1 is there or not"),
    ],
)
def test_what_cannot_fade_out_is_left_and_the_reason_said(body: list[Any], why: str) -> None:
    """A chain, a window that is there already, other fields, layers without outgoing rows."""
    found = learnable(space(*body), {"n": WIDE.first if "window=Gaussian" not in str(body) else 3}, flops)
    assert not found.fillings.sizes
    assert why in found.left["n"]


@pytest.mark.parametrize(
    ("body", "values", "why"),
    [
        (
            [Conv(channels=integer("n", 4, 8)), Residual(body=[Conv(channels=integer("m", 6, 12))])],
            {"n": 4, "m": 10},
            "body.1.shortcut.1 is there or not, depending on whether m=6 and n=6",
        ),
        (
            [SpectralPool(points=integer("n", 6, 12)), Conv(channels=4, kernel_size=integer("m", 3, 7, step=2))],
            {"n": 8, "m": 3},
            "n=6, m=7 do not",
        ),
    ],
)
def test_of_two_sizes_that_do_not_go_together_the_first_is_learned(
    body: list[Any], values: dict[str, int], why: str
) -> None:
    """Where equal widths leave out a shortcut, or the coarsest grid has no room for the largest kernel."""
    found = learnable(space(*body), values, flops)
    assert [size.name for size in found.fillings.sizes] == ["n"]
    assert why in found.left["m"]


def test_a_module_that_makes_something_of_zero_is_no_place_for_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut would have been used; others keep what is zero."""
    where = space(Conv(channels=WIDE), Activation(), Conv(channels=4))
    assert [size.name for size in learnable(where, {"n": 4}, flops).fillings.sizes] == ["n"]
    monkeypatch.setattr(Activation, "lower", lambda self, x: Cosine())
    assert learnable(where, {"n": 4}, flops).left == {"n": "body.1 makes something of channels that are zero"}


def lost(where: Space, values: dict[str, Any]) -> list[str]:
    """The nodes that begin anew where a size goes from its highest to its lowest value."""
    fillings = learnable(where, values, flops).fillings
    high = [size.values[-1] for size in fillings.sizes]
    found = []
    for i, size in enumerate(fillings.sizes):
        low = [*high[:i], size.values[0], *high[i + 1 :]]
        found += beginning_anew(*(lower(fillings.at(at).architecture) for at in (low, high)))
    return found


@pytest.mark.parametrize("name", SPACES)
def test_what_is_learned_keeps_the_weights_of_every_block(name: str) -> None:
    """When the network is built anew, nothing that it had before begins as it was drawn."""
    fillings = known(name).fillings
    assert not lost(SPACES[name], {**fillings.fixed, **fillings.values([size.values[0] for size in fillings.sizes])})


def test_weights_that_are_lost_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: nothing is refused, so that a spline begins anew at each width of what it reads."""
    where = space(Conv(channels=WIDE, kernel_size=3), Norm(), Conv(channels=4, kernel=Spline()))
    assert not lost(where, {"n": 4})
    monkeypatch.setattr(module, "refuse", lambda *_: None)
    assert lost(where, {"n": 4}) == ["body.2"]


def test_self_attention_may_read_what_is_learned() -> None:
    where = space(Conv(channels=WIDE, kernel_size=3), SelfAttention(channels=8, heads=2))
    assert [size.name for size in learnable(where, {"n": 4}, flops).fillings.sizes] == ["n"]
    assert not lost(where, {"n": 4})


def test_a_space_without_learnable_decisions_is_refused() -> None:
    """In one sentence with the reasons."""
    only = space(Conv(channels=4, kernel_size=3, kernel=Siren(hidden=WIDE)))
    with pytest.raises(RunError, match=r"masks can learn no decision of this space \(.*hidden.*use another strategy"):
        Gradient(only).propose(History(), Budget(0, 4, 0, 4, 0))
