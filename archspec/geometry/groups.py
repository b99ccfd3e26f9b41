"""Finite symmetry groups as matrices and tables. Every block is generic in them; none knows a group by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from archspec.geometry.action import Action, planar, solid

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

MAX_ROTATIONS, MAX_SCALES, MAX_PRODUCT = 64, 16, 256
_NAME = re.compile(r"([CD])([1-9][0-9]*)(?:xS([1-9][0-9]*))?|S([1-9][0-9]*)|T|O|Oh")
_SOLIDS = {"T": 12, "O": 24, "Oh": 48}


@dataclass(frozen=True, slots=True)
class Group:
    """A finite group acting on the axes of a grid: `Group("C4")`, `Group("D4")`, `Group("O")`.

    `C_n` turns the last two axes by multiples of 2π/n (from the first of the two towards the second); `D_n` adds the
    flip of the first of the two (of the only axis in one dimension), 2n elements; `T`, `O`, `Oh` act on three axes.
    `S_n` are the first n dyadic scales 1, 2, 4 … of a series or an image: a part of a group, with two ends where it is
    cut off. `C4xS3` is the product of turns and scales, each turn at each scale.
    Element `n` of `C_n` is R(2πn/N); element `m·n + r` of `D_n` is Mᵐ R(2πr/n); element `s·N + h` of a product is 2ˢ
    times element h of the N that turn. Element 0 is the identity.

    Raises:
        ValueError: the name is none of these.
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
        """Whether its elements are scales, or turns at scales: what moves is stretched, and the scales have ends."""
        return self.scales > 1

    @property
    def turning(self) -> Group:
        """The part of it that has no scales: the group itself, of `C4xS3` C4, of `S3` C1."""
        return self if self.scales == 1 else _turning(self.name)

    @property
    def cyclic(self) -> bool:
        """Whether it is C_n: turns without flips or scales."""
        return self.name[0] == "C" and not self.scaling

    def at(self, scales: int) -> Group:
        """The same turns at another number of scales."""
        turning = self.turning
        return turning if scales == 1 else Group(f"S{scales}" if turning.trivial else f"{turning}xS{scales}")

    def acts_on(self, dims: int) -> bool:
        """Whether the group has an action on a grid of `dims` axes."""
        if self.trivial:
            return True
        if self.scaling:
            return dims in (1, 2) and self.turning.acts_on(dims)
        if self.name in _SOLIDS:
            return dims == 3
        return dims >= 2 or (dims == 1 and self.name == "D1")

    def action(self, dims: int) -> Action:
        """Matrices and tables of the group on `dims` axes (computed once, then remembered)."""
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
        return {"type": "string", "pattern": f"^({_NAME.pattern})$", "examples": ["C1", "C4", "D4", "O"]}


def is_subgroup(small: Group, large: Group, dims: int) -> bool:
    """Whether every element of `small` is one of `large`, both acting on `dims` axes."""
    try:
        large.action(dims).index_of(small.action(dims).matrices)
    except ValueError:
        return False
    return True


def cosets(small: Group, large: Group, dims: int) -> NDArray[np.int64]:
    """(|H|/|K|, |K|) element indices of `large`, row i being the right coset K·cᵢ in the order of K's elements."""
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


def groups_for(dims: int) -> str:
    """The groups that act on `dims` axes, as an error names them."""
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
    """Elements that turn, and scales."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(
            f"unknown group {name[:40]!r}: write C1, C2, C4 … Cn, D1 … Dn, T, O, Oh, S2, S3 … (scales), or C4xS3 (both)"
        )
    if name in _SOLIDS:
        return _SOLIDS[name], 1
    turns, scales = match[2] or "1", match[3] or match[4] or "1"
    if len(scales) > 2 or int(scales) > MAX_SCALES:
        raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_SCALES} scales")
    if len(turns) > 4 or int(turns) > MAX_ROTATIONS:
        raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_ROTATIONS} rotations")
    if (match[3] or match[4]) and (scales == "1" or name.startswith("C1x")):
        raise ValueError(f"group {name!r} is a product with one element on a side; write {_simpler(name)}")
    order = int(turns) * (2 if match[1] == "D" else 1)
    if match[3] and order * int(scales) > MAX_PRODUCT:
        raise ValueError(f"group {name!r} is too large: at most {MAX_PRODUCT} turns at scales")
    return order, int(scales)


def _simpler(name: str) -> str:
    turning, _, scales = name.rpartition("x")
    return scales if scales != "S1" else turning or "C1"


@lru_cache(maxsize=256)
def _turning(name: str) -> Group:
    return Group(name.partition("x")[0]) if name[0] != "S" else TRIVIAL


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
    if name in _SOLIDS:
        return Action(solid(name))
    flips = name[0] == "D"
    return Action(planar(group.order // (1 + flips), flips, dims))


TRIVIAL = Group("C1")
