"""The values that make an architecture: one for every decision, and none where decisions contradict each other."""

from __future__ import annotations

from random import Random

import pytest

from archspec import Activation, Norm, Pointwise, choice
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
