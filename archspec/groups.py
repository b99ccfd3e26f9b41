"""Finite symmetry groups as matrices and tables. Every block is generic in them; none knows a group by name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ROTATIONS, MAX_SCALES = 64, 16
_NAME = re.compile(r"([CDS])([1-9]\d*)|T|O|Oh")
_SOLIDS = {"T": 12, "O": 24, "Oh": 48}


@dataclass(frozen=True, slots=True)
class Group:
    """A finite group acting on the axes of a grid: `Group("C4")`, `Group("D4")`, `Group("O")`.

    `C_n` turns the last two axes by multiples of 2π/n (from the first of the two towards the second); `D_n` adds the
    flip of the first of the two (of the only axis in one dimension), 2n elements; `T`, `O`, `Oh` act on three axes.
    `S_n` are the first n dyadic scales 1, 2, 4 … of a series: a part of a group, with two ends where it is cut off.
    Element `n` of `C_n` is R(2πn/N); element `m·n + r` of `D_n` is Mᵐ R(2πr/n). Element 0 is the identity.

    Raises:
        ValueError: the name is none of these.
    """

    name: str
    order: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", _order(self.name))

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def trivial(self) -> bool:
        return self.order == 1

    @property
    def scaling(self) -> bool:
        """Whether its elements are scales: what they move is stretched about its first point, not turned."""
        return self.name[0] == "S" and not self.trivial

    def acts_on(self, dims: int) -> bool:
        """Whether the group has an action on a grid of `dims` axes."""
        if self.trivial:
            return True
        if self.scaling:
            return dims == 1
        if self.name in _SOLIDS:
            return dims == 3
        return dims >= 2 or (dims == 1 and self.name == "D1")

    def action(self, dims: int) -> Action:
        """Matrices and tables of the group on `dims` axes (computed once, then remembered)."""
        return _action(self.name, dims)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _as_group,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({_NAME.pattern})$", "examples": ["C1", "C4", "D4", "O"]}


@dataclass(frozen=True)
class Action:
    """How a group acts on a grid of `dims` axes.

    Attributes:
        matrices: (N, dims, dims), float64, acting on axis coordinates in array order.
    """

    matrices: NDArray[np.float64]

    @cached_property
    def product(self) -> NDArray[np.int64]:
        """`product[a, b]` is the index of a·b."""
        return self.index_of(np.einsum("aij,bjk->abik", self.matrices, self.matrices))

    @cached_property
    def relative(self) -> NDArray[np.int64]:
        """`relative[a, b]` is the index of a⁻¹·b."""
        return self.index_of(np.einsum("aji,bjk->abik", self.matrices, self.matrices))

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """(N,) which elements map the grid onto itself."""
        return np.asarray(np.all(np.abs(self.matrices - np.rint(self.matrices)) < 1e-9, axis=(1, 2)))

    @cached_property
    def exact(self) -> bool:
        """Whether every element maps the grid onto itself (quarter turns and flips)."""
        return bool(self.whole.all())

    @cached_property
    def mixed_axes(self) -> tuple[tuple[int, int], ...]:
        """Pairs of axes that some element turns into one another: these must be equally long."""
        couples = np.abs(self.matrices).max(axis=0) > 1e-9
        dims = len(couples)
        return tuple((a, b) for a in range(dims) for b in range(a + 1, dims) if couples[a, b] or couples[b, a])

    @cached_property
    def moved_axes(self) -> tuple[int, ...]:
        """Axes that some element moves: sampling along these must be symmetric."""
        dims = self.matrices.shape[1]
        return tuple(a for a in range(dims) if np.any(self.matrices[:, a, a] < 1 - 1e-9))

    @cached_property
    def embedding(self) -> NDArray[np.float64]:
        """(N, e): coordinates of the elements for a continuous kernel: (cos, sin) of an angle, ±1 of a reflection."""
        count, dims = self.matrices.shape[:2]
        turns = self.matrices[:, -2:, -2] if dims == 2 else self.matrices[:, :, :-1].reshape(count, -1)
        signs = np.linalg.det(self.matrices)[:, None]
        columns = np.concatenate([turns, signs], axis=1)
        return columns[:, np.ptp(columns, axis=0) > 1e-9]

    def embedded(self, coordinates: str) -> NDArray[np.float64]:
        """The `embedding`, or ("interval") the angle of C_n over π less one, as in the code of the papers."""
        if coordinates == "circle":
            return self.embedding
        count = len(self.matrices)
        return np.linspace(-1, 1, count, endpoint=False)[:, None] if count > 1 else np.zeros((1, 0))

    def index_of(self, matrices: NDArray[np.float64]) -> NDArray[np.int64]:
        """Indices of the elements with these matrices (…, dims, dims); ValueError if one is not of the group."""
        distance = np.abs(matrices[..., None, :, :] - self.matrices).max(axis=(-1, -2))
        if distance.min(axis=-1).max() > 1e-9:
            raise ValueError("not all of these matrices are elements of the group")
        return np.asarray(distance.argmin(axis=-1))


def is_subgroup(small: Group, large: Group, dims: int) -> bool:
    """Whether every element of `small` is one of `large`, both acting on `dims` axes."""
    try:
        large.action(dims).index_of(small.action(dims).matrices)
    except ValueError:
        return False
    return True


def cosets(small: Group, large: Group, dims: int) -> NDArray[np.int64]:
    """(|H|/|K|, |K|) element indices of `large`, row i being the right coset K·cᵢ in the order of K's elements."""
    h, k = large.action(dims), small.action(dims)
    if small.trivial:
        return np.arange(large.order)[:, None]
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
    known = {0: "C1", 1: "C1, D1 or scales S2, S3 …", 2: "C1, C2, C4, … or D1, D2, D4, …"}
    return known.get(dims, "C1, C4, D4, T, O or Oh")


