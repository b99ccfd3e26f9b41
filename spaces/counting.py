"""The number of fillings of a template, an architecture with holes."""

from __future__ import annotations

from typing import Any

from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Copies, Model
from spaces.parameters import walk

# The number of fillings for each set of values of the structural parameters (see `_structural_names`) decided so far.
Tally = dict[frozenset[tuple[str, Scalar]], float]


def count(template: Model) -> float:
    """Number of fillings; infinite if a hole is a real number."""
    structural = _structural_names(template)
    return sum(_tally(template, "", {frozenset(): 1}, structural).values())


def _tally(value: Any, place: str, tally: Tally, structural: set[str]) -> Tally:
    match value:
        case Hole():
            for hole, at in value.decisions(place):
                tally = _tally_decision(hole, at, tally, structural)
        case Model():
            if copies := value.copies():
                tally = _tally(copies.times, f"{place}.times", tally, structural)
                return _tally_copies(copies, place, tally, structural)
            for name in type(value).model_fields:
                tally = _tally(getattr(value, name), f"{place}.{name}", tally, structural)
        case tuple():
            for i, item in enumerate(value):
                tally = _tally(item, f"{place}[{i}]", tally, structural)
        case dict():
            for key, item in value.items():
                tally = _tally(item, f"{place}.{key}", tally, structural)
    return tally


def _tally_decision(hole: Decision, place: str, tally: Tally, structural: set[str]) -> Tally:
    name = hole.called(place)
    if name not in structural:
        return _decided(tally, name, None, hole.count)
    result: Tally = {}
    for label in hole.values:
        option = hole.option(label, name)
        chosen = {key: n for key, n in tally.items() if (name, label) in key or all(name != k for k, _ in key)}
        for key, n in _tally(option, f"{place}[{label}]", _decided(chosen, name, label, 1), structural).items():
            result[key] = result.get(key, 0) + n
    return result


def _tally_copies(repeat: Copies, place: str, tally: Tally, structural: set[str]) -> Tally:
    if isinstance(repeat.times, int):
        for copy in range(repeat.times):
            tally = _tally(repeat.body, f"{place}.copy{copy}.body", tally, structural)
        return tally
    times = repeat.times.called(f"{place}.times")
    result: Tally = {}
    for key, n in tally.items():
        (number,) = [value for k, value in key if k == times]
        grown: Tally = {key: n}
        for copy in range(int(number or 0)):
            grown = _tally(repeat.body, f"{place}.copy{copy}.body", grown, structural)
        for k, m in grown.items():
            result[k] = result.get(k, 0) + m
    return result


def _decided(tally: Tally, name: str, label: Scalar, factor: float) -> Tally:
    """The tally with one more decision, multiplied by `factor` where it was not decided before."""
    result: Tally = {}
    for key, n in tally.items():
        decision = (name, label)
        grown = key if decision in key else key | {decision}
        result[grown] = result.get(grown, 0) + (n if decision in key else n * factor)
    return result


def _structural_names(template: Model) -> set[str]:
    """Names of the parameters whose value determines which others are active."""
    names: set[str] = set()
    walk(template, "", {}, lambda name, hole, when: names.update(when))
    return {name.lstrip(".") for name in names} | {f".{name}" for name in names}
