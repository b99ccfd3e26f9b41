"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self, cast

import torch
from torch import fx, nn

from archspec.architecture import Architecture
from archspec.blocks.conv import Convolution
from archspec.blocks.partial import Partial
from archspec.blocks.pointwise import Pointwise
from archspec.cost import Cost
from archspec.elements import elements
from archspec.graph import INPUT, module_names, partial_source
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
        counting = elements(self, graph)
        for name, target in module_names(graph).items():
            block, kept, part = graph.nodes[name].block, _cropped(self.get_submodule(target)), counting.get(name)
            if isinstance(block, Convolution | Pointwise) and (kept is not None or part):
                x = graph.source(name)
                counts = None if part is None else (len(part.reads), len(part.gives))
                begun, now = block.cost(x), block.cost_of(x, kept or (), counts)
                total = replace(
                    total,
                    macs=total.macs + now.macs - begun.macs,
                    fft_flops=total.fft_flops + now.fft_flops - begun.fft_flops,
                    kernel_macs=total.kernel_macs + now.kernel_macs - begun.kernel_macs,
                )
        return total

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
    kept: dict[str, fx.Node] = {}  # which elements count, by the node that says it
    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        value = merged_value(code, node.merge, [values[i] for i in node.inputs])
        said = kept.get(partial_source(graph.nodes, node.inputs[0]) or "")
        if isinstance(node.block, Partial):
            kept[name] = code.call_module(targets[name], () if said is None else (said,))
            values[name] = value
        elif node.block:
            values[name] = code.call_module(targets[name], _told(code, node.block.reads_partial, value, said))
        else:
            values[name] = value
    code.output(values[graph.output])
    network = Network(modules, code, class_name="Network")
    network.meta["architecture"] = architecture
    return network


def _told(code: fx.Graph, reads: str, value: fx.Node, kept: fx.Node | None) -> tuple[fx.Node, ...]:
    """What a layer is called with, where only some elements of what it reads count."""
    if kept is None or reads == "unaffected":
        return (value,)
    return (value, kept) if reads == "given" else (code.call_function(torch.mul, (value, kept)),)


def _cropped(module: nn.Module) -> tuple[int, ...] | None:
    """The taps that a learned window leaves by now; None without one."""
    bank = module.get_submodule("spatial") if isinstance(module, nn.Sequential) else module
    return bank.kept if isinstance(bank, Bank) and bank.crop else None


def merged_value(code: fx.Graph, merge: str, values: list[fx.Node]) -> fx.Node:
    """The merge of several values."""
    if len(values) == 1:
        return values[0]
    if merge == "concat":
        return code.call_function(torch.cat, (values, 1))
    total = values[0]
    for value in values[1:]:
        total = code.call_function(_MERGES[merge], (total, value))
    return total
