"""Pooling over windows that overlap: what lies beyond the grid takes no part."""

from __future__ import annotations

import torch

from archspec.layers.pool import Pool


def test_an_average_at_the_border_is_of_what_is_inside() -> None:
    x = torch.arange(1.0, 6.0).view(1, 1, 5)
    assert Pool((3,), (2,), (1,), "average", grouped=False)(x).flatten().tolist() == [1.5, 3.0, 4.5]


def test_a_maximum_at_the_border_is_of_what_is_inside() -> None:
    x = -torch.arange(1.0, 6.0).view(1, 1, 5)
    assert Pool((3,), (2,), (1,), "max", grouped=False)(x).flatten().tolist() == [-1.0, -2.0, -4.0]
