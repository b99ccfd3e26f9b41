"""Checkpoints of a training: written whole, and checked in all their parts before one is used."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn

from search.files import write_whole


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after an epoch.

    Attributes:
        of: what is trained, under which seed and settings; a training resumes only from a checkpoint of its own.
        model: state of the network.
        optimizer: state of its optimizer.
        scaler: state of the scaler of its gradients.
        best: state of the network with the best score.
        done: number of epochs done.
        step: number of steps done.
        history: the score after each epoch; NaN where it was not finite.
        seconds: seconds of training.
    """

    of: Mapping[str, Any]
    model: dict[str, Any]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    best: dict[str, Any]
    done: int
    step: int
    history: list[float]
    seconds: float

    def write(self, path: Path) -> None:
        """Write it to a file; OSError if the disk does not take it (torch's own writer raises another error)."""
        if path.is_dir():
            _lay_aside(path)
        written = io.BytesIO()
        torch.save({field.name: getattr(self, field.name) for field in fields(self)}, written)
        write_whole(path, lambda temporary: temporary.write_bytes(written.getbuffer()))


def read_checkpoint(
    path: Path,
    of: Mapping[str, Any],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: torch.device,
) -> Checkpoint | None:
    """The checkpoint in a file; None if there is none, if it cannot be read, or if it is not of this training.

    Args:
        path: the file.
        of: what the checkpoint must be of.
        model: network whose parameters have the shapes that it must have.
        optimizer: optimizer of the network.
        epochs: largest number of epochs.
        device: where its tensors are loaded to.
    """
    try:
        data = torch.load(path, map_location=device, weights_only=True)
        found = Checkpoint(**data)
        whole = found.of == of and _fits(found, model, optimizer, epochs)
    except Exception:  # whatever a file of any content makes torch raise
        return None
    return found if whole else None


def _fits(found: Checkpoint, model: nn.Module, optimizer: torch.optim.Optimizer, epochs: int) -> bool:
    numbers = type(found.done) is type(found.step) is int and all(type(score) is float for score in found.history)
    counted = 0 < found.done == len(found.history) <= epochs and found.step >= found.done
    timed = type(found.seconds) is float and math.isfinite(found.seconds) and found.seconds >= 0
    shapes = _shapes(model.state_dict())
    states = _shapes(found.model) == shapes == _shapes(found.best)
    return numbers and counted and timed and states and _fits_optimizer(found.optimizer, optimizer)


def _shapes(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (value.shape, value.dtype) if torch.is_tensor(value) else value for name, value in state.items()}


def _fits_optimizer(state: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> bool:
    """Whether it has the groups of the optimizer, and for each parameter moments of its shape, or none."""
    ours, theirs = optimizer.state_dict()["param_groups"], state["param_groups"]
    if [group["params"] for group in ours] != [group["params"] for group in theirs]:
        return False
    if any(group.keys() != other.keys() for group, other in zip(ours, theirs, strict=True)):
        return False
    parameters = list(itertools.chain.from_iterable(group["params"] for group in optimizer.param_groups))
    return all(
        0 <= index < len(parameters) and value.shape in (parameters[index].shape, torch.Size())
        for index, moments in state["state"].items()
        for value in moments.values()
    )


def _lay_aside(path: Path) -> None:
    """Rename what stands where a checkpoint is to be written, and is none."""
    names = (path.with_name(f"{path.name}.aside{number or ''}") for number in itertools.count())
    path.rename(next(name for name in names if not name.exists()))
