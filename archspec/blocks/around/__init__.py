"""Blocks that wrap a plain network and make it equivariant by moving its inputs and outputs."""

from archspec.blocks.around.averaging import FrameAverage, TestTimeAverage
from archspec.blocks.around.canonicalise import Canonicalise

__all__ = ["Canonicalise", "FrameAverage", "TestTimeAverage"]
