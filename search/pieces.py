"""Blocks of a person's own, compared with what they say of themselves, as a network is tried for a step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from archspec.architecture import Architecture
from archspec.graph.graph import module_names, path
from archspec.graph.signal import Signal
from search.errors import RunError, named


def try_blocks(architecture: Architecture, model: nn.Module, x: Tensor) -> None:
    """Run a network once; its blocks that are not ours have the parameters and the shapes that they say.

    Raises:
        RunError: one has not, or raises an error.
    """
    with named("a layer of the network", "mend it"):
        hooks = list(_watched(architecture, model))
        model(x)
    for hook in hooks:
        hook.remove()


def _watched(architecture: Architecture, model: nn.Module) -> Iterator[RemovableHandle]:
    graph = architecture.graph
    for name, target in module_names(graph).items():
        node = graph.nodes[name]
        if node.block is None or type(node.block).__module__.startswith("archspec.") or node.signal.partial:
            continue
        module, what = model.get_submodule(target), f"{path(name)} ({node.block.kind})"
        found, wanted = sum(parameter.numel() for parameter in module.parameters()), node.facts.cost.params
        if found != wanted:
            raise RunError(f"{what}: its cost says {wanted:,} parameters, its layer has {found:,}; mend one of them")
        yield module.register_forward_hook(partial(_compare, what, node.signal))


def _compare(what: str, signal: Signal, module: nn.Module, given: Any, output: Any) -> None:
    found = tuple(getattr(output, "shape", ()))
    if found[1:] != signal.shape:
        raise RunError(f"{what}: it infers the shape {signal.shape}, its layer gives {found[1:]}; mend one of them")
