"""Architectures as data: their blocks, types and costs, and lowering to torch. Only lowering imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archspec.architecture import Architecture, price
from archspec.blocks import (
    Activation,
    Attention,
    Branch,
    Canonicalise,
    Classifier,
    Conv,
    Dense,
    Dropout,
    FrameAverage,
    Graph,
    GraphNode,
    GroupPool,
    Lift,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Regressor,
    Repeat,
    Residual,
    Restrict,
    Scales,
    SelfAttention,
    SelfAttentionLift,
    Sequential,
    SpectralPool,
    TestTimeAverage,
)
from archspec.doors import register
from archspec.geometry.families import Finite
from archspec.geometry.groups import Group
from archspec.graph.block import Block, Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError
from archspec.inputs import Image, Series, Volume
from archspec.kernels import S4D, Fourier, Hyena, Kernel, Magnet, Mlp, Siren, Spline, Table
from archspec.kernels.windows import Disc, Exponential, Gaussian
from archspec.moved import former, keep_old_names
from archspec.old_names import MODULES, NAMES
from archspec.schema.constructors import choice, integer, order, real
from archspec.schema.document import SpecError

if TYPE_CHECKING:
    from archspec.exporting import Check, export, load
    from archspec.layers.aliasing import alias_penalty
    from archspec.layers.keeping import kept_kernels
    from archspec.layers.scales import admissibility_penalty
    from archspec.lowering import Network, lower
    from archspec.network.freezing import freeze
    from archspec.network.roles import roles
    from archspec.transfer import carry, inherit

keep_old_names("archspec", MODULES, NAMES)

_NEEDS_TORCH = {
    "admissibility_penalty": "archspec.layers.scales",
    "alias_penalty": "archspec.layers.aliasing",
    "Check": "archspec.exporting",
    "carry": "archspec.transfer",
    "inherit": "archspec.transfer",
    "export": "archspec.exporting",
    "freeze": "archspec.network.freezing",
    "kept_kernels": "archspec.layers.keeping",
    "Network": "archspec.lowering",
    "load": "archspec.exporting",
    "lower": "archspec.lowering",
    "roles": "archspec.network.roles",
}


def __getattr__(name: str) -> Any:
    """Import torch only for names that need it, and find old modules."""
    if name in _NEEDS_TORCH:
        from importlib import import_module

        return getattr(import_module(_NEEDS_TORCH[name]), name)
    return former(__name__, name)


__all__ = [
    "S4D",
    "Activation",
    "Architecture",
    "Attention",
    "Block",
    "Branch",
    "Canonicalise",
    "Check",
    "Classifier",
    "Conv",
    "Cost",
    "Dense",
    "Disc",
    "Dropout",
    "Exponential",
    "Finite",
    "Fourier",
    "FrameAverage",
    "Gaussian",
    "Graph",
    "GraphNode",
    "Group",
    "GroupPool",
    "Hyena",
    "Image",
    "Kernel",
    "Lift",
    "Magnet",
    "Mlp",
    "Network",
    "Norm",
    "Partial",
    "Pointwise",
    "Pool",
    "Primitive",
    "Regressor",
    "Repeat",
    "Residual",
    "Restrict",
    "Scales",
    "SelfAttention",
    "SelfAttentionLift",
    "Sequential",
    "Series",
    "Signal",
    "SignalError",
    "Siren",
    "SpecError",
    "SpectralPool",
    "Spline",
    "Table",
    "TestTimeAverage",
    "Volume",
    "admissibility_penalty",
    "alias_penalty",
    "carry",
    "choice",
    "export",
    "freeze",
    "inherit",
    "integer",
    "kept_kernels",
    "load",
    "lower",
    "order",
    "price",
    "real",
    "register",
    "roles",
]
