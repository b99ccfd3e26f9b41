"""Weights carried from one size of the kernels, or order of the group, to another."""

from __future__ import annotations

import torch
from torch import Tensor

from archspec.architecture import Architecture
from archspec.geometry.cropping import unit
from archspec.graph.signal import SignalError
from archspec.layers.bank import Bank
from archspec.layers.conv import GroupConv
from archspec.layers.kernels.features import NotCarried
from archspec.layers.kernels.table import Table
from archspec.network.lowering import Network, lower


def carry(model: Network, architecture: Architecture) -> Network:
    """A network of the same blocks with other kernel sizes or group orders, whose kernels are the same functions.

    What a larger kernel has beyond the smaller one is what its function says there (of a table: zeros); what a smaller
    one lacks is cut off. On C_n and D_n a continuous kernel is sampled at more or fewer turns; `reestimate` gives norms
    the statistics of the new order. The given model is left as it is.

    Raises:
        SignalError: the architectures differ in more than that, or a kernel cannot have another size or order.
    """
    with torch.random.fork_rng(devices=[]):
        other = lower(architecture).to(next(model.parameters()))
    # Sizes of windows and turns between the elements are the other network's own.
    state = {k: v.clone() for k, v in model.state_dict().items() if not k.endswith((".size", ".turns"))}
    wanted = {k: v for k, v in other.state_dict().items() if not k.endswith((".size", ".turns"))}
    if state.keys() != wanted.keys():
        raise SignalError("only kernel sizes and group orders may differ between what weights are carried between")
    stretched = [(n, a, model.get_submodule(n)) for n, a in other.named_modules() if isinstance(a, Bank)]
    for name, bank, mine in stretched:
        assert isinstance(mine, Bank)
        if bank.where.span != mine.where.span:
            raise SignalError(f"{name}: a kernel over {mine.where.span} scales is no kernel over {bank.where.span}")
        if isinstance(bank.kernel, Table) and bank.sizes != mine.sizes:
            key = f"{name}.kernel.weight"
            state[key] = _resized(state[key], mine.sizes, bank.sizes, _causal(mine))
    try:
        other.load_state_dict(state)
    except RuntimeError:
        raise SignalError(
            "only kernel sizes and group orders may differ; keep channels, knots and hidden widths, and between "
            "orders use a continuous kernel, full or group_separable"
        ) from None
    for name, bank, mine in stretched:
        assert isinstance(mine, Bank)
        ratio = unit(bank.sizes) / unit(mine.sizes)
        if ratio != 1:
            try:
                for part in (bank.kernel, bank.window):
                    if part is not None and not isinstance(part, Table):
                        part.stretch(ratio, 1.0 if _causal(mine) else 0.0)
            except NotCarried:
                kind = type(bank.kernel).__name__
                raise SignalError(
                    f"{name}: a {kind} kernel is bound to its size; use Siren, Magnet or Fourier"
                ) from None
            bank.place(bank.kept)
    other.fit()
    return other.train(model.training)


def _causal(bank: Bank) -> bool:
    return isinstance(bank, GroupConv) and bank.causal


def _resized(table: Tensor, before: tuple[int, ...], now: tuple[int, ...], causal: bool) -> Tensor:
    """(R, M·K) to (R, M·K'): the same weights around the centre (causal: up to the current step), zeros beyond."""
    shaped = table.view(len(table), -1, *before)
    for axis, (old, new) in enumerate(zip(before, now, strict=True), 2):
        first = new - old if causal else (new - old) // 2
        pads = [0, 0] * (shaped.dim() - 1 - axis) + [first, new - old - first]
        shaped = torch.nn.functional.pad(shaped, pads)
    return shaped.reshape(len(table), -1)
