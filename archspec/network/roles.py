"""What part each parameter plays, so that each part can be trained in its own way."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from archspec.layers.kernels.features import KernelModule
from archspec.layers.kernels.product import Product
from archspec.layers.kernels.table import Table
from archspec.layers.partial import Elements, Sector
from archspec.layers.turns import Turns
from archspec.layers.windows import LearnedWindow

Role = Literal["kernel", "window", "omega", "elements", "plain"]
ROLES: tuple[Role, ...] = get_args(Role)


def roles(model: nn.Module) -> dict[Role, dict[str, nn.Parameter]]:
    """The parameters of a network by role, each under its name; a role that none plays is left out.

    `kernel`: of networks that make kernels; `window`: widths and places of windows; `omega`: learned frequency factors;
    `elements`: which elements of a group count; `plain`: all others, tables of weights among them.
    """
    found: dict[Role, dict[str, nn.Parameter]] = {}
    kernels = {
        n for n, m in model.named_modules() if isinstance(m, KernelModule) and not isinstance(m, Table | Product)
    }
    windows = {n for n, m in model.named_modules() if isinstance(m, LearnedWindow)}
    partial = {n for n, m in model.named_modules() if isinstance(m, Elements | Sector | Turns)}
    for name, parameter in model.named_parameters():
        owners = {name[:i] for i, letter in enumerate(name) if letter == "."}
        role: Role = "window" if owners & windows else "kernel" if owners & kernels else "plain"
        if owners & partial:
            role = "elements"
        if role == "kernel" and name.endswith((".omega", ".first_omega")):
            role = "omega"
        found.setdefault(role, {})[name] = parameter
    return {role: found[role] for role in ROLES if role in found}
