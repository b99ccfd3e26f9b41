"""The table of examples, put together."""

from __future__ import annotations

from archspec import Architecture
from tests.examples.approximate import APPROXIMATE
from tests.examples.attention import ATTENDING
from tests.examples.composed import COMPOSED
from tests.examples.continuous import CONTINUOUS, RESAMPLED
from tests.examples.drawn import RANDOM
from tests.examples.factorised import FACTORISED
from tests.examples.named import NAMED, NAMED_APPROXIMATE
from tests.examples.partial import PARTIAL
from tests.examples.plain import CONVOLUTIONS
from tests.examples.scales import SCALES
from tests.examples.turning import TURNING
from tests.examples.wrapped import WRAPPED

SYMMETRIC: dict[str, Architecture] = TURNING | FACTORISED | ATTENDING | WRAPPED
EXAMPLES: dict[str, Architecture] = (
    CONVOLUTIONS
    | CONTINUOUS
    | RESAMPLED
    | SYMMETRIC
    | SCALES
    | APPROXIMATE
    | PARTIAL
    | COMPOSED
    | NAMED
    | NAMED_APPROXIMATE
)
ALL: dict[str, Architecture] = EXAMPLES | RANDOM
