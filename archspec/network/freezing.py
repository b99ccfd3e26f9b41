"""Freezing: from a trained network to ordinary torch modules with kernels sampled, groups expanded, norms folded."""

from __future__ import annotations

import operator
import warnings

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from archspec.geometry.fourier import Target
from archspec.graph.graph import INPUT, Graph
from archspec.graph.signal import Signal
from archspec.layers.border import REAL, REMEDIES, made_for
from archspec.layers.keeping import in_evaluation
from archspec.network.folding import folded


def freeze(model: fx.GraphModule, target: Target | None = None, powers_of_two: bool | None = None) -> fx.GraphModule:
    """The same function as ordinary `torch.nn` modules, in evaluation mode; `model` is left as it is.

    Inside, a signal on a group has the folded layout (B, C·N, *S). The result does not depend on this package. Its
    attributes `channels` and `grid` state the input shape (a deepcopy lacks them); called on another shape, it raises
    AssertionError.

    Args:
        model: a network.
        target: what will run it, see `price`; by default torch on the device of the network.
        powers_of_two: deprecated; True is `target="onnx"`.
    """
    if powers_of_two is not None or isinstance(target, bool):
        warnings.warn('freeze(powers_of_two=True) is now freeze(target="onnx")', DeprecationWarning, stacklevel=2)
        target = "onnx" if powers_of_two or target else None
    if target is None:
        target = "torch" if all(p.device.type == "cpu" for p in model.parameters()) else "cuda"
    _settle(model)
    plain = folded(model, target)
    # Tracing keeps calls of torch.nn modules and replaces all other modules by their operations and buffers.
    tracer = fx.Tracer()
    tracer.proxy_buffer_attributes = True
    traced = fx.GraphModule(plain, tracer.trace(plain), class_name="Frozen")
    _drop_identities(traced)
    _fold_norms(traced)
    graph: Graph | None = model.meta.get("graph")
    if graph is not None:
        _draw_border(traced, graph.nodes[INPUT].signal)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


@torch.no_grad()
def _settle(model: fx.GraphModule) -> None:
    """Run the network once, so that hooks that compute weights (`torch.nn.utils.prune`) have computed present ones."""
    graph: Graph | None = model.meta.get("graph")
    if graph is not None:
        with in_evaluation(model):
            model(next(model.parameters()).new_zeros((1, *graph.nodes[INPUT].signal.shape)))


def _draw_border(model: fx.GraphModule, given: Signal) -> None:
    """Add assertions that the input is of real numbers and has the shape of `given`."""
    x = next(node for node in model.graph.nodes if node.op == "placeholder")
    with model.graph.inserting_after(x):
        real = model.graph.call_method("is_floating_point", (x,))
    with model.graph.inserting_after(real):
        asserted = model.graph.call_function(torch._assert, (real, REAL))
    with model.graph.inserting_after(asserted):
        shape = model.graph.call_function(getattr, (x, "shape"))
    with model.graph.inserting_after(shape):
        example = model.graph.call_function(operator.getitem, (shape, slice(1, None)))
    with model.graph.inserting_after(example):
        fits = model.graph.call_function(operator.eq, (example, given.shape))
    with model.graph.inserting_after(fits):
        model.graph.call_function(torch._assert, (fits, f"{made_for(given.shape)}; {REMEDIES}"))
    model.__dict__.update(channels=given.channels, grid=given.grid)


def _drop_identities(model: fx.GraphModule) -> None:
    for node in list(model.graph.nodes):
        if node.op == "call_module" and isinstance(model.get_submodule(str(node.target)), nn.Identity):
            node.replace_all_uses_with(node.args[0])
            model.graph.erase_node(node)


def _fold_norms(model: fx.GraphModule) -> None:
    """Fold each batch norm into the convolution before it, if that convolution has no other reader."""
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
