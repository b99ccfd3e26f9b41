"""A plain network averaged over a group: equivariant, at the cost of one run for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.blocks.around.wrapper import Wrapper
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal

if TYPE_CHECKING:
    from torch import nn


class Averaging(Wrapper):
    """A block that runs its body on the signal moved by every element of the group."""

    only_in_evaluation: ClassVar[bool] = False
    reduce: Literal["mean", "max"] = Field(default="mean", description="how the outputs, each moved back, are combined")

    def cost_around(self, x: Signal, inside: Cost, target: Target = "torch") -> Cost:
        times = self.group.order
        return Cost(
            macs=times * inside.macs,
            fft_flops=times * inside.fft_flops,
            params=inside.params,
            activations=times * inside.activations,
            kernel_macs=inside.kernel_macs,
        )

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.averaging import Average
        from archspec.network.assembling import Assembled, assembled

        graph = self.inner(x)
        there, back = self.moves(x, back=False), self.moves(graph.signal, back=True)
        return Average(assembled(graph, Assembled), there, back, self.reduce, self.only_in_evaluation)


class FrameAverage(Averaging):
    """The mean over the group of g⁻¹·body(g·x), equivariant for any body (Puny et al. 2022, arXiv 2110.03336).

    The frame is the whole group. It costs |G| runs of the body, also in training.
    """

    kind: Literal["frame_average"] = "frame_average"


class TestTimeAverage(Averaging):
    """FrameAverage in evaluation, the body alone in training: the usual test-time augmentation.

    Its cost is that in evaluation: |G| runs of the body.
    """

    __test__ = False  # or pytest would collect it, by its name
    only_in_evaluation: ClassVar[bool] = True
    kind: Literal["test_time_average"] = "test_time_average"