def _as_group(value: Any) -> Group:
    if isinstance(value, Group):
        return value
    if not isinstance(value, str):
        raise ValueError("expected the name of a group, such as C4")
    return Group(value)


@lru_cache(maxsize=256)
def _order(name: str) -> int:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"unknown group {name[:40]!r}: write C1, C2, C4 … Cn, D1 … Dn, T, O, Oh, or S2, S3 … (scales)")
    if name in _SOLIDS:
        return _SOLIDS[name]
    digits = match[2]
    if match[1] == "S" and (len(digits) > 2 or int(digits) > MAX_SCALES):
        raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_SCALES} scales")
    if len(digits) > 4 or int(digits) > MAX_ROTATIONS:
        raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_ROTATIONS} rotations")
    return int(digits) * (2 if match[1] == "D" else 1)


@lru_cache(maxsize=256)
def _action(name: str, dims: int) -> Action:
    group = Group(name)
    if not group.acts_on(dims):
        raise ValueError(f"{name} does not act on {dims} axes")
    if group.trivial:
        return Action(np.eye(dims)[None])
    if group.scaling:
        return Action(np.array([[[2.0**j]] for j in range(group.order)]))
    return Action(_solid(name) if name in _SOLIDS else _planar(name, dims))


def _planar(name: str, dims: int) -> NDArray[np.float64]:
    count, flips = int(name[1:]), name[0] == "D"
    flip = np.eye(dims)
    flip[max(dims - 2, 0), max(dims - 2, 0)] = -1
    turns = turns_of(2 * math.pi * np.arange(count) / count, dims) if dims >= 2 else np.eye(dims)[None]
    return np.concatenate([turns, flip @ turns]) if flips else turns


def turns_of(angles: NDArray[np.float64], dims: int) -> NDArray[np.float64]:
    """(N, dims, dims) turns of the last two axes by these angles, from the first of the two towards the second."""
    c, s = np.cos(angles), np.sin(angles)
    # Whole quarter turns are exact.
    quarter = np.abs(angles / (math.pi / 2) - np.rint(angles / (math.pi / 2))) < 1e-12
    c, s = np.where(quarter, np.rint(c), c), np.where(quarter, np.rint(s), s)
    matrices = np.tile(np.eye(dims), (len(angles), 1, 1))
    matrices[:, -2:, -2:] = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    return matrices


def _solid(name: str) -> NDArray[np.float64]:
    matrices = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            proper, even = np.linalg.det(matrix) > 0, np.prod(signs) > 0
            if name == "Oh" or (proper and (name == "O" or even)):
                matrices.append(matrix)
    return np.array(matrices)


TRIVIAL = Group("C1")
