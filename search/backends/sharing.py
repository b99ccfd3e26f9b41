"""What the trainings on this machine share: its GPUs, and the memory of each device."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from archspec.architecture import price
from search.errors import RunError
from search.machine import total_memory
from search.tasks.named import AnyTask
from search.training.devices import SHARE, device_of, size_of
from search.training.evaluation import EVALUATION_BATCH
from search.training.memory import memory_of
from search.training.settings import Training
from search.training.shortage import most
from search.trial import Trial

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Bytes that a process takes before it trains: Python and torch of a machine's memory, a context of a GPU's.
PROCESS = 0.5e9
# On a CPU a process keeps much of what its tensors have left (docs/devices.md).
KEPT = 2.0
# No network of the tests takes more than a sixteenth of what none can exceed; an eighth is believed.
BELIEVED = 1 / 8


@dataclass(frozen=True)
class Device:
    """A device of this machine, on which several trainings may run at the same time.

    Attributes:
        memory: its bytes of memory; None where that is not known.
        visible: what the variable CUDA_VISIBLE_DEVICES is for its worker processes; None for what it is here.
    """

    memory: int | None
    visible: str | None = None


def devices_of(wanted: str) -> list[Device]:
    """The devices that trainings are spread over, by the setting `device` of a training.

    Those are all GPUs that this process may use, for `auto` or `cuda`; otherwise the one that is named.
    """
    device = device_of(wanted)
    if device.type == "cpu":
        return [Device(total_memory())]
    if device.type != "cuda":
        return [Device(None)]
    count = torch.cuda.device_count()
    if device.index is not None or count < 2:
        return [Device(_memory_of_gpu(device.index or 0))]
    names = os.environ.get(VISIBLE) or ",".join(map(str, range(count)))
    return [Device(_memory_of_gpu(index), name.strip()) for index, name in enumerate(names.split(",")[:count])]


def _memory_of_gpu(index: int) -> int:
    return int(torch.cuda.get_device_properties(index).total_memory)


class Sharing:
    """Which candidates have room beside each other in the memory of a device, by what their trainings take.

    A candidate of which nobody can tell, such as one with a block that reads numbers in Python, counts as a process
    that trains nothing.
    """

    def __init__(self, task: AnyTask, training: Training) -> None:
        gpu = device_of(training.device).type == "cuda"
        self.factor, self.data = (1.0, size_of(task.train) + size_of(task.validation)) if gpu else (KEPT, 0)
        self.examples = max(*training.possible("batch_size"), EVALUATION_BATCH)
        self.told = memory_of(task, training)

    def has_room(self, trial: Trial, beside: Iterable[Trial], device: Device) -> bool:
        """Whether a candidate can be trained beside those that are in training on a device; alone it always can."""
        there = [*beside, trial]
        if device.memory is None or len(there) == 1:
            return True
        data = self.data if self.data <= SHARE * device.memory else 0
        left = device.memory - len(there) * (PROCESS + data)
        # First by what is known of costs alone: to tell what a training takes may need a second.
        return any(sum(map(takes, there)) <= left for takes in (self._by_costs, self.takes))

    def takes(self, trial: Trial) -> float:
        """Bytes that the training of a candidate takes, beside its process and the data."""
        try:
            return 0.0 if trial.architecture is None else self.factor * self.told(trial.architecture)
        except RunError:
            return 0.0

    def _by_costs(self, trial: Trial) -> float:
        """Bytes that it hardly exceeds."""
        if trial.architecture is None:
            return 0.0
        return self.factor * BELIEVED * most(price(trial.architecture), self.examples)
