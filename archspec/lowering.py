"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Self, cast

import torch
from torch import fx, nn

from archspec.architecture import Architecture
from archspec.blocks.conv import Convolution
from archspec.cost import Cost
from archspec.graph import INPUT, Graph
from archspec.layers.bank import Bank

_MERGES: dict[str, Callable[..., Any]] = {"add": torch.add, "multiply": torch.mul}


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
        graph = self.architecture.graph
        total = graph.cost()
        for name, block, bank in self._windowed(graph):
            x = graph.source(name)
            begun, now = block.cost(x), block.cost_of(x, bank.kept)
            total = replace(
                total,
                macs=total.macs + now.macs - begun.macs,
                fft_flops=total.fft_flops + now.fft_flops - begun.fft_flops,
                kernel_macs=total.kernel_macs + now.kernel_macs - begun.kernel_macs,
            )
        return total

    def _windowed(self, graph: Graph) -> Iterator[tuple[str, Convolution, Bank]]:
        for name, target in module_names(graph).items():
            block, module = graph.nodes[name].block, self.get_submodule(target)
            bank = module.get_submodule("spatial") if isinstance(module, nn.Sequential) else module
            if isinstance(block, Convolution) and isinstance(bank, Bank) and bank.crop:
                yield name, block, bank

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
    graph = architecture.graph
    targets = module_names(graph)
    modules = {targets[name]: node.block.lower(graph.source(name)) for name, node in graph.nodes.items() if node.block}
    code = fx.Graph()
    values: dict[str, fx.Node] = {INPUT: code.placeholder("x")}
    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        value = _merged(code, node.merge, [values[i] for i in node.inputs])
        values[name] = code.call_module(targets[name], (value,)) if node.block else value
    code.output(values[graph.output])
    network = Network(modules, code, class_name="Network")
    network.meta["architecture"] = architecture
    return network


def module_names(graph: Graph) -> dict[str, str]:
    """The name of the module of each node that has a block."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name, node in graph.nodes.items():
        if node.block:
            target = f"{name.replace('.', '_')}_{node.block.kind}"
            while target in taken:
                target += "_"
            taken.add(target)
            names[name] = target
    return names


def _merged(code: fx.Graph, merge: str, values: list[fx.Node]) -> fx.Node:
    if len(values) == 1:
        return values[0]
    if merge == "concat":
        return code.call_function(torch.cat, (values, 1))
    total = values[0]
    for value in values[1:]:
        total = code.call_function(_MERGES[merge], (total, value))
    return total
