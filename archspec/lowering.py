"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, cast

import torch
from torch import fx, nn

from archspec.architecture import Architecture
from archspec.assembling import assembled
from archspec.blocks.conv import Convolution
from archspec.blocks.pointwise import Pointwise
from archspec.blocks.wrapping import Wrapper
from archspec.cost import Cost
from archspec.elements import elements
from archspec.graph import Graph, module_names
from archspec.layers.bank import Bank


class Network(fx.GraphModule):
    """A lowered architecture. Modules carry the path and kind of their block."""

    @property
    def architecture(self) -> Architecture:
        """What it was made of."""
        architecture: Architecture = self.meta["architecture"]
        return architecture

    def at_resolution(self, *size: int | tuple[int, ...]) -> Network:
        """The same network, with these very parameters, on another grid; see `Architecture.at_resolution`."""
        with torch.random.fork_rng(devices=[]):
            other = lower(self.architecture.at_resolution(*size))
        parameter = next(self.parameters())
        other.to(parameter)
        for name, module in other.named_modules():
            mine = self.get_submodule(name)
            module._parameters.update(mine._parameters)
            kept = module._buffers.keys() - module._non_persistent_buffers_set
            module._buffers.update({key: mine._buffers[key] for key in kept})
            if isinstance(module, Bank):
                module.place(module.kept)
        other.fit()
        return other.train(self.training)

    def fit(self) -> bool:
        """Crop every learned window to what it has grown or shrunk to; whether any size changed.

        Sizes stay as they are until this is called, so that a training step waits for no width to be read and a
        compiled one stays compiled. Loading weights calls it.
        """
        changed = [bank.fit() for bank in self.modules() if isinstance(bank, Bank)]
        return any(changed)

    def cost(self) -> Cost:
        """What it costs by now: learned windows at the sizes they have."""
        return _by_now(self)

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
    assert isinstance(network, Network)
    network.meta["architecture"] = architecture
    return network


def _by_now(model: fx.GraphModule) -> Cost:
    """The cost of the graph that a module computes, with what its windows and its elements have learned."""
    graph: Graph = model.meta["graph"]
    total = graph.cost()
    counting = elements(model, graph)
    for name, target in module_names(graph).items():
        block, module, part = graph.nodes[name].block, model.get_submodule(target), counting.get(name)
        x, kept = graph.source(name), _cropped(module)
        if isinstance(block, Wrapper):
            inner = module.get_submodule("network")
            assert isinstance(inner, fx.GraphModule)
            now = block.cost_around(x, _by_now(inner))
        elif isinstance(block, Convolution | Pointwise) and (kept is not None or part):
            now = block.cost_of(x, kept or (), None if part is None else (len(part.reads), len(part.gives)))
        else:
            continue
        begun = graph.nodes[name].facts.cost
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
