"""Families of finite groups of turns and flips: each says its elements, by matrices, for every number of axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from archspec.doors import Door
from archspec.geometry.action import Action, planar, solid

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ROTATIONS, MAX_ORDER = 64, 128
_PLANAR = re.compile(r"([CD])([1-9][0-9]*)")


class Rings(NamedTuple):
    """How the elements of C_n or D_n lie around the identity.

    Attributes:
        steps: by how many of the n steps of the circle each element turns, either way.
        mirrored: whether it mirrors, too.
    """

    steps: tuple[int, ...]
    mirrored: tuple[bool, ...]


class Turns(Protocol):
    """A finite group of turns and flips of a grid; element 0 is the identity."""

    @property
    def order(self) -> int:
        """Number of elements."""
        ...

    def acts_on(self, dims: int) -> bool:
        """Whether it has an action on a grid of that many axes."""
        ...

    def matrices(self, dims: int) -> NDArray[np.float64]:
        """(N, dims, dims) its elements, acting on axis coordinates in array order; orthogonal."""
        ...

    def rings(self, dims: int) -> Rings | None:
        """How its elements lie around the identity; None where they do not lie on a circle."""
        ...

    @property
    def cyclic(self) -> bool:
        """Whether element n is the n-th power of element 1, a turn by a whole part of the circle."""
        ...


@dataclass(frozen=True)
class Planar:
    """C_n, turns of the last two axes by multiples of 2π/n, or D_n, these and their mirror images."""

    turns: int
    flips: bool

    @property
    def order(self) -> int:
        return self.turns * (1 + self.flips)

    @property
    def cyclic(self) -> bool:
        return not self.flips

    def acts_on(self, dims: int) -> bool:
        return self.order == 1 or dims >= 2 or (dims == 1 and self.flips and self.turns == 1)

    def matrices(self, dims: int) -> NDArray[np.float64]:
        return planar(self.turns, self.flips, dims) if self.order > 1 else np.eye(dims)[None]

    def rings(self, dims: int) -> Rings | None:
        if dims < 2:
            return None
        steps = [n % self.turns for n in range(self.order)]
        mirrored = [bool(d < 0) for d in np.linalg.det(self.matrices(dims))]
        return Rings(tuple(min(s, self.turns - s) for s in steps), tuple(mirrored))


@dataclass(frozen=True)
class Solid:
    """The turns of the tetrahedron (T, 12), of the cube (O, 24), or these and their mirror images (Oh, 48)."""

    name: str
    order: int
    cyclic: ClassVar[bool] = False

    def acts_on(self, dims: int) -> bool:
        return dims == 3

    def matrices(self, dims: int) -> NDArray[np.float64]:
        return solid(self.name)

    def rings(self, dims: int) -> Rings | None:
        return None


@dataclass(frozen=True)
class Finite:
    """A group of one's own, by its matrices: `register(Finite("V4", {2: matrices}))`, then `Group("V4")`.

    Args:
        name: a capital letter, then letters and digits; none of ours.
        by_dims: its matrices (N, dims, dims) for each number of axes that it acts on, in one order of the elements.

    Raises:
        ValueError: these are not the matrices of a group, or not of one group.
    """

    name: str
    by_dims: Mapping[int, NDArray[np.float64]] = field(compare=False)
    cyclic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name) or _PLANAR.fullmatch(self.name):
            raise ValueError(f"a group cannot be called {self.name!r}; use a capital letter, then letters and digits")
        if len({len(m) for m in self.by_dims.values()}) != 1 or not 1 <= self.order <= MAX_ORDER:
            raise ValueError(f"{self.name}: give as many matrices, 1 to {MAX_ORDER}, for each number of axes")
        tables = [self._table(dims) for dims in self.by_dims]
        if any(not np.array_equal(table, tables[0]) for table in tables):
            raise ValueError(f"{self.name}: the elements multiply otherwise on other axes; put them in one order")

    @property
    def order(self) -> int:
        return len(next(iter(self.by_dims.values())))

    @property
    def family(self) -> Door[Turns]:
        """Where `register` puts it."""
        return GROUPS

    def acts_on(self, dims: int) -> bool:
        return dims in self.by_dims

    def matrices(self, dims: int) -> NDArray[np.float64]:
        return np.asarray(self.by_dims[dims], dtype=np.float64)

    def rings(self, dims: int) -> Rings | None:
        return None

    def _table(self, dims: int) -> NDArray[np.int64]:
        matrices = self.matrices(dims)
        if matrices.shape != (self.order, dims, dims):
            raise ValueError(f"{self.name}: for {dims} axes give matrices of shape ({self.order}, {dims}, {dims})")
        gram = np.einsum("nji,njk->nik", matrices, matrices)
        if np.abs(gram - np.eye(dims)).max() > 1e-9 or np.abs(matrices[0] - np.eye(dims)).max() > 1e-9:
            raise ValueError(f"{self.name}: the first matrix is the identity, and all are turns or flips")
        try:
            table = Action(matrices).product
        except ValueError:
            raise ValueError(f"{self.name}: a product of two of the matrices is not among them") from None
        if any(len(set(row)) < self.order for row in table.tolist()):
            raise ValueError(f"{self.name}: some of the matrices are equal")
        return table


# Those without a number in their name.
GROUPS: Door[Turns] = Door(
    "archsearch.groups", "group", {"T": Solid("T", 12), "O": Solid("O", 24), "Oh": Solid("Oh", 48)}
)


def turns_called(name: str) -> Turns | None:
    """The group of turns and flips of this name; None if there is none.

    Raises:
        ValueError: it is too large.
    """
    if match := _PLANAR.fullmatch(name):
        if len(match[2]) > 4 or int(match[2]) > MAX_ROTATIONS:
            raise ValueError(f"group {name[:40]!r} is too large: at most {MAX_ROTATIONS} rotations")
        return Planar(int(match[2]), match[1] == "D")
    return GROUPS.get(name)


def pattern() -> str:
    """A regular expression of all names that are known."""
    return "|".join([_PLANAR.pattern, *GROUPS])
