"""Scopes: kernels that are made once for many inputs, networks in evaluation for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from archspec.layers.bank import Bank


@contextmanager
def kept_kernels(model: nn.Module) -> Iterator[None]:
    """Within it every kernel of a network is made once, in evaluation without gradients, and used for all inputs.

    For a loop over data whose network stays as it is: writes to its weights need not be seen before the end. Outside,
    kernels are made at each call, so that what a network answers follows from its weights alone.
    """
    banks = [part for part in model.modules() if isinstance(part, Bank) and part.kept_here is None]
    for bank in banks:
        bank.kept_here = {}
    try:
        yield
    finally:
        for bank in banks:
            bank.kept_here = None


@contextmanager
def in_evaluation(model: nn.Module) -> Iterator[None]:
    """Within it a model is in evaluation mode; after it each of its parts is in the mode that it was in."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
