"""Steps from the values of an architecture to those of others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from archspec.schema.hole import Decision, Scalar
from spaces import Space
from spaces.filling import Values


class Moves:
    """Steps in a space; decisions that become active with a step are random."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._holes = {parameter.name: parameter.hole for parameter in space.parameters()}

    def mutated(self, values: Values, steps: int, rng: random.Random) -> Values:
        """The values after some steps, each in one decision, by which `Space.neighbours` differ."""
        for _ in range(steps):
            near = {name: self._holes[name].neighbours(value) for name, value in values.items()}
            if changeable := [name for name, others in near.items() if others]:
                name = rng.choice(changeable)
                values = self._filled([{**values, name: rng.choice(near[name])}], rng)
        return values

    def around(self, values: Values, rng: random.Random) -> Iterator[Values]:
        """All values that are one step away."""
        for name, value in values.items():
            for other in self._holes[name].neighbours(value):
                yield self._filled([{**values, name: other}], rng)

    def crossed(self, first: Values, second: Values, rng: random.Random) -> Values:
        """For each decision the value of one of two parents that have made it."""
        return self._filled([first, second], rng)

    def _filled(self, parents: Sequence[Values], rng: random.Random) -> dict[str, Scalar]:
        def draw(name: str, hole: Decision) -> Scalar:
            known = [values[name] for values in parents if name in values]
            return rng.choice(known) if known else hole.drawn(rng.random())

        return self.space.drawn(draw)[1]
