"""The table of examples that every law runs over, and random architectures drawn from the ready-made spaces.

A new kind of block has one row in the file of its family here.
"""

from __future__ import annotations

from tests.examples.approximate import APPROXIMATE
from tests.examples.building import (
    CUBE,
    LINE,
    SEPARABLE,
    SIREN,
    SQUARE,
    WIDE,
    attending,
    built,
    fresh,
    grown,
    network,
    noise,
    on,
    seeded,
)
from tests.examples.continuous import RESAMPLED
from tests.examples.drawn import RANDOM, SPACES
from tests.examples.named import NAMED, NAMED_APPROXIMATE
from tests.examples.partial import PARTIAL
from tests.examples.scales import SCALES
from tests.examples.selection import KINDS, KINDS_BY_DEFAULT, SELECTED, SELECTED_BY_DEFAULT
from tests.examples.table import ALL, EXAMPLES, SYMMETRIC

__all__ = [
    "ALL",
    "APPROXIMATE",
    "CUBE",
    "EXAMPLES",
    "KINDS",
    "KINDS_BY_DEFAULT",
    "LINE",
    "NAMED",
    "NAMED_APPROXIMATE",
    "PARTIAL",
    "RANDOM",
    "RESAMPLED",
    "SCALES",
    "SELECTED",
    "SELECTED_BY_DEFAULT",
    "SEPARABLE",
    "SIREN",
    "SPACES",
    "SQUARE",
    "SYMMETRIC",
    "WIDE",
    "attending",
    "built",
    "fresh",
    "grown",
    "network",
    "noise",
    "on",
    "seeded",
]
