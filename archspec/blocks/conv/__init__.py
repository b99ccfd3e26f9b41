"""The convolution blocks: kernel, window, symmetry, factorisation and extras are five independent choices."""

from archspec.blocks.conv.conv import Conv, Convolution, Lift
from archspec.blocks.conv.fields import Scales

__all__ = ["Conv", "Convolution", "Lift", "Scales"]
