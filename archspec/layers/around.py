"""The base class of layers that wrap a network."""

from __future__ import annotations

from torch import nn

from archspec.layers.layer import Layer


class Around(Layer):
    """A layer that wraps a network, its submodule `network`."""

    network: nn.Module

    def inside(self) -> nn.Module:
        """The wrapped network."""
        return self.network
