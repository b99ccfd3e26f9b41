"""Every kind of block, listed in one place."""

from typing import TYPE_CHECKING

from archspec.blocks.activation import Activation, Dropout
from archspec.blocks.around.averaging import FrameAverage, TestTimeAverage
from archspec.blocks.around.canonicalise import Canonicalise
from archspec.blocks.attention.attention import Attention
from archspec.blocks.attention.self_attention import SelfAttention, SelfAttentionLift
from archspec.blocks.compose import Branch, Graph, GraphNode, Repeat, Residual, Sequential
from archspec.blocks.conv.conv import Conv, Lift
from archspec.blocks.conv.fields import Scales
from archspec.blocks.fibre import GroupPool, Restrict
from archspec.blocks.heads import Classifier, Dense, Regressor
from archspec.blocks.norm import Norm
from archspec.blocks.partial import Partial
from archspec.blocks.pointwise import Pointwise
from archspec.blocks.pool import Pool
from archspec.blocks.spectral_pool import SpectralPool
from archspec.graph.block import BLOCKS, HEADS, AnyBlock, AnyHead
from archspec.moved import former_names

BLOCKS.write_out(
    Conv,
    Lift,
    SelfAttention,
    SelfAttentionLift,
    Restrict,
    GroupPool,
    Pointwise,
    Norm,
    Activation,
    Dropout,
    Attention,
    Partial,
    Pool,
    SpectralPool,
    Sequential,
    Residual,
    Repeat,
    Branch,
    FrameAverage,
    TestTimeAverage,
    Canonicalise,
    Graph,
)
HEADS.write_out(Classifier, Regressor, Dense)
# Their fields can hold any block, so pydantic completes these classes once all blocks are defined.
for _composite in (
    Sequential,
    Residual,
    Repeat,
    Branch,
    GraphNode,
    Graph,
    FrameAverage,
    TestTimeAverage,
    Canonicalise,
):
    _composite.model_rebuild()

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = [
    "Activation",
    "AnyBlock",
    "AnyHead",
    "Attention",
    "Branch",
    "Canonicalise",
    "Classifier",
    "Conv",
    "Dense",
    "Dropout",
    "FrameAverage",
    "Graph",
    "GraphNode",
    "GroupPool",
    "Lift",
    "Norm",
    "Partial",
    "Pointwise",
    "Pool",
    "Regressor",
    "Repeat",
    "Residual",
    "Restrict",
    "Scales",
    "SelfAttention",
    "SelfAttentionLift",
    "Sequential",
    "SpectralPool",
    "TestTimeAverage",
]
