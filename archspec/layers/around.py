"""What is run around a network inside a network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from torch import nn


class Around(nn.Module):
    """A layer that holds networks of its own, the one that it is run around as `network`."""

    @abstractmethod
    def around(self, plain: Callable[[nn.Module], nn.Module]) -> nn.Module:
        """The same around what `plain` makes of each of its networks, in evaluation mode."""
