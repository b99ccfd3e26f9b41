"""How fast each part of a network is trained: parameter groups by role."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from archspec.architecture import Architecture
from archspec.layers.layer import Role
from archspec.network.roles import ROLES, roles
from archspec.schema.model import parts


@dataclass(frozen=True)
class Rate:
    """How the parameters of one role are trained.

    Attributes:
        factor: of the learning rate.
        decay: weight decay; None is that of the training.
        still: share of the steps, at the start, in which they do not move.
    """

    factor: float = 1.0
    decay: float | None = None
    still: float = 0.0

    def __post_init__(self) -> None:
        if not (self.factor >= 0 and (self.decay is None or self.decay >= 0) and 0 <= self.still <= 1):
            raise ValueError(f"a rate has a factor and a decay of 0 or more and a still share from 0 to 1, not {self}")


# A window moves after the kernel has found something to put into it, and nothing draws it to a width of its own.
DEFAULTS: dict[Role, Rate] = {
    "window": Rate(factor=10.0, decay=0.0, still=0.1),
    "omega": Rate(decay=0.0),
    # Probabilities must be able to move from one half to nearly 0 or 1 within a short training.
    "elements": Rate(factor=2.5, decay=0.0),
}


def parameter_groups(
    model: nn.Module, learning_rate: float, decay: float, rates: Mapping[Role, Rate] | None = None
) -> list[dict[str, Any]]:
    """Groups for an optimizer: one per role and, within it, one for weights and one for what does not decay.

    That is numbers per channel: biases, scales. Each group carries `factor` and `still` of its role, for `set_rates`.

    Raises:
        ValueError: a rate is given for a role that no parameter plays.
    """
    found, asked = roles(model), dict(rates or {})
    for role in asked:
        if role not in found:
            there = ", ".join(found) or "none"
            known = "" if role in ROLES else f" (the roles are {', '.join(ROLES)})"
            raise ValueError(f"no parameter of this network has the role {role!r}{known}; it has {there}")
    groups: list[dict[str, Any]] = []
    for role, parameters in found.items():
        rate = asked.get(role, DEFAULTS.get(role, Rate()))
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
    """Refuse rates of roles that no parameter of any filling plays; ValueError names the role."""
    there = {"plain"}.union(*(part.learns() for part in parts(template)))
    for role in rates:
        if role not in there:
            raise ValueError(f"no parameter of this space has the role {role!r}; leave its rate out")


def set_rates(optimizer: torch.optim.Optimizer, learning_rate: float, step: int, total: int, warmup: float) -> None:
    """Rise over the first share of the steps, then a cosine to zero; each group times its factor, once it moves."""
    warm = max(1, round(warmup * total))
    if step < warm:
        rate = learning_rate * (step + 1) / warm
    else:
        rate = learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"] * (step >= group["still"] * total)
