"""Families of finite groups of turns and flips, defined by the matrices of their elements for each number of axes."""

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
_OURS = re.compile(r"[CD][1-9][0-9]*|(.*x)?S[1-9][0-9]*")  # names with a meaning: turns, flips, scales, products


class Rings(NamedTuple):
    """The angles of the elements of C_n or D_n.

    Attributes:
        steps: for each element, the size of its turn, either way, in steps of 2π/n.
        mirrored: for each element, whether it also mirrors.
    """

    steps: tuple[int, ...]
    mirrored: tuple[bool, ...]


class Turns(Protocol):
    """The protocol of finite groups of turns and flips; element 0 is the identity."""

    @property
    def order(self) -> int:
        """Number of elements."""
        ...

    def acts_on(self, dims: int) -> bool:
        """Whether it acts on a grid of that many axes."""
        ...

    def matrices(self, dims: int) -> NDArray[np.float64]:
        """(N, dims, dims): orthogonal matrices of the elements, acting on axis coordinates in array order."""
        ...

    def rings(self, dims: int) -> Rings | None:
        """The angles of its elements; None if they are not turns around one circle."""
        ...

    @property
    def cyclic(self) -> bool:
        """Whether element k is the k-th power of element 1, a turn by 2π/N."""
        ...


@dataclass(frozen=True)
class Planar:
    """C_n, the turns of the last two axes by multiples of 2π/n; with `flips` D_n, these and their mirror images."""

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
    """The turns of the tetrahedron (T, 12), of the cube (O, 24), or the latter and their mirror images (Oh, 48)."""

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
    """A group given by its matrices: `register(Finite("V4", {2: matrices}))`, then `Group("V4")`.

    Args:
        name: a capital letter, then letters and digits; not that of another group, of scales or of a product.
        by_dims: its matrices (N, dims, dims) for each number of axes that it acts on, with the elements in the same
            order and the identity first.

    Raises:
        ValueError: the matrices do not form a group, or not the same group for all numbers of axes.
    """

    name: str
    by_dims: Mapping[int, NDArray[np.float64]] = field(compare=False)
    cyclic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name):
            raise ValueError(f"a group cannot be called {self.name!r}; use a capital letter, then letters and digits")
        if _OURS.fullmatch(self.name):
            raise ValueError(f"a group cannot be called {self.name!r}, which has a meaning already; use another name")
        if len({len(m) for m in self.by_dims.values()}) != 1 or not 1 <= self.order <= MAX_ORDER:
            raise ValueError(
                f"{self.name}: give the same number of matrices, 1 to {MAX_ORDER}, for each number of axes"
            )
        tables = [self._table(dims) for dims in self.by_dims]
        if any(not np.array_equal(table, tables[0]) for table in tables):
            raise ValueError(
                f"{self.name}: products differ between numbers of axes; give the elements in the same order for each"
            )

    @property
    def order(self) -> int:
        return len(next(iter(self.by_dims.values())))

    @property
    def family(self) -> Door[Turns]:
        """The door that `register` adds it to."""
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
            raise ValueError(f"{self.name}: the first matrix must be the identity, and all must be orthogonal")
        try:
            table = Action(matrices).product
        except ValueError:
            raise ValueError(f"{self.name}: a product of two of the matrices is not among them; add it") from None
        if any(len(set(row)) < self.order for row in table.tolist()):
            raise ValueError(f"{self.name}: some of the matrices are equal; give each once")
        return table


class _Groups(Door[Turns]):
    def check(self, name: str, thing: Turns) -> None:
        """Raise ValueError if it is not a group of this name."""
        if not hasattr(thing, "matrices"):
            raise ValueError(f"{thing!r} is not a group; make one with Finite(name, matrices)")
        if name != getattr(thing, "name", name):
            raise ValueError(f"the group is called {self.name_of(thing)!r}, not {name!r}; register it under that")

    def same(self, old: Turns, new: Turns) -> bool:
        """Whether both have the same matrices."""
        if not isinstance(old, Finite) or not isinstance(new, Finite) or old.by_dims.keys() != new.by_dims.keys():
            return old is new
        return all(np.array_equal(old.matrices(dims), new.matrices(dims)) for dims in old.by_dims)


# The groups without a number in their name; C_n and D_n are recognised by a pattern.
GROUPS = _Groups("archsearch.groups", "group", {"T": Solid("T", 12), "O": Solid("O", 24), "Oh": Solid("Oh", 48)})


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
    """A regular expression that matches the names of all groups of turns and flips."""
    return "|".join([_PLANAR.pattern, *GROUPS])
