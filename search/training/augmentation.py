"""Augmentation by a group: every training example is transformed by a random element each time it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from archspec.geometry.groups import Group, groups_for
from archspec.graph.signal import Signal
from archspec.symmetry.signals import transformed
from search.tasks.named import AnyTask
from search.tasks.task import Batch, batches
from search.training.devices import sent


def augmented(examples: Iterable[Batch], name: str | None, seed: int) -> Iterator[Batch]:
    """The batches, with each example transformed by its own random element of the group `name`; unchanged for None.

    All elements are equally likely, and follow from the seed. An element that maps the grid onto itself (quarter turns,
    flips) is an exact array operation; any other interpolates bicubically, with zeros outside the grid. All is done on
    the device of the batches.
    """
    if name is None:
        yield from examples
        return
    group, generator = Group(name), torch.Generator().manual_seed(seed)
    for x, y in examples:
        elements = torch.randint(group.order, (len(x),), generator=generator)
        yield moved(x, group, elements), y


def moved(x: Tensor, group: Group, elements: Tensor) -> Tensor:
    """Examples (n, channels, *grid), each transformed by the group element of its index in `elements` (n,)."""
    signal, result = Signal(x.shape[1], tuple(x.shape[2:])), torch.empty_like(x)
    for element in elements.unique().tolist():
        those = sent((elements == element).nonzero()[:, 0], x.device)
        result[those] = transformed(x[those], signal, group, element)
    return result


def check_augmentation(name: str | None, task: AnyTask) -> None:
    """Check that the group `name` transforms examples of a task to examples of the same shape and target.

    Raises:
        ValueError: it does not; the message says why, and which groups act on such examples.
    """
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
            f"augment: the scales of {name} would leave a signal smaller than its grid; groups for "
            f"{task.name}: {fitting}"
        )
    if not grid or not group.acts_on(len(grid)):
        raise ValueError(
            f"augment: {name} does not act on the {len(grid)} axes of {task.name}; groups that do: {fitting}"
        )
    if misfit := group.misfit(grid):
        raise ValueError(f"augment: {misfit}")
    if y.shape[-len(grid) :] == grid:
        raise ValueError(
            f"augment: {name} would transform the inputs of {task.name} but not its targets, which have a value for "
            "each position; leave augment out"
        )
