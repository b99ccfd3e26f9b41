"""Lowering of a convolution: from its stages to torch layers."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from archspec.blocks.conv import stages
from archspec.blocks.conv.fields import Fields
from archspec.blocks.conv.stages import Stage
from archspec.graph.signal import Signal

if TYPE_CHECKING:
    from torch import nn

    from archspec.layers.kernels.features import KernelModule


def lower(conv: Fields, x: Signal) -> nn.Module:
    """A new layer, or the two of a factorised convolution, named `spatial` and `mixing`."""
    return assembled(
        {
            stage.name: _over_taps(conv, x, stage) if stage.spatial else mixing(conv, x, stage)
            for stage in stages.stages(conv, x)
        }
    )


def assembled(layers: dict[str, nn.Module]) -> nn.Module:
    """A single layer as it is; several as a module that applies them in order."""
    from archspec.layers.factorised import Factorised

    return Factorised(OrderedDict(layers)) if len(layers) > 1 else next(iter(layers.values()))


def _over_taps(conv: Fields, x: Signal, stage: Stage) -> nn.Module:
    from archspec.layers.conv import GroupConv

    group, where, window, crop = conv.acting(x), stages.sampling(conv, x, stage), conv.window, None
    if window and window.crops:
        crop = (conv.causal, window.buckets, group.action(x.dims).mixed_axes)
    kernel = _kernel(conv, x, stage)
    if conv.band_limit != "none":
        kernel.limit_band(where.nyquist / float(max(where.taps.steps)), masked=conv.band_limit == "mask")
    return GroupConv(
        kernel,
        window.lower(where, stage.outputs) if window else None,
        where,
        stages.cropped(conv, x),
        inputs=stage.inputs,
        outputs=stage.outputs,
        order=group.order,
        lifts=stage.lifts,
        depthwise=stage.depthwise,
        energy=1.0 if stage.depthwise else 1 / stage.inputs,
        crop=crop,
        stride=x.strides(conv.stride),
        padding=conv.padded,
        algorithm=conv.algorithm if conv.transformable else "direct",
        grid=x.grid,
        bias=stage.bias,
    )


def _kernel(conv: Fields, x: Signal, stage: Stage) -> KernelModule:
    kernel = conv.kernel.lower(stages.over_space(conv, x, stage))
    if conv.factorisation != "kernel_separable" or not stage.mixes:
        return kernel
    from archspec.layers.kernels.product import Product

    return Product(kernel, conv.kernel.lower(stages.sampling(conv, x, stage).of_group()), x.dims)


def mixing(conv: Fields, x: Signal, stage: Stage) -> nn.Module:
    """The layer of a stage at each position: a linear map of channels and, where it mixes them, group elements."""
    from archspec.layers.conv import pointwise
    from archspec.layers.pointwise import SharedPointwise

    if stage.grouped and not stage.mixes:
        return SharedPointwise(stage.inputs, stage.outputs, conv.acting(x).order, x.dims, stage.bias)
    where = stages.sampling(conv, x, stage)
    kernel = stages.kernel_of(conv, stage).lower(where)
    return pointwise(stage.inputs, stage.outputs, where, stage.bias, kernel)
