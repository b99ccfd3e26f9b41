"""What is kept within bounds is learned at the bounds too, whatever version of torch it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from archspec.layers.bounded import bounded

AT = [-2.0, -1.0, 0.5, 3.0, 3.5]


def learned_at_the_bounds(keep: Callable[[Tensor, float, float], Tensor]) -> None:
    """The law: values as of `clamp`, gradients of x at the bounds and between them, none beyond."""
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        x = torch.tensor(AT, dtype=dtype, requires_grad=True)
        found = keep(x, -1, 3)
        assert found.tolist() == [-1, -1, 0.5, 3, 3]
        found.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_what_is_at_a_bound_is_learned() -> None:
    learned_at_the_bounds(bounded)


def of_later_versions(x: Tensor, low: float, high: float) -> Tensor:
    """`clamp` as it is from torch 2.15 on."""
    return torch.where((x > low) & (x < high), x, x.detach().clamp(low, high))


@pytest.mark.parametrize("fault", [of_later_versions, lambda x, low, high: x + (x.clamp(low, high) - x).detach()])
def test_other_gradients_fail_that_law(fault: Callable[[Tensor, float, float], Tensor]) -> None:
    with pytest.raises(AssertionError):
        learned_at_the_bounds(fault)
