"""Augmentation by a group: every training example, each time it is seen, moved by a random element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from archspec.geometry.groups import Group, groups_for
from archspec.graph.signal import Signal
from archspec.symmetry.signals import transformed
from search.tasks.named import AnyTask
from search.tasks.task import Batch, batches


def augmented(examples: Iterable[Batch], name: str | None, seed: int) -> Iterator[Batch]:
    """The batches, every example of them moved by an element of its own of the group called `name`; None moves none.

    All elements are as likely, and follow from the seed. An element that maps the grid onto itself (quarter turns,
    flips) is an array operation, so exact; another interpolates bicubically, with zeros from beyond the edge.
    """
    if name is None:
        yield from examples
        return
    group, generator = Group(name), torch.Generator().manual_seed(seed)
    for x, y in examples:
        elements = torch.randint(group.order, (len(x),), generator=generator)
        yield moved(x, group, elements), y


def moved(x: Tensor, group: Group, elements: Tensor) -> Tensor:
    """Examples (n, channels, *grid), each moved by the element (n,) of the group."""
    signal, result = Signal(x.shape[1], tuple(x.shape[2:])), torch.empty_like(x)
    for element in elements.unique().tolist():
        those = elements == element
        result[those] = transformed(x[those], signal, group, element)
    return result


def check_augmentation(name: str | None, task: AnyTask) -> None:
    """Refuse a group that does not move the examples of a task to such examples; ValueError says which would."""
    if name is None:
        return
    x, y = next(iter(batches(task.train, 1)))
    grid = tuple(x.shape[2:])
    fitting = groups_for(len(grid), scales=False)
    try:
        group = Group(name)
    except ValueError as error:
        raise ValueError(f"augment: {error}") from None
    if group.scaling:
        raise ValueError(
            f"augment: the scales of {name} would leave a signal smaller than its grid; groups that move {task.name}: "
            f"{fitting}"
        )
    if not grid or not group.acts_on(len(grid)):
        raise ValueError(
            f"augment: {name} does not act on the {len(grid)} axes of {task.name}; groups that do: {fitting}"
        )
    if misfit := group.misfit(grid):
        raise ValueError(f"augment: {misfit}")
    if y.shape[-len(grid) :] == grid:
        raise ValueError(
            f"augment: {name} would move the inputs of {task.name} and leave the targets of its positions behind; "
            "leave augment out"
        )
