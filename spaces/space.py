"""The class of search spaces: architectures with holes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from archspec.architecture import Architecture
from archspec.geometry.fourier import Target
from archspec.graph.drawing import Drawing
from archspec.graph.signal import SignalError
from archspec.moved import former_names
from archspec.schema.data import to_data
from archspec.schema.hole import Decision, Scalar
from spaces.chain import Chain
from spaces.cheapest import cheapest
from spaces.costs import Costs, priced
from spaces.counting import count
from spaces.filling import Draw, Filling, Known
from spaces.matching import Match, matches, solved
from spaces.parameters import Condition, Parameter, walk
from spaces.written import Written

MOST_DECISIONS = 10_000


class Random(Protocol):
    """A random number generator: `random.Random` or `numpy.random.Generator`."""

    def random(self) -> float:
        """A uniformly random number from 0 to 1."""


class Space(Written):
    """A search space: all fillings of an architecture with holes.

    Args:
        template: the architecture with holes.

    Raises:
        ValueError: it is no architecture, or two different holes have the same name.
    """

    def __init__(self, template: Architecture) -> None:
        if not isinstance(template, Architecture):
            raise ValueError(f"a space is made of an architecture, not of a {type(template).__name__}")
        self._begin(template)

    def _begin(self, template: Architecture) -> None:
        self.template = template
        self._known = Known()
        self._parameters: dict[str, Parameter] = {}
        self._occurrences = 0
        self._chain: Chain | None = None
        walk(template, "", {}, self._note)

    def __repr__(self) -> str:
        return f"Space({len(self.parameters())} parameters, {self.size():,} architectures)"

    def draw(self, target: Target = "torch") -> Drawing:
        """Its blocks as a tree, with its holes, and what is known of signals and costs; see `Architecture.draw`."""
        return self.template.draw(target)

    def parameters(self) -> list[Parameter]:
        """Every decision of the space, also those that exist only for some values of others, in order of the fields."""
        return list(self._parameters.values())

    def size(self) -> float:
        """Number of fillings (an int, or infinity if a hole is a real number)."""
        return count(self.template)

    def fill(self, values: Mapping[str, Scalar]) -> Architecture:
        """The architecture with these values.

        Args:
            values: the value of every active parameter by its name; options of a choice by their labels.

        Raises:
            ValueError: a value is missing, unknown, not active with the other values, or not a value of its hole.
        """

        def draw(name: str, hole: Decision) -> Scalar:
            if name not in values:
                raise ValueError(f"{name} is missing; it is {self._parameters[name]}")
            value = values[name]
            if isinstance(value, np.generic):  # as of a data frame; it is taken as Python's
                value = value.item()
            hole.check(value, name)
            return value

        architecture, used = self._filled(Filling(draw, self._known, values))
        if unknown := values.keys() - used.keys():
            name = min(unknown)
            why = "is not active with the other values" if name in self._parameters else "is no parameter of this space"
            raise ValueError(f"{name} {why}; leave it out")
        return architecture

    def drawn(self, draw: Draw) -> tuple[Architecture, dict[str, Scalar]]:
        """An architecture whose decisions are returned by `draw(name, hole)`, and the decided values by name."""
        return self._filled(Filling(draw, self._known))

    def sample(self, rng: Random | int) -> Architecture:
        """A random architecture, by a generator or a seed: every decision is uniform (with `log`, log-uniform)."""
        drawn = (random.Random(int(rng)) if isinstance(rng, int | np.integer) else rng).random
        return self.drawn(lambda _, hole: hole.drawn(drawn()))[0]

    def random_values(self, rng: Random) -> dict[str, Scalar]:
        """Values with which `fill` returns what `sample` draws."""
        return self.values_of(self.sample(rng))

    @property
    def default(self) -> Architecture:
        """The architecture with the first option of every choice and the lowest value of every number."""
        return self.drawn(lambda _, hole: hole.first)[0]

    def enumerate(self) -> Iterator[Architecture]:
        """Every filling, the last decision varying fastest. ValueError if a hole is a real number."""
        return (architecture for architecture, _ in self.fillings())

    def fillings(self) -> Iterator[tuple[Architecture, dict[str, Scalar]]]:
        """Every filling as `enumerate` does, with its values."""
        turns: list[int] = []
        while True:
            counts: list[int] = []

            def draw(name: str, hole: Decision, counts: list[int] = counts, turns: list[int] = turns) -> Scalar:
                values = hole.values
                turn = turns[len(counts)] if len(counts) < len(turns) else 0
                counts.append(len(values))
                return values[turn]

            yield self.drawn(draw)
            turns += [0] * (len(counts) - len(turns))
            while turns and turns[-1] + 1 >= counts[len(turns) - 1]:
                turns.pop()
            if not turns:
                return
            turns[-1] += 1

    def values_of(self, architecture: Architecture) -> dict[str, Scalar]:
        """Values with which `fill` returns this architecture.

        Raises:
            ValueError: the architecture is not in this space.
        """
        for found in matches(self.template, architecture, "", Match({})):
            for values in solved(found):
                return values
        raise ValueError("this architecture is not in this space; use one that the space has drawn or filled")

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Well-typed architectures one step away in one decision; newly active decisions take their first value.

        Raises:
            ValueError: the architecture is not in this space.
        """
        values = self.values_of(architecture)
        for name, value in values.items():
            for other in self._parameters[name].hole.neighbours(value):
                changed = {**values, name: other}
                neighbour, _ = self._nearest(changed)
                try:
                    _ = neighbour.graph
                except SignalError:
                    continue
                yield neighbour

    def costs(
        self, what: int | Iterable[Mapping[str, Scalar]], target: Target = "torch", seed: int = 0
    ) -> Costs[Architecture]:
        """The costs of many fillings at once, each what `price(space.fill(values), target)` returns.

        Args:
            what: the number of random fillings, or the values of each filling, as `fill` takes them.
            target: what runs the architectures (see `price`).
            seed: seed of the random fillings.

        Raises:
            ValueError: values are not those of a filling (see `fill`); there is no such target.
        """
        return priced(self._chained(), self.fill, what, target, seed)

    def cheapest(self, quantity: str = "flops", target: Target = "torch") -> Architecture:
        """The architecture that costs least; see `spaces.cheapest` for when it is exact and what is searched otherwise.

        Raises:
            ValueError: there is no such quantity or target, or no architecture was found that fits together.
        """
        return self._nearest(cheapest(self._chained(), self, lambda x: self._nearest(x)[1], quantity, target))[0]

    def _filled(self, filling: Filling) -> tuple[Architecture, dict[str, Scalar]]:
        architecture: Architecture = filling.fill(self.template, "")
        if architecture is not self.template:
            architecture = architecture.with_fields({})
        architecture.__dict__.update(filled=True, of_space=True)
        return architecture, filling.values

    def _nearest(self, values: Mapping[str, Scalar]) -> tuple[Architecture, dict[str, Scalar]]:
        """The filling with these values; what is not among them takes its first value."""
        return self.drawn(lambda name, hole: values.get(name, hole.first))

    def _chained(self) -> Chain:
        if self._chain is None or self._chain.full:
            self._chain = Chain(self.template, self.parameters(), self._known)
        return self._chain

    def _note(self, name: str, hole: Decision, when: Condition) -> None:
        known = self._parameters.setdefault(name, Parameter(name, hole))
        self._occurrences += 1
        if self._occurrences > MOST_DECISIONS:
            raise ValueError(
                f"more than {MOST_DECISIONS:,} decisions, which no search can make; tie repeats, or use fewer"
            )
        if to_data(known.hole) != to_data(hole):
            raise ValueError(
                f"{name} stands for two different holes: {known} and {Parameter(name, hole)}; give one of them "
                "another name"
            )
        known.when.append(when)


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
