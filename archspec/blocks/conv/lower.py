"""From a convolution's stages to torch layers."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from archspec.blocks.conv import parts as conv_parts
from archspec.blocks.conv.fields import Fields
from archspec.blocks.conv.parts import Part
from archspec.geometry.sampling import Place, one_tap
from archspec.graph.signal import Signal

if TYPE_CHECKING:
    from torch import nn

    from archspec.layers.kernels.features import KernelModule


def lower(conv: Fields, x: Signal) -> nn.Module:
    """A layer, or the two of a factorised convolution, named `spatial` and `mixing`."""
    return assembled(
        {
            part.name: _over_taps(conv, x, part) if part.spatial else mixing(conv, x, part)
            for part in conv_parts.parts(conv, x)
        }
    )


def assembled(layers: dict[str, nn.Module]) -> nn.Module:
    """One layer, or one after the other."""
    from archspec.layers.factorised import Factorised

    return Factorised(OrderedDict(layers)) if len(layers) > 1 else next(iter(layers.values()))


def _over_taps(conv: Fields, x: Signal, part: Part) -> nn.Module:
    from archspec.layers.conv import GroupConv

    group, wanted, window = conv.acting(x), conv_parts.wanted(conv, x, part), conv.window
    lattice = conv.lattice(x)
    softness = window.rim if window else None
    crop = None
    if window and window.crops:
        crop = (conv.causal, window.buckets, group.action(x.dims).mixed_axes)
    kernel = _kernel(conv, x, part)
    if conv.band_limit != "none":
        kernel.limit_band(wanted.nyquist / float(max(lattice.steps)), masked=conv.band_limit == "mask")
    scale = quadrature(conv, x, part)
    return GroupConv(
        kernel,
        window.lower(wanted, part.outputs) if window else None,
        Place(group, lattice, part.mixes, softness, scale, conv.kernel.coordinates),
        wanted.sizes,
        conv_parts.kept(conv, x),
        inputs=part.inputs,
        outputs=part.outputs,
        order=group.order,
        lifts=part.lifts,
        depthwise=part.depthwise,
        energy=1.0 if part.depthwise else 1 / part.inputs,
        crop=crop,
        stride=x.strides(conv.stride),
        padding=conv.padded,
        algorithm=conv.algorithm if conv.transformable else "direct",
        grid=x.grid,
        bias=part.bias,
    )


def _kernel(conv: Fields, x: Signal, part: Part) -> KernelModule:
    kernel = conv.kernel.lower(conv_parts.wanted(conv, x, part))
    if conv.factorisation != "kernel_separable" or not part.mixes:
        return kernel
    from archspec.layers.kernels.product import Product

    return Product(kernel, conv.kernel.lower(conv_parts.of_group(conv, x, part)), x.dims)


def mixing(conv: Fields, x: Signal, part: Part) -> nn.Module:
    """A linear map at each position."""
    from archspec.layers.conv import pointwise
    from archspec.layers.pointwise import SharedPointwise

    if part.grouped and not part.mixes:
        return SharedPointwise(part.inputs, part.outputs, conv.acting(x).order, x.dims, part.bias)
    group = conv.acting(x) if part.grouped else x.group
    kernel = conv_parts.kernel_of(conv, part)
    where = one_tap(group, x.dims, quadrature(conv, x, part), kernel.coordinates)
    module = kernel.lower(conv_parts.of_group(conv, x, part))
    return pointwise(part.inputs, part.outputs, where, x.dims, part.bias, module)


def quadrature(conv: Fields, x: Signal, part: Part) -> float:
    """Group order, like kernel size, is only where a continuous kernel is sampled: the mean over the elements."""
    return 1 / conv.acting(x).turning.order if part.mixes and conv_parts.kernel_of(conv, part).continuous else 1.0
