"""Ready-made spaces that read the shape of their signals and their head from a task."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, Protocol

from archspec.blocks import Classifier, Dense, Regressor
from archspec.graph.block import AnyHead
from spaces.space import Space

P = ParamSpec("P")


class Described(Protocol):
    """What a space asks of a task."""

    @property
    def kind(self) -> str:
        """`classification`, `binary`, `multilabel`, `regression` or `dense`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels and grid of an example."""

    @property
    def outputs(self) -> int:
        """Number of outputs that a network needs, at each position for `dense`."""


class ReadyMade(Generic[P]):
    """A function that makes a space of channels, size and classes, with `for_task`, which reads these from a task."""

    def __init__(self, make: Callable[P, Space]) -> None:
        self.make = make
        update_wrapper(self, make)

    def __repr__(self) -> str:
        return f"spaces.{self.make.__name__}{signature(self.make)}"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Space:
        """The space."""
        return self.make(*args, **kwargs)

    def for_task(self, task: Described, **options: Any) -> Space:
        """The space for the signals and targets of a task; `options` are the other arguments of the function.

        Raises:
            ValueError: the signals of the task have another number of axes.
        """
        channels, *grid = task.shape
        axes = {"images": 2, "rotated_images": 2, "sequences": 1, "volumes": 3}.get(self.make.__name__, len(grid))
        if len(grid) != axes:
            kin = {1: "sequences", 2: "images", 3: "volumes"}.get(len(grid))
            remedy = f"use spaces.{kin}" if kin else "no space is for these"
            if not grid:
                remedy = "if each is a series of one channel, add its axis: x[:, None]"
            raise ValueError(f"the examples have {len(grid)} axes, and {self.make.__name__} has {axes}; {remedy}")
        size: Any = grid[0] if axes == 1 else tuple(grid)
        make: Callable[..., Space] = self.make
        return make(channels, size, head_for(task), **options)


def head_for(task: Described) -> AnyHead:
    """The head that a task of its kind needs."""
    if getattr(task, "per_position", task.kind == "dense"):  # tasks of other packages need not tell
        return Dense(outputs=task.outputs)
    return Regressor(outputs=task.outputs) if task.kind == "regression" else Classifier(classes=task.outputs)
