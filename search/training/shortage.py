"""Whether a device has the memory that a training takes, before it is trained."""

from __future__ import annotations

import torch

from archspec.architecture import Architecture, price
from archspec.graph.cost import Cost
from search.errors import RunError
from search.machine import total_memory
from search.numbers import short
from search.outcome import TOO_LARGE
from search.tasks.named import AnyTask
from search.training.devices import device_of
from search.training.evaluation import EVALUATION_BATCH
from search.training.memory import memory_of
from search.training.settings import Training

# What is told is less than 1.25 times what is held; nothing that could have run is refused.
MARGIN = 1.25


def shortage(architecture: Architecture, task: AnyTask, training: Training) -> str | None:
    """Why a training cannot fit into the memory of its device, in one sentence; None if it can, or nobody knows.

    Only tensors count, which nothing can do without, and of these in half precision the half. Nobody knows of a network
    with modules of somebody else: an operator that a device fuses may hold much less there than it seems to.
    """
    device = device_of(training.device)
    there = total_memory() if device.type == "cpu" else _total_of(device)
    if there is None or most(price(architecture), max(training.batch_size, EVALUATION_BATCH)) < there:
        return None
    try:
        told = memory_of(task, training, tensors=True)(architecture)
    except RunError:
        return None
    least = told / MARGIN / (1 if training.precision == "float32" else 2)
    if least <= there:
        return None
    where = "this machine" if device.type == "cpu" else "the GPU"
    return (
        f"{TOO_LARGE} {short(told)}B of memory, and {where} has {short(there)}B; use a smaller batch_size than "
        f"{training.batch_size}, or leave such candidates out by the constraint 'memory <= {short(there)}'"
    )


def most(cost: Cost, examples: int) -> float:
    """Bytes that no training of a network of this cost exceeds, by far: it is known without running a step.

    Each number that a step holds was computed, by one operation at least; about the activations and the parameters
    there are some more whose operations do not count.
    """
    return 4.0 * (examples * (cost.flops + 150 * cost.activations) + 8 * cost.kernel_macs + 40 * cost.params + 10**6)


def _total_of(device: torch.device) -> int | None:
    return int(torch.cuda.mem_get_info(device)[1]) if device.type == "cuda" else None
