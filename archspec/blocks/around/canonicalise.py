"""A plain network on an input turned to a learned canonical orientation."""

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
    """h·body(h⁻¹·x), where element h has the highest score of a small equivariant network (Kaba et al., 2211.06489).

    The scorer is a lifting convolution and a ReLU; their mean over channels and grid is one score for each element. The
    cost is that of the scorer and of one run of the body. The best element is used in training too, so that the body
    sees the same inputs as in evaluation; the scores get gradients as if the elements were mixed by a softmax
    (straight-through). Of equal scores the first in the group's order is taken. If some turn leaves the signal
    unchanged, its scores are equal up to rounding: then the output need not have that symmetry, but pooled over the
    grid it is invariant.
    """

    kind: Literal["canonicalise"] = "canonicalise"
    channels: Channels = Field(default=4, description="channels of the scorer")
    kernel_size: Taps = Field(default=5, description="taps per axis of the scorer's kernel")
    kernel: AnyKernel = Field(default=Table(), description="kernel of the scorer; a table fixes the resolution")
    temperature: float = Field(
        default=0.1,
        gt=0,
        le=100,
        description="temperature of the softmax in the gradient; it does not affect the choice",
    )

    def infer(self, x: Signal) -> Signal:
        y = super().infer(x)
        self._lift(x).infer(x._replace(pooled=TRIVIAL))  # its errors name fields that this block has too
        return y

    def cost_around(self, x: Signal, inside: Cost, target: Target = "torch") -> Cost:
        return self.scorer(x).cost(target) + inside

    def warnings(self, x: Signal) -> Iterator[str]:
        yield from super().warnings(x)
        if not self.group.action(x.dims).exact:
            yield f"the choice among the turns of {self.group} can jump where they are interpolated"

    def scorer(self, x: Signal) -> Graph:
        """The graph of the scorer before the mean over channels and grid."""
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
