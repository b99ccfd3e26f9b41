"""The number of fillings of a template, an architecture with holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Copies, Model
from spaces.parameters import walk

# The decisions made so far that a later part of the template still depends on: a structural parameter (one whose value
# determines which others are active) with its value, any other with None.
Made = frozenset[tuple[str, Scalar]]
Tally = dict[Made, float]  # number of fillings so far
MOST_MADE = 100_000


def count(template: Model) -> float:
    """Number of fillings; infinite if a hole is a real number.

    Parts of the template that share no decision multiply; a decision is remembered only up to the last part that
    depends on it, so that the time grows with the number of parts and not with the number of fillings.

    Raises:
        ValueError: too many named decisions are shared between optional parts.
    """
    structural: set[str] = set()
    walk(template, "", {}, lambda name, hole, when: structural.update(when))
    return sum(_Count(structural).part(template, "", {frozenset(): 1}, frozenset()).values())


@dataclass(frozen=True)
class _Count:
    """Counts the fillings of a template part by part, in the order of the fields.

    Attributes:
        structural: names of the parameters whose value determines which others are active.
    """

    structural: set[str]

    def part(self, value: Any, place: str, tally: Tally, later: frozenset[str]) -> Tally:
        """The tally after one more part; `later` holds the names of the decisions that parts after it depend on."""
        if isinstance(value, Hole):
            holes = list(value.decisions(place))
            for i, (hole, at) in enumerate(holes):
                after = later.union(*(_names(rest, there) for rest, there in holes[i + 1 :]))
                tally = self.decision(hole, at, tally, after)
            return tally
        if isinstance(value, Model) and (copies := value.copies()):
            return self.copies(copies, place, tally, later)
        inside = [(x, at) for x, at in _parts(value, place) if isinstance(x, Model | Hole | tuple | dict)]
        needed = [later]
        for x, at in reversed(inside[1:]):
            needed.append(needed[-1] | _names(x, at))
        for (x, at), names in zip(inside, reversed(needed), strict=False):
            tally = self.part(x, at, tally, names)
        return tally

    def decision(self, hole: Decision, place: str, tally: Tally, later: frozenset[str]) -> Tally:
        """The tally after one more decision and the option that it selects."""
        name = hole.called(place)
        if name not in self.structural:
            return _kept(_decided(tally, name, None, hole.count), later)
        result: Tally = {}
        for label in hole.values:
            option = hole.option(label, name)
            chosen = {made: n for made, n in tally.items() if (name, label) in made or all(name != k for k, _ in made)}
            for made, n in self.part(option, f"{place}[{label}]", _decided(chosen, name, label, 1), later).items():
                result[made] = result.get(made, 0) + n
        return _kept(result, later)

    def copies(self, copies: Copies, place: str, tally: Tally, later: frozenset[str]) -> Tally:
        """The tally after copies with separate holes."""
        places = [f"{place}.copy{copy}.body" for copy in range(_most(copies))]
        needed = [later]
        for at in reversed(places):
            needed.append(needed[-1] | _names(copies.body, at))
        needed.reverse()
        times = copies.times
        if isinstance(times, int):
            for at, names in zip(places, needed[1:], strict=True):
                tally = self.part(copies.body, at, tally, names)
            return tally
        name = times.called(f"{place}.times")
        tally = self.decision(times, f"{place}.times", tally, needed[0] | {name})
        if name not in self.structural:  # no decision in the body
            return _kept(tally, later)
        result: Tally = {}
        for copy in range(len(places) + 1):
            # Fillings with this number of copies are complete; the others are continued with one more copy.
            for made, n in _with(tally, name, lambda number, copy=copy: number == copy).items():
                result[made] = result.get(made, 0) + n
            tally = _with(tally, name, lambda number, copy=copy: number > copy)
            if copy < len(places):
                tally = self.part(copies.body, places[copy], tally, needed[copy + 1] | {name})
        return _kept(result, later)


def _parts(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """The parts of a value with their paths, as `walk` visits them."""
    match value:
        case Model():
            dot = f"{place}." if place else ""
            yield from ((getattr(value, name), f"{dot}{name}") for name in type(value).model_fields)
        case tuple():
            yield from ((item, f"{place}[{i}]") for i, item in enumerate(value))
        case dict():
            yield from ((item, f"{place}.{key}") for key, item in value.items())


def _names(value: Any, place: str) -> frozenset[str]:
    """The names of all decisions in a part."""
    names: set[str] = set()
    walk(value, place, {}, lambda name, hole, when: names.add(name))
    return frozenset(names)


def _most(copies: Copies) -> int:
    return copies.times if isinstance(copies.times, int) else max(int(str(x)) for x in copies.times.values)


def _with(tally: Tally, name: str, holds: Any) -> Tally:
    """The fillings for which the value of a whole number satisfies a condition."""
    return {made: n for made, n in tally.items() if any(k == name and holds(int(str(v))) for k, v in made)}


def _decided(tally: Tally, name: str, label: Scalar, factor: float) -> Tally:
    """The tally with one more decision, multiplied by `factor` where it was not decided before."""
    result: Tally = {}
    for made, n in tally.items():
        decision = (name, label)
        grown = made if decision in made else made | {decision}
        result[grown] = result.get(grown, 0) + (n if decision in made else n * factor)
    return result


def _kept(tally: Tally, later: frozenset[str]) -> Tally:
    """The tally without the decisions on which nothing after it depends."""
    result: Tally = {}
    for made, n in tally.items():
        left = frozenset((name, value) for name, value in made if name in later)
        result[left] = result.get(left, 0) + n
    if len(result) > MOST_MADE:
        raise ValueError("too many named decisions are shared between optional parts to count the space; share fewer")
    return result
