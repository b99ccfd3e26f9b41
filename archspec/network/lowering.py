"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self, cast

import torch
from torch import fx, nn

from archspec.architecture import Architecture
from archspec.blocks.around.wrapper import Wrapper
from archspec.blocks.conv.conv import Convolution
from archspec.blocks.pointwise import Pointwise
from archspec.geometry.fourier import Target
from archspec.graph.assembling import Assembled, assembled
from archspec.graph.cost import Cost
from archspec.graph.graph import Graph, module_names
from archspec.layers.bank import Bank
from archspec.network.active_elements import elements


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
        for part in other.modules():
            if isinstance(part, Bank):
                part.place(part.kept)  # in the precision of its own parameters
        return other

    def fit(self) -> bool:
        """Crop every learned window to what it has grown or shrunk to; whether any size changed.

        Sizes stay as they are until this is called, so that a training step waits for no width to be read and a
        compiled one stays compiled. `state_dict` holds them.
        """
        changed = [bank.fit() for bank in self.modules() if isinstance(bank, Bank)]
        return any(changed)

    def cost(self, target: Target = "torch") -> Cost:
        """What it costs by now, where `target` runs it: learned windows at the sizes they have."""
        return _by_now(self, target)

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


def _by_now(model: fx.GraphModule, target: Target) -> Cost:
    """The cost of the graph that a module computes, with what its windows and its elements have learned."""
    graph: Graph = model.meta["graph"]
    total = graph.cost(target)
    counting = elements(model, graph)
    for name, module_name in module_names(graph).items():
        block, module, part = graph.nodes[name].block, model.get_submodule(module_name), counting.get(name)
        x, kept = graph.source(name), _cropped(module)
        if isinstance(block, Wrapper):
            inner = module.get_submodule("network")
            assert isinstance(inner, fx.GraphModule)
            now = block.cost_around(x, _by_now(inner, target), target)
        elif isinstance(block, Convolution | Pointwise) and (kept is not None or part):
            counts = None if part is None else (len(part.reads), len(part.gives))
            now = block.cost_of(x, kept or (), counts, target)
        else:
            continue
        begun = graph.cost_at(name, target)
        total = replace(
            total,
            macs=total.macs + now.macs - begun.macs,
            fft_flops=total.fft_flops + now.fft_flops - begun.fft_flops,
            kernel_macs=total.kernel_macs + now.kernel_macs - begun.kernel_macs,
        )
    return total


def _cropped(module: nn.Module) -> tuple[int, ...] | None:
    """The taps that a learned window leaves by now; None without one."""
    bank = module.get_submodule("spatial") if isinstance(module, nn.Sequential) else module
    return bank.kept if isinstance(bank, Bank) and bank.crop else None
