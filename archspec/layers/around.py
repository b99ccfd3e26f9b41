"""What is run around a network inside a network."""

from __future__ import annotations

from torch import nn

from archspec.layers.layer import Layer


class Around(Layer):
    """A layer that holds networks of its own, the one that it is run around as `network`."""

    network: nn.Module

    def inside(self) -> nn.Module:
        """That network."""
        return self.network
