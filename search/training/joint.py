"""A space together with the settings of a training that are open: a search decides both for each candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping

from archspec.architecture import Architecture
from archspec.schema.hole import Decision, Scalar
from search.training.settings import Training
from spaces import Space
from spaces.filling import Draw
from spaces.parameters import Parameter
from spaces.space import Random


def joint(space: Space, training: Training) -> Space:
    """The space with the training's holes among its parameters; the space itself if there are none.

    Raises:
        ValueError: a hole of the training has the name of one of the space.
    """
    return Joint(space, training.parameters) if training.parameters else space


class Joint(Space):
    """A space whose fillings have values for settings of the training too.

    Architectures are those of the space: `fill` leaves the settings out, and `values_of` does not know them.
    """

    def __init__(self, space: Space, settings: Mapping[str, Decision]) -> None:
        super().__init__(space.template)
        self.settings = dict(settings)
        if both := self.settings.keys() & {parameter.name for parameter in super().parameters()}:
            raise ValueError(f"{min(both)} is a hole of the space and of the training; give one of them another name")

    def parameters(self) -> list[Parameter]:
        """Every decision: those of the space, then those of the training."""
        return [*super().parameters(), *(Parameter(name, hole, [{}]) for name, hole in self.settings.items())]

    def size(self) -> float:
        """Number of fillings (an int, or infinity if a hole is a real number)."""
        return super().size() * math.prod(hole.count for hole in self.settings.values())

    def fill(self, values: Mapping[str, Scalar]) -> Architecture:
        """The architecture with these values; those of the settings must be there, and have no effect on it."""
        for name, hole in self.settings.items():
            if name not in values:
                raise ValueError(
                    f"{name} is missing; it is {hole.text}, a setting of the training; make a strategy with the "
                    "space that has such settings too: Search(...).joint"
                )
            hole.check(values[name], name)
        return super().fill({name: value for name, value in values.items() if name not in self.settings})

    def drawn(self, draw: Draw) -> tuple[Architecture, dict[str, Scalar]]:
        """An architecture whose decisions are returned by `draw(name, hole)`, and all decided values by name."""
        architecture, values = super().drawn(draw)
        return architecture, values | {name: draw(name, hole) for name, hole in self.settings.items()}

    def random_values(self, rng: Random) -> dict[str, Scalar]:
        """Values of a random filling, those of the settings included."""
        architecture, values = self.drawn(lambda _, hole: hole.drawn(rng.random()))
        return self.values_of(architecture) | {name: values[name] for name in self.settings}
