"""From a trained network to plain torch: kernels sampled, groups expanded, norms folded, nothing of ours left."""

from __future__ import annotations

import copy

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from archspec.layers.around import Around
from archspec.layers.conv import GroupConv
from archspec.narrowing import narrowed, settled


def freeze(model: fx.GraphModule, powers_of_two: bool = False) -> fx.GraphModule:
    """The same function as ordinary `torch.nn` modules, in evaluation mode; `model` is left as it is.

    Inside, a signal on a group is folded to (B, C·N, *S). The result does not need this package. `powers_of_two` makes
    Fourier transforms of these lengths only, for runtimes that are slow or inexact at others.
    """
    folded = _folded(model, powers_of_two)
    # Tracing leaves modules of torch.nn whole and writes out everything else, reads of buffers too.
    tracer = fx.Tracer()
    tracer.proxy_buffer_attributes = True
    traced = fx.GraphModule(folded, tracer.trace(folded), class_name="Frozen")
    _drop_identities(traced)
    _fold_norms(traced)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


def _folded(model: fx.GraphModule, powers_of_two: bool) -> fx.GraphModule:
    """The same calls, of plain modules."""
    model = narrowed(settled(model))
    modules = {
        str(node.target): _plain(model.get_submodule(str(node.target)), powers_of_two)
        for node in model.graph.nodes
        if node.op == "call_module"
    }
    return fx.GraphModule(modules, copy.deepcopy(model.graph), class_name="Frozen")


def _plain(module: nn.Module, powers_of_two: bool) -> nn.Module:
    if isinstance(module, fx.GraphModule):
        return _folded(module, powers_of_two)
    if isinstance(module, Around):
        return module.around(lambda part: _plain(part, powers_of_two))
    if isinstance(module, nn.Sequential):
        return nn.Sequential(*(_plain(part, powers_of_two) for part in module))
    if isinstance(module, GroupConv):
        return module.plain(powers_of_two).eval()
    plain = getattr(module, "plain", None)
    return copy.deepcopy(plain() if plain else module).eval()


def _drop_identities(model: fx.GraphModule) -> None:
    for node in list(model.graph.nodes):
        if node.op == "call_module" and isinstance(model.get_submodule(str(node.target)), nn.Identity):
            node.replace_all_uses_with(node.args[0])
            model.graph.erase_node(node)


def _fold_norms(model: fx.GraphModule) -> None:
    """Fold each batch norm into the convolution before it, where nothing else reads that convolution."""
    for node in list(model.graph.nodes):
        norm = _module(model, node)
        if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            continue
        source = node.args[0]
        conv = _module(model, source)
        if isinstance(conv, nn.Conv1d | nn.Conv2d | nn.Conv3d) and len(source.users) == 1:
            model.set_submodule(str(source.target), fuse_conv_bn_eval(conv.eval(), norm.eval()))
            node.replace_all_uses_with(source)
            model.graph.erase_node(node)


def _module(model: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return model.get_submodule(str(node.target)) if node.op == "call_module" else None
