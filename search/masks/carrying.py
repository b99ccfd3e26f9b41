"""The state of an optimizer, carried over to a network that was built anew from its own weights."""

from __future__ import annotations

import copy

import torch

from archspec.lowering import Network
from archspec.transfer import inherit


@torch.no_grad()
def carried(
    optimizer: torch.optim.Optimizer, before: Network, network: Network, fresh: torch.optim.Optimizer
) -> torch.optim.Optimizer:
    """The optimizer of a network that was built anew, with the moments of the network before.

    Moments are inherited as the weights are: each belongs to a weight. Those of new weights are zero.

    Args:
        optimizer: that of the network before.
        before: this network.
        network: the network that has inherited its weights.
        fresh: a new optimizer of it.
    """
    theirs, ours = dict(before.named_parameters()), dict(network.named_parameters())
    steps = [state["step"] for state in optimizer.state.values() if "step" in state]
    if not steps:
        return fresh
    found: dict[str, dict[str, torch.Tensor]] = {name: {} for name in ours}
    for moment in ("exp_avg", "exp_avg_sq"):
        source, goal = copy.deepcopy(before), copy.deepcopy(network)
        for name, parameter in source.named_parameters():
            parameter.copy_(optimizer.state.get(theirs[name], {}).get(moment, torch.zeros_like(parameter)))
        for parameter in goal.parameters():
            parameter.zero_()
        inherit(goal, source)
        known = dict(source.named_parameters())
        for name, parameter in goal.named_parameters():
            alike = name in known and known[name].shape == parameter.shape
            value = known[name] if alike else parameter
            whole = bool(value.isfinite().all())
            found[name][moment] = (
                (value.clamp(min=0) if moment == "exp_avg_sq" else value).clone()
                if whole
                else (torch.zeros_like(value))
            )
    for name, parameter in ours.items():
        fresh.state[parameter] = {"step": steps[0].clone(), **found[name]}
    sizes = optimizer.param_groups[-1]["params"][0]
    if sizes in optimizer.state:
        fresh.state[sizes] = optimizer.state[sizes]
    return fresh
