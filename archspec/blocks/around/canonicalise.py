"""A plain network behind a learned choice of orientation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from archspec.blocks.activation import Activation
from archspec.blocks.around.wrapper import Wrapper
from archspec.blocks.conv.conv import Lift
from archspec.blocks.conv.fields import Taps
from archspec.geometry.fourier import Target
from archspec.geometry.groups import TRIVIAL
from archspec.graph.block import Channels
from archspec.graph.cost import Cost
from archspec.graph.graph import INPUT, Builder, Graph
from archspec.graph.signal import Signal
from archspec.kernels import AnyKernel, Table
from archspec.kernels.windows import Disc

if TYPE_CHECKING:
    from torch import nn


class Canonicalise(Wrapper):
    """h·body(h⁻¹·x) for the element h that a small equivariant scorer likes best (Kaba et al. 2023, arXiv 2211.06489).

    The scorer lifts to the group, cuts off below zero and takes the mean over channels and grid: one score for each
    element. It costs that and one run of the body. In training too the best element is taken, so that the body meets
    what it will meet; gradients reach the scores as though all elements were mixed by their softmax (straight-through).
    Of equal scores the first in the group's order wins. Where some turn leaves the signal as it is, scores are equal
    (and rounding may choose): the result need not have that symmetry then, but pooled over the grid it is invariant.
    """

    kind: Literal["canonicalise"] = "canonicalise"
    channels: Channels = Field(default=4, description="of the scorer")
    kernel_size: Taps = Field(default=5, description="of the scorer, taps per axis")
    kernel: AnyKernel = Field(default=Table(), description="of the scorer; a table stays on the grid it is made for")
    temperature: float = Field(
        default=0.1, gt=0, le=100, description="of the softmax through which the scorer learns; the choice ignores it"
    )

    def infer(self, x: Signal) -> Signal:
        y = super().infer(x)
        self._lift(x).infer(x._replace(pooled=TRIVIAL))  # says what does not fit, by the field of this block
        return y

    def cost_around(self, x: Signal, inside: Cost, target: Target = "torch") -> Cost:
        return self.scorer(x).cost(target) + inside

    def warnings(self, x: Signal) -> Iterator[str]:
        yield from super().warnings(x)
        if not self.group.action(x.dims).exact:
            yield f"the choice among the turns of {self.group} can jump where they are interpolated"

    def scorer(self, x: Signal) -> Graph:
        """The graph of the scorer, up to the mean."""
        build = Builder(x._replace(pooled=TRIVIAL))
        return Graph(build.nodes, build.body("scorer", (self._lift(x), Activation()), INPUT))

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.canonicalise import Canonicalise as Layer
        from archspec.network.assembling import Assembled, assembled

        graph, scorer = self.inner(x), self.scorer(x)
        there, back = self.moves(x, back=True), self.moves(graph.signal, back=False)
        shape = (self.channels, self.group.order, scorer.signal.positions)
        return Layer(assembled(scorer, Assembled), assembled(graph, Assembled), there, back, shape, self.temperature)

    def _lift(self, x: Signal) -> Lift:
        window = None if self.group.action(x.dims).exact else Disc()
        return Lift(
            group=self.group,
            channels=self.channels,
            kernel_size=self.kernel_size,
            kernel=self.kernel,
            window=window,
        )
