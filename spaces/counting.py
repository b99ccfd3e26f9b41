"""How many fillings a template has."""

from __future__ import annotations

import math
from typing import Any

from archspec.blocks import Repeat
from archspec.schema.hole import Choice, Expression, Hole, Real, Scalar
from archspec.schema.model import Model
from spaces.parameters import domain, walk

# How many fillings there are for each set of decisions already taken under a name.
Tally = dict[frozenset[tuple[str, Scalar]], float]


def count(template: Model) -> float:
    """Number of fillings; infinite where a real number is open."""
    structural = _structural_names(template)
    return sum(_tally(template, "", {frozenset(): 1}, structural).values())


def _tally(value: Any, place: str, tally: Tally, structural: set[str]) -> Tally:
    match value:
        case Expression():
            for hole in value.holes:
                tally = _tally(hole, place, tally, structural)
        case Hole():
            tally = _tally_hole(value, place, tally, structural)
        case Repeat() if not value.tied and value.is_open():
            tally = (
                _tally(value.times, f"{place}.times", tally, structural) if not isinstance(value.times, int) else tally
            )
            tally = _tally_copies(value, place, tally, structural)
        case Model():
            for name in type(value).model_fields:
                tally = _tally(getattr(value, name), f"{place}.{name}", tally, structural)
        case tuple():
            for i, item in enumerate(value):
                tally = _tally(item, f"{place}[{i}]", tally, structural)
        case dict():
            for key, item in value.items():
                tally = _tally(item, f"{place}.{key}", tally, structural)
    return tally


def _tally_hole(hole: Hole, place: str, tally: Tally, structural: set[str]) -> Tally:
    name = getattr(hole, "name", None) or place
    if isinstance(hole, Real):
        return _decided(tally, name, None, math.inf)
    if name not in structural:
        return _decided(tally, name, None, len(domain(hole)))
    result: Tally = {}
    options = hole.options if isinstance(hole, Choice) else (None,) * len(domain(hole))
    for label, option in zip(domain(hole), options, strict=True):
        chosen = {key: n for key, n in tally.items() if (name, label) in key or all(name != k for k, _ in key)}
        for key, n in _tally(option, f"{place}[{label}]", _decided(chosen, name, label, 1), structural).items():
            result[key] = result.get(key, 0) + n
    return result


def _tally_copies(repeat: Repeat, place: str, tally: Tally, structural: set[str]) -> Tally:
    if isinstance(repeat.times, int):
        for copy in range(repeat.times):
            tally = _tally(repeat.body, f"{place}.copy{copy}.body", tally, structural)
        return tally
    times = getattr(repeat.times, "name", None) or f"{place}.times"
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
    """Every tally with one more decision, unless it was taken before."""
    result: Tally = {}
    for key, n in tally.items():
        decision = (name, label)
        grown = key if decision in key else key | {decision}
        result[grown] = result.get(grown, 0) + (n if decision in key else n * factor)
    return result


def _structural_names(template: Model) -> set[str]:
    """Parameters whose value decides which others are alive."""
    names: set[str] = set()
    walk(template, "", {}, lambda name, hole, when: names.update(when))
    return {name.lstrip(".") for name in names} | {f".{name}" for name in names}
