"""The role of each parameter, so that optimisers can train the roles differently."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from archspec.layers.role import ROLES as ROLES
from archspec.layers.role import Role


def roles(model: nn.Module) -> dict[Role, dict[str, nn.Parameter]]:
    """The parameters of a network by role and then by name; roles without parameters are left out.

    `kernel`: parameters of continuous kernels; `window`: widths and means of windows; `omega`: learned frequency
    factors; `elements`: which group elements are active; `plain`: all others, including tables of weights.
    """
    found: dict[Role, dict[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        found.setdefault(role_of(model, name), {})[name] = parameter
    return {role: found[role] for role in ROLES if role in found}


def role_of(model: nn.Module, name: str) -> Role:
    """The role of a parameter by the innermost module around it whose `roles` has an entry for it; else `plain`."""
    owner, _, own = name.rpartition(".")
    while True:
        entries: Mapping[str, Role] = getattr(model.get_submodule(owner), "roles", {})
        if role := entries.get(own) or entries.get(""):
            return role
        if not owner:
            return "plain"
        owner, _, part = owner.rpartition(".")
        own = f"{part}.{own}"
