"""A training step can be recorded as a CUDA graph: it copies nothing to the host or from it, and Python has no say.

A tape on a CPU stands in for the graph: see `tests.laws.tape`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.examples import EXAMPLES, SELECTED_BY_DEFAULT, built
from tests.examples import noise as noise_of
from tests.laws.tape import Tape


def stepping(model: nn.Module, x: Tensor) -> Callable[[], None]:
    """The gradients of a loss, clipped, as training makes them."""

    def step() -> None:
        torch.manual_seed(0)
        model.zero_grad()
        model(x).float().square().mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1e3)

    return step


def state(model: nn.Module) -> dict[str, Tensor]:
    """The buffers and gradients of a model."""
    gradients = {f"gradient of {name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {name: value.clone() for name, value in (dict(model.named_buffers()) | gradients).items()}


def replays(model: nn.Module, first: Tensor, second: Tensor) -> None:
    """Fail unless the step recorded on one input and replayed on another is the step on the other."""
    other, x = copy.deepcopy(model), first.clone()
    for one, its in ((model, x), (other, first)):
        stepping(one, its)()  # buffers that are made once
    with Tape() as tape:
        stepping(model, x)()
    stepping(other, first)()
    x.copy_(second)
    torch.manual_seed(0)
    tape.replay()
    found = state(model)
    stepping(other, second)()
    wanted = state(other)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, msg=name)


@pytest.mark.parametrize("name", SELECTED_BY_DEFAULT)
def test_a_step_that_is_replayed_is_the_step(name: str) -> None:
    architecture = EXAMPLES[name]
    x = noise_of(architecture).float()
    replays(built(architecture).float().train(), x, x.flip(0) * 1.5)


class Counting(nn.Module):
    """A layer in which Python counts."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.calls = nn.Parameter(torch.ones(())), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.scale * self.calls


class Reading(nn.Linear):
    """A layer that reads a number from the device."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (1.0 if float(x.sum().detach()) > 0 else 2.0)


class Writing(nn.Linear):
    """A layer that copies a number to the device."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * x.new_tensor([2.0])


@pytest.mark.parametrize(
    ("layer", "said"),
    [(Counting(), "gradient of scale"), (Reading(3, 3), "_local_scalar_dense"), (Writing(3, 3), "lift_fresh")],
)
def test_a_layer_that_python_or_the_host_has_a_part_in_breaks_that_law(layer: Any, said: str) -> None:
    x = torch.randn(4, 3)
    with pytest.raises((AssertionError, RuntimeError), match=said):
        replays(layer, x, -x)
