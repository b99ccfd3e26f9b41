"""The wrappers, and a body for them to wrap."""

from __future__ import annotations

import pytest

from archspec import Activation, Architecture, Canonicalise, Conv, FrameAverage, Norm, TestTimeAverage
from archspec.blocks.around.wrapper import Wrapper
from tests.examples import SQUARE, network

BODY = (Conv(channels=3), Norm(), Activation(function="tanh"))


WRAPPERS: dict[str, type[Wrapper]] = {
    "frames": FrameAverage,
    "in the test": TestTimeAverage,
    "canonical": Canonicalise,
}


each_kind = pytest.mark.parametrize("kind", WRAPPERS.values(), ids=WRAPPERS)


def around(kind: type[Wrapper], *body: object, group: str = "C4", **fields: object) -> Architecture:
    return network(SQUARE, kind(group=group, body=body or BODY, **fields))
