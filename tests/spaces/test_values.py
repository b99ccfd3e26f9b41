"""The values that make an architecture: one for every decision, and none where decisions contradict each other."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from archspec import Activation, Dropout, Norm, Pointwise, choice, integer, real
from archspec.schema.hole import Scalar
from spaces import Space
from tests.examples import LINE, network
from tests.spaces.test_spaces import SMALL


def test_every_copy_has_values_of_its_own() -> None:
    space = SMALL["not tied"][0]
    for second in ("relu", "tanh"):
        copies: dict[str, Scalar] = {"body[0].copy0.body[0].function": "relu", "body[0].copy1.body[0].function": second}
        values: dict[str, Scalar] = {"body[0].times": 2, **copies}
        assert space.values_of(space.fill(values)) == values


def test_values_of_one_name_agree() -> None:
    space = SMALL["one name twice"][0]
    with pytest.raises(ValueError, match="not in this space"):
        space.values_of(network(LINE, Pointwise(channels=2), Norm(), Pointwise(channels=3)))


def test_a_space_of_many_decisions_has_values() -> None:
    space = Space(network(LINE, *(Activation(function=choice("relu", "tanh")) for _ in range(1200))))
    values = space.random_values(Random(0))
    assert len(values) == 1200
    assert space.values_of(space.fill(values)) == values


def test_numbers_of_numpy_are_those_of_python() -> None:
    width, rate = integer("width", 2, 6, step=np.int64(2)), real("rate", 0.0, 0.5)
    space = Space(network(LINE, Pointwise(channels=width), Dropout(rate=rate)))
    own = {"width": 4, "rate": 0.25}
    try:
        filled = space.fill({"width": np.int64(4), "rate": np.float64(0.25)})
    except ValueError as error:
        pytest.fail(f"refused: {error}")
    assert filled == space.fill(own)
    assert [type(value) for value in space.values_of(filled).values()] == [int, float]
    assert space.sample(np.int64(3)) == space.sample(3)
