"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from typing import Any, ClassVar, Self, cast

import torch

from archspec.architecture import Architecture
from archspec.network.assembling import Assembled, assembled


class Network(Assembled):
    """A lowered architecture. Modules carry the path and kind of their block.

    What it answers follows from its parameters, buffers, mode and input alone; `state_dict` holds it all. It takes
    (B, channels, *grid) and refuses other shapes.
    """

    bordered: ClassVar[bool] = True

    @property
    def architecture(self) -> Architecture:
        """What it was made of."""
        architecture: Architecture = self.meta["architecture"]
        return architecture

    @property
    def channels(self) -> int:
        """Of the signals it takes."""
        return self.architecture.input.channels

    @property
    def grid(self) -> tuple[int, ...]:
        """Of the signals it takes."""
        return self.architecture.input.grid

    def at_resolution(self, *size: int | tuple[int, ...]) -> Network:
        """The same network for the same signal sampled on another grid; see `Architecture.at_resolution`.

        It has these very parameters: training one trains the other. Running statistics are its own, equal at first,
        as those of another grid become others.
        """
        return self._sharing(self.architecture.at_resolution(*size))

    def on_grid(self, *size: int | tuple[int, ...]) -> Network:
        """The same network for more or less of the signal at the same rate; see `Architecture.on_grid`.

        It shares what `at_resolution` shares.
        """
        return self._sharing(self.architecture.on_grid(*size))

    def _sharing(self, architecture: Architecture) -> Network:
        with torch.random.fork_rng(devices=[]):
            other = lower(architecture)
        other.to(next(self.parameters()))
        other.load_state_dict({key: value.clone() for key, value in self.state_dict().items()}, assign=True)
        for name, module in self.named_modules():
            mine = other.get_submodule(name)
            mine.training = module.training
            for key, parameter in module.named_parameters(recurse=False):
                setattr(mine, key, parameter)
        for layer in other.layers():
            layer.renew()
        return other

    def __deepcopy__(self, memo: Any) -> Self:
        copied = super().__deepcopy__(memo)
        copied.meta["architecture"] = self.architecture
        return cast(Self, copied)


def lower(architecture: Architecture) -> Network:
    """A fresh network with random weights; draw them again under `torch.manual_seed` for the same ones.

    Modules carry the path and kind of their block: `state_dict` keys read `body_1_body_0_norm.weight`.
    Input (B, channels, *grid).

    Raises:
        SignalError: the architecture does not fit together.
    """
    network = assembled(architecture.graph, Network)
    network.meta["architecture"] = architecture
    return network
