"""Weight transfer: from one kernel size, or group order, to another."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError
from archspec.layers.kernels.features import NotCarried
from archspec.layers.layer import Layer
from archspec.lowering import Network, lower


def carry(model: Network, architecture: Architecture) -> Network:
    """A network with the same blocks but other kernel sizes or group orders, whose kernels are the same functions.

    A larger kernel continues the function of the smaller one (a table: with zeros); a smaller kernel is cut off. On C_n
    and D_n a continuous kernel is sampled at more or fewer turns; use `reestimate` to adapt the statistics of norms to
    the new order.

    Args:
        model: the network whose weights are copied; it is not changed.
        architecture: the architecture of the new network.

    Raises:
        SignalError: the architectures differ in something else, or a kernel cannot have another size or order.
    """
    with torch.random.fork_rng(devices=[]):
        other = lower(architecture).to(next(model.parameters()))
    # Cropped sizes and offset turns are not transferred.
    state = {k: v.clone() for k, v in model.state_dict().items() if not k.endswith((".size", ".turns"))}
    wanted = {k: v for k, v in other.state_dict().items() if not k.endswith((".size", ".turns"))}
    if state.keys() != wanted.keys():
        raise SignalError(
            "only kernel sizes and group orders may differ between the two architectures; keep all other fields"
        )
    pairs = list(_pairs(other, model))
    try:
        for name, layer, mine in pairs:
            layer.take_over(mine, state, f"{name}.")
    except NotCarried as error:
        raise SignalError(f"{name}: {error}") from None
    try:
        other.load_state_dict(state)
    except RuntimeError:
        raise SignalError(
            "only kernel sizes and group orders may differ; keep channels, knots and hidden widths, and between "
            "orders use a continuous kernel, full or group_separable"
        ) from None
    for name, layer, mine in pairs:
        try:
            layer.stretch(mine)
        except NotCarried as error:
            raise SignalError(f"{name}: {error}") from None
    other.fit()
    return other.train(model.training)


def _pairs(other: Network, model: Network) -> Iterator[tuple[str, Layer, Layer]]:
    """The name of each layer, and the layers of that name in both networks."""
    for name, layer in other.named_modules():
        mine = model.get_submodule(name)
        if name and isinstance(layer, Layer) and isinstance(mine, Layer):
            yield name, layer, mine
