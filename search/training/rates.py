"""Learning rate and weight decay of each parameter, by its role."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec.architecture import Architecture
from archspec.layers.role import ROLES, Role
from archspec.schema.model import parts

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Rate:
    """Learning rate and weight decay of the parameters of one role.

    Attributes:
        factor: factor by which their learning rate is that of the training.
        decay: their weight decay; None is that of the training.
        still: share of the steps, at the start of the training, in which their learning rate is zero.
    """

    factor: float = 1.0
    decay: float | None = None
    still: float = 0.0

    def __post_init__(self) -> None:
        if not (self.factor >= 0 and (self.decay is None or self.decay >= 0) and 0 <= self.still <= 1):
            raise ValueError(f"a rate has a factor and a decay of 0 or more and a still share from 0 to 1, not {self}")


# Windows are trained only after the kernels inside them have begun to learn, and without weight decay, which would pull
# their widths to zero.
DEFAULTS: dict[Role, Rate] = {
    "window": Rate(factor=10.0, decay=0.0, still=0.1),
    "omega": Rate(decay=0.0),
    # The probabilities of elements must be able to move from one half to nearly 0 or 1 within a short training.
    "elements": Rate(factor=2.5, decay=0.0),
}


def parameter_groups(
    model: nn.Module, learning_rate: float, decay: float, rates: Mapping[Role, Rate] | None = None
) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: for each role one with weight decay and one without.

    Parameters with fewer than two axes (biases, scales of norms) have no weight decay. Each group has the entries
    `factor` and `still` of its role's rate, which `set_rates` reads.

    Args:
        model: the network.
        learning_rate: learning rate of a role whose factor is 1.
        decay: weight decay of the roles whose rate states none.
        rates: rates that replace the defaults.

    Raises:
        ValueError: a rate is given for a role that no parameter of the model has.
    """
    from archspec.network.roles import roles

    found, given = roles(model), dict(rates or {})
    for role in given:
        if role not in found:
            there = ", ".join(found) or "none"
            known = "" if role in ROLES else f" (the roles are {', '.join(ROLES)})"
            raise ValueError(f"no parameter of this network has the role {role!r}{known}; it has {there}")
    groups: list[dict[str, Any]] = []
    for role, parameters in found.items():
        rate = given.get(role, DEFAULTS.get(role, Rate()))
        for decays in (True, False):
            members = [p for p in parameters.values() if (p.dim() >= 2) == decays]
            if members:
                weight_decay = (decay if rate.decay is None else rate.decay) if decays else 0.0
                groups.append(
                    {
                        "params": members,
                        "lr": learning_rate * rate.factor,
                        "weight_decay": weight_decay,
                        "factor": rate.factor,
                        "still": rate.still,
                    }
                )
    return groups


def check_roles(template: Architecture, rates: Mapping[Role, Rate]) -> None:
    """Check that each role with a rate is that of some parameter of some filling; ValueError names one that is not."""
    there = {"plain"}.union(*(part.learns() for part in parts(template)))
    for role in rates:
        if role not in there:
            raise ValueError(f"no parameter of this space has the role {role!r}; leave its rate out")


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes: a linear warm-up, and a fall to zero.

    Attributes:
        total: number of steps of a whole training.
        warmup: share of these steps in the warm-up.
        end: number of steps of this training, which may be shorter.
        cooldown: step from which the rate, constant until then, falls as 1 − √x, where x goes from 0 to 1 at the end
            (Hägele et al. 2024, arXiv 2405.18392); None for a cosine from the end of the warm-up.
    """

    total: int
    warmup: float
    end: int
    cooldown: int | None = None

    def share(self, step: int) -> float:
        """The share of the largest learning rate at a step, which counts from 0."""
        warm = max(1, round(self.warmup * self.total))
        if self.cooldown is not None:
            fallen = max(0, step - self.cooldown) / max(1, self.end - self.cooldown)
            return min(1.0, (step + 1) / warm) * (1 - math.sqrt(min(1.0, fallen)))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, self.end - warm))))


def planned(epoch: int, batch: int, steps: int) -> int:
    """The step of a schedule, from 0, that a batch of an epoch is.

    Data give as many batches as they say, or other data would have another rate in the epochs that follow: those beyond
    the planned ones are of the last step of their epoch, and the next epoch begins where it is planned to. So data that
    do not say how many they give, of which one is planned, have one rate in each epoch.

    Args:
        epoch: number of epochs before this one.
        batch: the batch of the epoch, from 1.
        steps: number of batches that an epoch is planned to have.
    """
    return epoch * steps + max(0, min(batch, steps) - 1)


def set_rates(optimizer: torch.optim.Optimizer, learning_rate: float, step: int, schedule: Schedule) -> None:
    """Set the learning rate of each parameter group for a step.

    Args:
        optimizer: over the groups of `parameter_groups`; each has the learning rate times its `factor`, and zero in the
            first share `still` of the steps of a whole training.
        learning_rate: the largest learning rate, at the end of the warm-up.
        step: index of the step, from 0.
        schedule: how the learning rate changes.
    """
    rate = learning_rate * schedule.share(step)
    for group in optimizer.param_groups:
        value = rate * group["factor"] * (step >= group["still"] * schedule.total)
        if isinstance(group["lr"], int | float):
            group["lr"] = value
        else:
            group["lr"].fill_(value)  # a tensor, where a recorded step reads it
