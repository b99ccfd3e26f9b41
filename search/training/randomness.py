"""The random numbers of an epoch: they follow from its seed, wherever they are drawn from."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed torch, numpy and Python's `random`, from which datasets draw augmentations, for an epoch of a training."""
    own = (seed * 1_000_003 + epoch) % 2**63
    torch.manual_seed(own)
    np.random.seed(own % 2**32)
    random.seed(own)
