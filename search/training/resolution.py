"""Examples sampled anew, and networks on another grid than that of their examples."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate

from archspec.architecture import Architecture
from archspec.lowering import Network
from search.measures import at_rates
from search.training.settings import Training

# How examples are interpolated, by the number of their axes.
RESAMPLED = {1: "linear", 2: "bilinear", 3: "trilinear"}


def sampled(x: Tensor, grid: tuple[int, ...]) -> Tensor:
    """Signals (B, channels, *their grid) on another grid over the same field, finer or coarser on all axes.

    On a finer grid they are interpolated linearly; on a coarser one each value is the mean over its cell, which holds
    little above the Nyquist frequency of the new grid.
    """
    here = tuple(x.shape[2:])
    if here == grid:
        return x
    if all(a >= b for a, b in zip(here, grid, strict=True)):
        return interpolate(x, grid, mode="area")
    return interpolate(x, grid, mode=RESAMPLED[len(grid)], align_corners=False)


class Resampled(nn.Module):
    """A network on another grid, between examples and answers on the grid that it was made for.

    Args:
        network: the network as it is on the other grid.
        answers: the grid of the answers; () for answers without one.
    """

    def __init__(self, network: Network, answers: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.answers = network, answers

    def forward(self, x: Tensor) -> Tensor:
        """The answers for examples on the first grid."""
        outputs: Tensor = self.network(sampled(x, self.network.grid))
        return sampled(outputs, self.answers) if self.answers else outputs


class Grids:
    """The grid of a network in each epoch of its training.

    Attributes:
        own: the grid that its architecture was made for.
    """

    def __init__(self, architecture: Architecture, training: Training) -> None:
        self.own, self._answers, self._factor = architecture.input.grid, architecture.graph.signal.grid, training.factor
        forms = at_rates(architecture, tuple(training.coarse))
        self._coarse = {factor: form.input.grid for factor, form in forms.items()}

    def at(self, epoch: int) -> tuple[int, ...]:
        """The grid in an epoch, which counts from 0: its own throughout if it has no weights on a coarser one."""
        return self._coarse.get(self._factor(epoch), self.own)

    def between(self, network: Network) -> nn.Module:
        """The network, as it is on its present grid, between examples and answers on its own."""
        return network if network.grid == self.own else Resampled(network, self._answers)
