"""Lowering of an architecture to a torch.fx.GraphModule whose code reads like the network."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor

from archspec.architecture import Architecture
from archspec.network.assembling import Assembled, assembled


class Network(Assembled):
    """A lowered architecture. The names of its modules are the path and kind of their block.

    Input (B, channels, *grid); another shape raises ValueError. The output depends on nothing but the parameters,
    buffers, mode and input, and all state is in `state_dict`.
    """

    bordered: ClassVar[bool] = True

    @property
    def architecture(self) -> Architecture:
        """The architecture that was lowered."""
        architecture: Architecture = self.meta["architecture"]
        return architecture

    @property
    def channels(self) -> int:
        """Number of channels of the input."""
        return self.architecture.input.channels

    @property
    def grid(self) -> tuple[int, ...]:
        """Points per axis of the input."""
        return self.architecture.input.grid

    def at_resolution(self, *size: int | tuple[int, ...]) -> Network:
        """The same network for the same signal sampled on another grid; see `Architecture.at_resolution`.

        Both share their parameters: training one trains the other. Running statistics are copied, not shared, since
        they depend on the grid.

        Raises:
            SignalError: the architecture cannot have this grid.
            ValueError: it has parameters that its architecture has not, by pruning or a parametrization.
        """
        return self._sharing(self.architecture.at_resolution(*size))

    def on_grid(self, *size: int | tuple[int, ...]) -> Network:
        """The same network for a signal of other extent at the same sampling rate; see `Architecture.on_grid`.

        Both share their parameters, as with `at_resolution`.
        """
        return self._sharing(self.architecture.on_grid(*size))

    def _sharing(self, architecture: Architecture) -> Network:
        with torch.random.fork_rng(devices=[]):
            other = _lowered(architecture)
        other.to(next(self.parameters()))
        state = {key: value.clone() for key, value in self.state_dict().items()}
        found = other.load_state_dict(state, strict=False, assign=True)
        if odd := [*found.unexpected_keys, *found.missing_keys]:
            raise ValueError(
                f"on another grid a network has the weights of its architecture, and this one has others ({odd[0]}); "
                "end pruning and parametrizations first (prune.remove, parametrize.remove_parametrizations)"
            )
        there = dict(self.named_modules(remove_duplicate=False))
        for name, module in other.named_modules(remove_duplicate=False):
            same = there.get(name, self)  # a pool of a shortcut may be needed on one of the two grids only
            module.training = same.training
            for key in dict(module.named_parameters(recurse=False)):
                setattr(module, key, same.get_parameter(key))
        for layer in other.layers():
            layer.renew()
        return other

    def __deepcopy__(self, memo: Any) -> Self:
        copied = super().__deepcopy__(memo)
        copied.meta["architecture"] = self.architecture
        return cast(Self, copied)


def lower(architecture: Architecture) -> Network:
    """A new network with random weights, which are reproducible by `torch.manual_seed`. Input (B, channels, *grid).

    It is made on the CPU, so that the weights are the same everywhere, and moved to the default device of torch.

    The names of modules are the path and kind of their block, so that keys of `state_dict` read
    `body_1_body_0_norm.weight`.

    Raises:
        SignalError: the blocks of the architecture do not fit together, or there are holes.
        TypeError: it is no architecture, such as a space.
    """
    if not isinstance(architecture, Architecture):
        raise TypeError(f"lower takes an architecture, not a {type(architecture).__name__}")
    network, device = _lowered(architecture), torch.get_default_device()
    return network if device.type == "cpu" else network.to(device)


def _lowered(architecture: Architecture) -> Network:
    with contextlib.nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"):
        network = assembled(architecture.graph, Network)
    network.meta["architecture"] = architecture
    return network


def network_with(architecture: Architecture, weights: Mapping[str, Tensor]) -> Network:
    """The network of an architecture with these weights, in evaluation mode; torch's random state stays as it is.

    Raises:
        ValueError: they are those of another network.
    """
    with torch.random.fork_rng(devices=[]):
        model = lower(architecture)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(" ".join(str(error).split())[:300]) from None
    return model.eval()
