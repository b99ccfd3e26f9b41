"""Context managers: kernels that are computed once for many inputs, and a network in evaluation mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from archspec.layers.bank import Bank


@contextmanager
def kept_kernels(model: nn.Module) -> Iterator[None]:
    """A context in which every kernel of a network is computed once and cached, in evaluation mode without gradients.

    For a loop over data during which the network does not change: weights that are written within the context need
    not take effect before its end. Outside, kernels are computed at each call, so that outputs depend on the present
    weights alone.
    """
    banks = [part for part in model.modules() if isinstance(part, Bank) and part.cache is None]
    for bank in banks:
        bank.cache = {}
    try:
        yield
    finally:
        for bank in banks:
            bank.cache = None


@contextmanager
def in_evaluation(model: nn.Module) -> Iterator[None]:
    """A context in which a model is in evaluation mode; after it every submodule is in its former mode."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
