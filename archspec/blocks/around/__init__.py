"""Blocks that hold a plain network and make it equivariant from outside."""

from archspec.blocks.around.averaging import FrameAverage, TestTimeAverage
from archspec.blocks.around.canonicalise import Canonicalise

__all__ = ["Canonicalise", "FrameAverage", "TestTimeAverage"]
