"""Channel and spatial attention, and self-attention on groups."""

from archspec.blocks.attention.attention import Attention
from archspec.blocks.attention.self_attention import SelfAttention, SelfAttentionLift

__all__ = ["Attention", "SelfAttention", "SelfAttentionLift"]
