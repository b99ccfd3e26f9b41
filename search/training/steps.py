"""One step of a training: the loss of a batch and its penalties, their gradients, clipped, and the optimizer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archspec.layers.aliasing import alias_penalty
from archspec.layers.scales import admissibility_penalty
from archspec.lowering import Network
from archspec.network.roles import roles
from search.tasks.named import AnyTask
from search.training.rates import parameter_groups
from search.training.settings import Training


class Step:
    """The step of a training, on one batch at a time. It reads nothing from the device, except in float16.

    Args:
        model: the network.
        answer: the network between examples and answers on its own grid; see `Grids.between`.
        task: the loss.
        training: the settings.
        optimizer: of the network's parameters.
        scaler: of gradients in float16.
        loss: () that each step writes its loss to; what is not a finite number stays there.
        more: what is added to the loss of each step, such as a penalty on the price; None for nothing.
    """

    def __init__(
        self,
        model: Network,
        answer: nn.Module,
        task: AnyTask,
        training: Training,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        loss: Tensor,
        more: Callable[[], Tensor] | None = None,
    ) -> None:
        self.model, self.answer, self.task, self.training = model, answer, task, training
        self.optimizer, self.scaler, self.loss, self.more = optimizer, scaler, loss, more
        self.parameters = list(model.parameters())  # to walk through the network takes longer than to clip
        self.penalised = any(getattr(m, "regularised", False) for m in model.modules())

    def __call__(self, x: Tensor, y: Tensor) -> None:
        with self._cast():
            outputs = self.answer(x)
        loss = self.task.loss(outputs.float(), y, self.training.label_smoothing)
        if self.penalised:
            loss = loss + self.training.alias_penalty * alias_penalty(self.model)
        if self.training.admissibility:
            loss = loss + self.training.admissibility * admissibility_penalty(self.model)
        if self.more is not None:
            loss = loss + self.more()
        self.loss.copy_(torch.where(self.loss.isfinite(), loss.detach(), self.loss))
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.parameters, self.training.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _cast(self) -> contextlib.AbstractContextManager[object]:
        """A context in which the network runs in the precision of the training."""
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(self.training.precision)
        return contextlib.nullcontext() if dtype is None else torch.autocast(self.loss.device.type, dtype=dtype)


def optimizer_of(model: nn.Module, training: Training, device: torch.device) -> torch.optim.Optimizer:
    """AdamW over the roles of a network; on a GPU in one kernel, with rates that a recorded step reads there.

    On a CPU the fused kernel rounds otherwise, and scores would not be those of earlier runs.
    """
    gpu = device.type == "cuda"
    present = roles(model)
    rates = {role: rate for role, rate in training.rates.items() if role in present}
    groups = parameter_groups(model, training.learning_rate, training.weight_decay, rates)
    for group in groups if gpu else ():
        group["lr"] = torch.tensor(group["lr"], device=device)
    return torch.optim.AdamW(groups, fused=gpu or None, capturable=gpu)


def as_ours(state: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The state of an optimizer, whatever device it was written on, as one that this optimizer can go on from."""
    kept = ("lr", "fused", "capturable", "foreach")
    groups = [
        theirs | {name: ours[name] for name in kept}
        for theirs, ours in zip(state["param_groups"], optimizer.param_groups, strict=True)
    ]
    return {**state, "param_groups": groups}
