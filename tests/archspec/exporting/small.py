"""A small network to export, and what it answers."""

from __future__ import annotations

import torch

from archspec import Architecture, Classifier, GroupPool, Image, Lift, Network
from tests.examples import built


def small(group: str = "C4", size: int = 6, seed: int = 0) -> Network:
    body = [Lift(group=group, channels=2), GroupPool()]
    architecture = Architecture(input=Image(channels=1, size=(size, size)), body=body, head=Classifier(classes=2))
    return built(architecture, seed).float().eval()


def answers(network: Network, seed: int = 0) -> torch.Tensor:
    with torch.no_grad():
        return network(torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(seed)))
