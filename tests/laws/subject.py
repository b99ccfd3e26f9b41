"""A network as the laws meet it: lowered, answered and frozen once, however many laws look at it."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, fx

from archspec import Architecture, Network, freeze
from archspec.geometry.fourier import Target
from tests.examples import ALL, built, noise


class Subject:
    """An example or a random network, in evaluation mode; no law writes into what the next one reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._frozen: dict[Target, fx.GraphModule] = {}

    @cached_property
    def architecture(self) -> Architecture:
        return ALL[self.name]

    @cached_property
    def model(self) -> Network:
        return built(self.architecture).eval()

    @cached_property
    def x(self) -> Tensor:
        return noise(self.architecture)

    @cached_property
    def answer(self) -> Tensor:
        with torch.no_grad():
            found: Tensor = self.model(self.x)
        return found

    def frozen(self, target: Target = "torch") -> fx.GraphModule:
        if target not in self._frozen:
            self._frozen[target] = freeze(self.model, target=target)
        return self._frozen[target]
