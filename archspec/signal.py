"""The one type on every edge of an architecture."""

from __future__ import annotations

from typing import NamedTuple

from archspec.groups import TRIVIAL, Group


class SignalError(ValueError):
    """An architecture does not fit together; the message says where, what and what to do."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Signal(NamedTuple):
    """`channels` fields over a grid, each with one value per element of `group`.

    Tensor layout: (B, C, *grid) when `group` is trivial, else (B, C, G, *grid).
    `pooled` is the group whose axis was pooled away: the grid still turns under it, the fibre no longer does.
    """

    channels: int
    grid: tuple[int, ...]
    group: Group = TRIVIAL
    pooled: Group = TRIVIAL

    @property
    def dims(self) -> int:
        return len(self.grid)

    @property
    def positions(self) -> int:
        """Number of points of the grid."""
        count = 1
        for size in self.grid:
            count *= size
        return count

    @property
    def maps(self) -> int:
        """Channels × group elements: the channels a plain network of this shape would have."""
        return self.channels * self.group.order

    @property
    def symmetry(self) -> Group:
        """The group that still moves this signal: of its fibre or, once pooled, of its grid."""
        return self.pooled if self.group.trivial else self.group

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        fibre = () if self.group.trivial else (self.group.order,)
        return (self.channels, *fibre, *self.grid)

    def __str__(self) -> str:
        grid = "×".join(map(str, self.grid)) or "no grid"
        fibre = "" if self.group.trivial else f" on {self.group}"
        return f"{self.channels} channels{fibre}, {grid}"
