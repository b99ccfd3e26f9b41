"""Search spaces: architectures with holes, filled, counted, walked; and ready-made ones."""

from archspec.hole import choice, integer, order, real
from spaces.parameters import Parameter
from spaces.ready import images, sequences, volumes
from spaces.space import Space

__all__ = ["Parameter", "Space", "choice", "images", "integer", "order", "real", "sequences", "volumes"]
