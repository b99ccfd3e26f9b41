"""Finite symmetry groups by name, such as C4, with their matrices and tables. Blocks are generic in the group."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from archspec.geometry.action import Action
from archspec.geometry.families import Rings, Turns, pattern, turns_called

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

MAX_SCALES, MAX_PRODUCT = 16, 256
_SCALES = re.compile(r"(?:(.+)x)?S([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Group:
    """A finite group acting on the axes of a grid: `Group("C4")`, `Group("D4")`, `Group("O")`.

    `C_n` turns the last two axes by multiples of 2π/n (from the first of the two towards the second); `D_n` adds the
    flip of the first of the two (of the only axis in one dimension), 2n elements; `T`, `O`, `Oh` act on three axes.
    `S_n` are the first n dyadic scales 1, 2, 4 … of a series or an image: not a whole group, but a finite range of the
    group of all dyadic scales. `C4xS3` is the product of turns and scales, every turn at every scale.
    Element `k` of `C_n` is the turn R(2πk/n); element `m·n + r` of `D_n` is Mᵐ R(2πr/n), M the flip; element `s·N + h`
    of a product is 2ˢ times element h of the N turns. Element 0 is the identity.

    Attributes:
        name: the name, by which groups are compared.
        order: number of elements.
        scales: number of scales among them; 1 without scales.

    Raises:
        ValueError: there is no group of this name, or it is too large.
    """

    name: str
    order: int = field(init=False, compare=False, repr=False)
    scales: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        turns, scales = _orders(self.name)
        object.__setattr__(self, "order", turns * scales)
        object.__setattr__(self, "scales", scales)

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def trivial(self) -> bool:
        return self.order == 1

    @property
    def scaling(self) -> bool:
        """Whether it has several scales, so that elements stretch a signal and the range of scales is finite."""
        return self.scales > 1

    @property
    def turning(self) -> Group:
        """Its subgroup of turns and flips, without scales: of `C4xS3` C4, of `S3` C1, else the group itself."""
        return self if self.scales == 1 else _turning(self.name)

    @property
    def cyclic(self) -> bool:
        """Whether it is C_n, without flips or scales."""
        return not self.scaling and _turns(self.name).cyclic

    def at(self, scales: int) -> Group:
        """The group with the same turns and another number of scales."""
        turning = self.turning
        return turning if scales == 1 else Group(f"S{scales}" if turning.trivial else f"{turning}xS{scales}")

    def acts_on(self, dims: int) -> bool:
        """Whether the group has an action on a grid of `dims` axes."""
        if self.trivial:
            return True
        if self.scaling:
            return dims in (1, 2) and self.turning.acts_on(dims)
        return _turns(self.name).acts_on(dims)

    def misfit(self, grid: tuple[int, ...], steps: tuple[Fraction, ...] = ()) -> str | None:
        """Why it cannot act on a grid, and what to do, in a sentence; None if it can.

        Args:
            grid: points per axis.
            steps: distance of the points per axis, in steps of the reference grid; by default 1.
        """
        if not self.acts_on(len(grid)):
            return f"{self} does not act on a grid of {len(grid)} axes; use {groups_for(len(grid))}"
        for a, b in self.action(len(grid)).mixed_axes:
            turns = f"{self} turns axis {a} into axis {b}, but"
            if grid[a] != grid[b]:
                return (
                    f"{turns} the grid is {'×'.join(map(str, grid))}; pad or crop it to equal axes, or use a group "
                    "without quarter turns such as C2 or D1"
                )
            if steps and steps[a] != steps[b]:
                return (
                    f"{turns} their points are {steps[a]} and {steps[b]} reference steps apart: cells are not square; "
                    "give the reference grid equal axes too, or use a group without quarter turns such as C2 or D1"
                )
        return None

    def rings(self, dims: int) -> Rings | None:
        """The angles of the elements of C_n or D_n, as steps of the circle; None for other groups."""
        return None if self.scaling else _turns(self.name).rings(dims)

    def action(self, dims: int) -> Action:
        """Matrices and tables of the group on `dims` axes, computed once and cached.

        Raises:
            ValueError: the group does not act on `dims` axes.
        """
        return _action(self.name, dims)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _as_group,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^(({pattern()})(?:xS([1-9][0-9]*))?|S([1-9][0-9]*))$",
            "examples": ["C1", "C4", "D4", "O"],
        }


def is_subgroup(small: Group, large: Group, dims: int) -> bool:
    """Whether every element of `small` is an element of `large`, both acting on `dims` axes."""
    try:
        large.action(dims).index_of(small.action(dims).matrices)
    except ValueError:
        return False
    return True


def cosets(small: Group, large: Group, dims: int) -> NDArray[np.int64]:
    """The right cosets of the subgroup K = `small` in H = `large`.

    Returns:
        (|H|/|K|, |K|) element indices of H; row i is the coset K·cᵢ, in the order of K's elements.
    """
    if small.trivial:
        return np.arange(large.order)[:, None]
    if large.scaling:
        at_one, step = cosets(small.turning, large.turning, dims), large.turning.order
        return np.concatenate([at_one + scale * step for scale in range(large.scales)], axis=int(small.scaling))
    h, k = large.action(dims), small.action(dims)
    inside = h.index_of(k.matrices)
    rows: list[list[int]] = []
    seen: set[int] = set()
    for element in range(large.order):
        if element not in seen:
            row = [int(h.product[i, element]) for i in inside]
            seen.update(row)
            rows.append(row)
    return np.array(rows)


def groups_for(dims: int, scales: bool = True) -> str:
    """The groups that act on `dims` axes, as text for errors; `scales` includes groups with scales."""
    if not scales:
        return {0: "C1", 1: "C1 or D1", 2: "C1, C2, C4, … or D1, D2, D4, …"}.get(dims, "C1, C4, D4, T, O or Oh")
    known = {
        0: "C1",
        1: "C1, D1, scales S2, S3 … or both, D1xS3",
        2: "C1, C2, C4, … or D1, D2, D4, …, scales S2, S3 … or both, C4xS3",
    }
    return known.get(dims, "C1, C4, D4, T, O or Oh")


def _as_group(value: Any) -> Group:
    if isinstance(value, Group):
        return value
    if not isinstance(value, str):
        raise ValueError("expected the name of a group, such as C4")
    return Group(value)


@lru_cache(maxsize=256)
def _orders(name: str) -> tuple[int, int]:
    """Number of turns and number of scales of a group, after checking its name."""
    match = _SCALES.fullmatch(name)
    turning, scales = (match[1] or "C1", match[2]) if match else (name, "1")
    turns = turns_called(turning)
    if turns is None or (match and not (turns.acts_on(1) or turns.acts_on(2))):
        raise ValueError(
            f"unknown group {name[:40]!r}: write C1, C2, C4 … Cn, D1 … Dn, T, O, Oh, S2, S3 … (scales), or C4xS3 (both)"
        )
    if len(scales) > 2 or int(scales) > MAX_SCALES:
        raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_SCALES} scales")
    if match and (scales == "1" or match[1] == "C1"):
        raise ValueError(f"group {name!r} is a product with a group of one element; write {_simpler(name)}")
    if match and turns.order * int(scales) > MAX_PRODUCT:
        raise ValueError(f"group {name!r} is too large: at most {MAX_PRODUCT} turns at scales")
    return turns.order, int(scales)


def _simpler(name: str) -> str:
    turning, _, scales = name.rpartition("x")
    return scales if scales != "S1" else turning or "C1"


@lru_cache(maxsize=256)
def _turning(name: str) -> Group:
    match = _SCALES.fullmatch(name)
    return Group(match[1] or "C1") if match else Group(name)


@lru_cache(maxsize=256)
def _turns(name: str) -> Turns:
    """The group of turns and flips of a group name."""
    found = turns_called(_turning(name).name)
    assert found is not None, "a Group of this name exists"
    return found


@lru_cache(maxsize=256)
def _action(name: str, dims: int) -> Action:
    group = Group(name)
    if not group.acts_on(dims):
        raise ValueError(f"{name} does not act on {dims} axes")
    if group.trivial:
        return Action(np.eye(dims)[None])
    if group.scaling:
        turns = group.turning.action(dims).matrices
        return Action(np.concatenate([2.0**scale * turns for scale in range(group.scales)]))
    return Action(_turns(name).matrices(dims))


TRIVIAL = Group("C1")
