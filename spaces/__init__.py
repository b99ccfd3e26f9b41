"""Search spaces: architectures with holes, filled, counted, walked; and ready-made ones."""

from archspec.hole import choice, integer, order, real
from spaces.parameters import Parameter
from spaces.published import ccnn, ckcnn, flexnet, flextcn
from spaces.ready import images, sequences, volumes
from spaces.space import Space

__all__ = [
    "Parameter",
    "Space",
    "ccnn",
    "choice",
    "ckcnn",
    "flexnet",
    "flextcn",
    "images",
    "integer",
    "order",
    "real",
    "sequences",
    "volumes",
]
