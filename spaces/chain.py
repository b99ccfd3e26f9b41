"""Pricing many fillings at once: a template is a chain of parts, and equal parts that read equal signals cost the same.

Each part is filled and priced once for each combination of the values in it and of the signal that it reads, however
many fillings have this combination. That the costs add up is the rule of `archspec.graph.passes.by_block`. The one
thing that no part knows is the number of nodes of the others: `MAX_NODES` holds for each copy of a `Repeat` with
`tied=False`, not for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archspec.architecture import Architecture
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.passes import follow
from archspec.graph.signal import Signal, SignalError
from archspec.schema.hole import Decision, Scalar
from archspec.schema.model import Model
from spaces.columns import Codes, Column, grouped
from spaces.filling import Filling, Known
from spaces.parameters import Condition, Parameter, copies_of, walk

MOST_REMEMBERED = 200_000
TERMS = ("macs", "fft_flops", "params", "activations", "kernel_macs")
_terms: Callable[[Cost], tuple[int, ...]] = attrgetter(*TERMS)
NO_FIT = 0  # the number of the signal of what does not fit together
_Times = tuple[Any, str, Condition]


class Row(NamedTuple):
    """What a part does to a signal: the number of the signal after it, the terms of its cost, its receptive field."""

    signal: int
    terms: tuple[int, ...] = _terms(Cost())
    receptive_field: float = 0.0


class Totals(NamedTuple):
    """Of many fillings: the terms of their costs, [term, filling], receptive fields, and which fit together."""

    terms: NDArray[Any]
    receptive_fields: NDArray[np.float64]
    fits: NDArray[np.bool_]


class Part:
    """One part of the chain.

    Args:
        inside: pieces of the template with their paths.
        when: the condition under which it exists; otherwise the signal passes unchanged.
        times: the numbers of copies that this condition is about, with their paths and their own conditions.

    Attributes:
        decisions: every occurrence of a decision in it: name, hole, and the condition under which it is active.
        names: the names of these and of what the conditions depend on.
    """

    def __init__(self, inside: list[tuple[Any, str]], when: Condition, times: tuple[_Times, ...] = ()) -> None:
        self.inside, self.when = inside, when
        self.decisions: list[tuple[str, Decision, Condition]] = []
        for value, place, active in (*times, *((value, place, when) for value, place in inside)):
            walk(value, place, active, lambda *occurrence: self.decisions.append(occurrence))
        names = [name for occurrence, _, active in self.decisions for name in (*active, occurrence)]
        self.names = tuple(dict.fromkeys(names))
        self.known: dict[tuple[Any, ...], Row] = {}


class Chain:
    """The parts of a template in order: its input, the blocks of its body, its head.

    Args:
        template: the template.
        parameters: all parameters of the space, also those that are not in the template.
        cache: the cache of the template's fillings.
    """

    def __init__(self, template: Architecture, parameters: list[Parameter], cache: Known) -> None:
        self.template, self.cache = template, cache
        self.columns = {parameter.name: Column(parameter.name, parameter.hole) for parameter in parameters}
        first = Part([(template.input, "input"), (template.reference, "reference")], {})
        body = _parts(template.body, "body", {})
        self.parts = [first, *body, Part([(template.head, "head")], {})]
        self.decisions: list[tuple[str, Decision, Condition]] = []
        walk(template, "", {}, lambda *occurrence: self.decisions.append(occurrence))
        inside = {name for name, *_ in self.decisions}
        self.decisions += [(p.name, p.hole, {}) for p in parameters if p.name not in inside]
        self._signals: list[Signal | None] = [None]
        self._numbers: dict[Signal, int] = {}

    @property
    def full(self) -> bool:
        """Whether it remembers so much that it should be thrown away."""
        remembered = sum(len(part.known) for part in self.parts)
        return remembered + sum(len(column.values) for column in self.columns.values()) > MOST_REMEMBERED

    def holds(self, when: Condition, codes: Mapping[str, Codes], many: int) -> NDArray[np.bool_]:
        """In which of many fillings a condition holds."""
        result = np.ones(many, np.bool_)
        for name, labels in when.items():
            result &= self.columns[name].among(labels)[codes[name]]
        return result

    def drawn(self, many: int, seed: int) -> dict[str, Codes]:
        """The codes of random fillings."""
        rng = np.random.default_rng(seed)
        codes = {name: np.zeros(many, np.int64) for name in self.columns}
        for name, _, when in self.decisions:
            open_ = self.holds(when, codes, many) & (codes[name] == 0)
            codes[name][open_] = self.columns[name].drawn(rng.random(int(open_.sum())))
        return codes

    def values(self, codes: Mapping[str, Codes], many: int) -> list[dict[str, Scalar]]:
        """The values of fillings by their codes."""
        if not codes:
            return [{} for _ in range(many)]
        columns = [(name, self.columns[name].values) for name in codes]
        rows = zip(*(column.tolist() for column in codes.values()), strict=True)
        return [{name: values[c] for (name, values), c in zip(columns, row, strict=True) if c} for row in rows]

    def read(self, fillings: list[Mapping[str, Scalar]]) -> tuple[dict[str, Codes], NDArray[np.bool_]]:
        """The codes of given fillings, and which of them have exactly the parameters that are active.

        Raises:
            ValueError: a value is not one of its hole's.
        """
        codes = {name: column.read([x.get(name, ...) for x in fillings]) for name, column in self.columns.items()}
        many = len(fillings)
        active = {name: np.zeros(many, np.bool_) for name in self.columns}
        for name, _, when in self.decisions:
            active[name] |= self.holds(when, codes, many)
        right = np.fromiter(map(len, fillings), np.int64, many) == sum(column > 0 for column in codes.values())
        for name, column in codes.items():
            right &= (column > 0) == active[name]
        return codes, right

    def price(self, codes: Mapping[str, Codes], many: int, target: Target) -> Totals:
        """The terms of the cost of fillings, their receptive fields, and which of them fit together.

        The numbers are of Python's own whole numbers where 64 bits might not hold them.
        """
        signal, found, most = np.ones(many, np.int64), [], 0
        for part in self.parts:
            rows, group = self.step(part, codes, signal, target)
            signal = np.array([row.signal for row in rows], np.int64)[group]
            most += max((max(row.terms) for row in rows), default=0)
            found.append((rows, group))
        exact = np.int64 if most < 2**60 else np.object_
        total: NDArray[Any] = np.zeros((len(TERMS), many), exact)
        receptive_fields = np.zeros(many)
        for rows, group in found:
            total = total + np.array([row.terms for row in rows], exact).reshape(-1, len(TERMS)).T[:, group]
            receptive_fields += np.array([row.receptive_field for row in rows], float)[group]
        fits = signal != NO_FIT
        total[:, ~fits], receptive_fields[~fits] = 0, 0
        return Totals(total, receptive_fields, fits)

    def step(self, part: Part, codes: Mapping[str, Codes], signal: Codes, target: Target) -> tuple[list[Row], Codes]:
        """What a part costs in fillings of which it reads certain signals: rows, and the number of each one's row."""
        columns = [signal, *(codes[name] for name in part.names)]
        sizes = [max(2, len(self._signals)), *(len(self.columns[name].values) for name in part.names)]
        first, group = grouped(columns, sizes)
        rows = []
        for key in zip(*(column[first].tolist() for column in columns), strict=True):
            row = part.known.get((target, *key))
            if row is None:
                row = part.known[target, *key] = self._met(part, key, target)
            rows.append(row)
        return rows, group

    def _met(self, part: Part, key: tuple[int, ...], target: Target) -> Row:
        """What a part costs that reads a certain signal and has certain values."""
        number, *rest = key
        if number == NO_FIT:
            return Row(NO_FIT)
        codes = dict(zip(part.names, rest, strict=True))
        if not all(self.columns[name].among(labels)[codes[name]] for name, labels in part.when.items()):
            return Row(number)
        given = {name: self.columns[name].values[code] for name, code in codes.items() if code}
        filling = Filling(lambda name, hole: given[name], self.cache, given)
        filled = [filling.fill(value, place) for value, place in part.inside]
        try:
            if part is self.parts[0]:
                x = self.template.with_fields({"input": filled[0], "reference": filled[1]}).signal
                return Row(self._number(x))
            before = self._signals[number]
            assert before is not None
            body = filled[0] if isinstance(filled[0], tuple) else filled[:1]
            x, cost, receptive_field = follow(before, body, target)
        except SignalError:
            return Row(NO_FIT)
        return Row(self._number(x), _terms(cost), receptive_field)

    def _number(self, x: Signal) -> int:
        number = self._numbers.setdefault(x, len(self._signals))
        if number == len(self._signals):
            self._signals.append(x)
        return number


def _parts(value: Any, place: str, when: Condition, times: tuple[_Times, ...] = ()) -> Iterator[Part]:
    """The parts of a body; copies with separate holes are parts of their own."""
    if isinstance(value, tuple):
        for i, block in enumerate(value):
            yield from _parts(block, f"{place}[{i}]", when, times)
    elif isinstance(value, Model) and (copies := value.copies()):
        inside = (*times, (copies.times, f"{place}.times", when))
        for copy, alive in copies_of(copies, place, when):
            yield from _parts(copies.body, f"{place}.copy{copy}.body", alive, inside)
    else:
        yield Part([(value, place)], when, times)
