"""Scores of a network on the training, validation or test data of a task."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from archspec.layers.keeping import kept_kernels
from search.tasks.named import AnyTask
from search.tasks.task import Batch, Data, batches
from search.training.devices import brought, fetched

EVALUATION_BATCH = 256
NUMBERS = 2**22  # of the inputs that are answered at a time, unless a batch of the training holds more


def evaluate(
    model: nn.Module, task: AnyTask, data: Data, batch_size: int = 1, device: torch.device | str = "cpu"
) -> dict[str, float]:
    """Scores of a model on one part of a task's data, by name; puts the model into evaluation mode.

    Batches have at least 256 examples, whatever `batch_size` is, and are answered in parts if the examples are large.
    Where an answer of the model is infinite or NaN, as to an example that holds NaN, every score is NaN: a class could
    still be read from it.
    """
    device = torch.device(device)
    model.eval()
    with torch.no_grad(), kept_kernels(model):
        examples = brought(batches(data, max(batch_size, EVALUATION_BATCH)), device)
        found = fetched(((model(x), y) for x, y in _in_parts(examples, batch_size)), device)
    outputs, targets = (torch.cat(parts) for parts in zip(*found, strict=True))
    restored = getattr(task, "restored", None)  # tasks of other packages need not have it
    outputs = restored(outputs) if restored else outputs
    if outputs.isfinite().all():
        return task.scores(outputs, targets)
    return dict.fromkeys(task.scores(outputs.nan_to_num(0, 0, 0), targets), math.nan)


def answered(x: Tensor, batch_size: int) -> int:
    """How many examples of a batch are answered at a time: as many as are trained on, or as hold four million numbers.

    Large examples, such as volumes, would take much more memory scored by 256 than trained on by two.
    """
    return max(1, batch_size, NUMBERS // max(1, x[:1].numel()))


def _in_parts(examples: Iterator[Batch], batch_size: int) -> Iterator[Batch]:
    for x, y in examples:
        size = answered(x, batch_size)
        yield from zip(x.split(size), y.split(size), strict=True)


def is_finite(model: nn.Module) -> bool:
    """Whether no weight of a model is infinite or NaN; it is read from the device once."""
    weights = [value.isfinite().all() for value in model.state_dict().values() if value.is_floating_point()]
    return not weights or bool(torch.stack(weights).all())
