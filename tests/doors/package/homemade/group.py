"""A group: the two mirrors of an image, and the half turn that they make together."""

import numpy as np

from archspec import Finite

V4 = Finite("V4", {2: np.array([np.diag(d) for d in ((1, 1), (-1, 1), (1, -1), (-1, -1))], dtype=float)})
