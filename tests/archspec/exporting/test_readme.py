"""The README of an export says how far its network looks, and whether ahead."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch

from archspec import Activation, Architecture, Classifier, Conv, Dense, Image, Norm, Pool, Series, lower
from archspec.exporting.readme import readme
from archspec.graph.block import Block

LATER = "nothing in it reads a later point than its own"


def told(input: Series | Image, *body: Block) -> str:
    """The README of an export of this network, on one line."""
    head = Dense(outputs=1) if len(input.grid) == 1 else Classifier(classes=2)
    return " ".join(readme(Architecture(input=input, body=body, head=head), (), {}, 0.0, None).split())


def test_it_says_over_how_many_points_kernels_and_pools_reach() -> None:
    line, square = Series(length=4000), Image(size=(24, 30))
    assert "over about 11 points along each axis of the input (4,000)" in told(
        line, Conv(channels=2, kernel_size=9), Conv(channels=2)
    )
    assert "over about 1 points along each axis" in told(line, Norm(), Activation())
    assert "over about 40 points along" in told(Series(length=40), *[Conv(channels=2, kernel_size=31)] * 2)
    assert "over about 4 points along each axis of the input (24 × 30)" in told(
        square, Conv(channels=2, kernel_size=3), Pool(reduce="average")
    )


def test_it_says_that_nothing_reads_ahead_where_that_is_so() -> None:
    causal = Conv(channels=2, kernel_size=9, causal=True)
    assert LATER in told(Series(length=40), Norm(), Activation(), causal)
    for ahead in (Conv(channels=2), Norm(type="group"), Pool()):
        assert LATER not in told(Series(length=40), causal, ahead)
    assert LATER not in told(Image(size=(8, 8)), Conv(channels=2, kernel_size=1))


def test_a_stream_is_answered_in_pieces_with_as_many_steps_before_them_as_it_says() -> None:
    # Linear, so that each step within reach tells.
    body = [Conv(channels=3, kernel_size=5, causal=True), Conv(channels=2, kernel_size=4, causal=True)]
    said = re.search(r"over about (\d+) points", told(Series(length=64), *body))
    assert said
    before, piece = int(said[1]) - 1, 10
    model = lower(Architecture(input=Series(length=64), body=body, head=Dense(outputs=1))).double().eval()
    stream = torch.randn(1, 1, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    whole, end = model(stream)[..., 30:40], stream[..., 30 - before : 40]
    assert torch.allclose(model.on_grid(before + piece)(end)[..., before:], whole)
    assert not torch.allclose(model.on_grid(before - 1 + piece)(end[..., 1:])[..., before - 1 :], whole)


BROKEN = {
    "no reach": ("receptive_field", lambda graph: 0.0, test_it_says_over_how_many_points_kernels_and_pools_reach),
    "never ahead": ("looking_ahead", lambda graph: None, test_it_says_that_nothing_reads_ahead_where_that_is_so),
    "always ahead": ("looking_ahead", lambda graph: "conv", test_it_says_that_nothing_reads_ahead_where_that_is_so),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_planted_fault_fails_the_law(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute, broken, law = BROKEN[name]
    found: Callable[..., object] = broken
    monkeypatch.setattr(f"archspec.exporting.readme.{attribute}", found)
    with pytest.raises(AssertionError):
        law()
