"""What part each parameter plays, so that each part can be trained in its own way."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from archspec.layers.kernels.features import KernelModule
from archspec.layers.kernels.table import Table
from archspec.layers.windows import LearnedWindow

Role = Literal["kernel", "window", "omega", "plain"]
ROLES: tuple[Role, ...] = get_args(Role)


def roles(model: nn.Module) -> dict[Role, dict[str, nn.Parameter]]:
    """The parameters of a network by role, each under its name; a role that none plays is left out.

    `kernel`: of networks that make kernels; `window`: widths and places of windows; `omega`: learned frequency factors;
    `plain`: all others, tables of weights among them.
    """
    found: dict[Role, dict[str, nn.Parameter]] = {}
    kernels = {n for n, m in model.named_modules() if isinstance(m, KernelModule) and not isinstance(m, Table)}
    windows = {n for n, m in model.named_modules() if isinstance(m, LearnedWindow)}
    for name, parameter in model.named_parameters():
        owners = {name[:i] for i, letter in enumerate(name) if letter == "."}
        role: Role = "window" if owners & windows else "kernel" if owners & kernels else "plain"
        if role == "kernel" and name.endswith(".omega"):
            role = "omega"
        found.setdefault(role, {})[name] = parameter
    return {role: found[role] for role in ROLES if role in found}
