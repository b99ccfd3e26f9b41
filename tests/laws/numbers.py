"""How near two tensors are, and numbers precise enough to tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def difference(found: Tensor, wanted: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))


def close(found: Tensor, wanted: Tensor, what: str) -> None:
    """Equal to 1e-9, relative where numbers are larger than 1."""
    found = found.detach()
    error = float((found - wanted).abs().max() / max(1.0, float(wanted.abs().max())))
    assert found.shape == wanted.shape, (what, found.shape, wanted.shape)
    assert error < 1e-9, (what, error)


@contextmanager
def double() -> Iterator[None]:
    """Everything made in here is float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
