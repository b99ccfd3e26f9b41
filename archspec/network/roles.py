"""What part each parameter plays, so that each part can be trained in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from torch import nn

from archspec.layers.layer import Role

ROLES: tuple[Role, ...] = get_args(Role)


def roles(model: nn.Module) -> dict[Role, dict[str, nn.Parameter]]:
    """The parameters of a network by role, each under its name; a role that none plays is left out.

    `kernel`: of networks that make kernels; `window`: widths and places of windows; `omega`: learned frequency factors;
    `elements`: which elements of a group count; `plain`: all others, tables of weights among them.
    """
    found: dict[Role, dict[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        found.setdefault(role_of(model, name), {})[name] = parameter
    return {role: found[role] for role in ROLES if role in found}


def role_of(model: nn.Module, name: str) -> Role:
    """What the innermost module around a parameter says of it that says anything; else `plain`."""
    owner, _, own = name.rpartition(".")
    while True:
        said: Mapping[str, Role] = getattr(model.get_submodule(owner), "roles", {})
        if role := said.get(own) or said.get(""):
            return role
        if not owner:
            return "plain"
        owner, _, part = owner.rpartition(".")
        own = f"{part}.{own}"
