"""A factorised convolution: one stage over the taps and one at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from archspec.geometry.units import same_units
from archspec.layers.conv import INNERMOST, GroupConv
from archspec.layers.layer import Active, Layer, plain_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.fourier import Target
    from archspec.geometry.groups import Group
    from archspec.geometry.units import Units


class Factorised(Layer, nn.Sequential):
    """The stages `spatial` and `mixing`, in either order: (B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Where the stage over the taps is faster in channels-last memory format, so is the other: the format is changed once.
    """

    def forward(self, x: Tensor) -> Tensor:
        spatial, mixing = self.spatial, self.mixing
        if not (isinstance(spatial, GroupConv) and isinstance(mixing, GroupConv) and x.is_contiguous()):
            return self.stages(x)
        if spatial.by_fft[self.training] or not spatial.ways[self.training].channels_last:
            return self.stages(x)
        dims = len(spatial.taps)
        moved = (x.flatten(1, 2) if x.dim() > dims + 2 else x).contiguous(memory_format=INNERMOST[dims - 1])
        return self.stages(moved.unflatten(1, x.shape[1:-dims])).contiguous()

    prunable: ClassVar[bool] = True
    spatial: Layer
    mixing: Layer

    def plain(self, target: Target = "torch") -> nn.Module:
        """The plain forms of both stages, in order."""
        return nn.Sequential(*(plain_of(stage, target) for stage in self))

    def prune(self, active: Active) -> None:
        """Prune both stages; the elements between them are those that the second needs."""
        first, second = self._stages()
        between = first.between(active)
        first.prune(Active(active.reads, active.weights, between))
        second.prune(Active(between, None, active.gives))

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Resample both stages with the same arguments."""
        for stage in self._stages():
            stage.resample(out, read)

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over both stages, if the other layer has the same in the same order; see `Layer.inherit`."""
        if not isinstance(other, Factorised) or list(dict(self.named_children())) != list(dict(other.named_children())):
            return 0
        (first, second), (theirs, after) = self._stages(), other._stages()
        ends = self._between(), other._between()
        if ends[0] is None or ends[1] is None:
            return 0
        between = same_units(ends[0][0], ends[0][1], *ends[1])
        return first.inherit(theirs, reads, between) + second.inherit(after, between, gives)

    def silence(self) -> bool:
        """Silence the second stage."""
        return self._stages()[1].silence()

    def outgoing(self) -> Mapping[str, Tensor]:
        """Those of the second stage."""
        name, last = list(self.named_children())[-1]
        assert isinstance(last, Layer)
        return {f"{name}.{key}": value for key, value in last.outgoing().items()}

    def between_stages(self) -> Mapping[str, Tensor]:
        """The bias of the stage over the taps, if it is the first."""
        name, first = next(iter(self.named_children()))
        bias = getattr(first, "bias", None)
        return {f"{name}.bias": bias} if name == "spatial" and isinstance(bias, Tensor) else {}

    def _between(self) -> tuple[Group, int, int] | None:
        """Group and number of channels between the stages, and axes of the grid; None if they are not convolutions."""
        if not isinstance(self.spatial, GroupConv):
            return None
        first = self._stages()[0]
        channels = self.spatial.inputs  # it convolves each channel by itself
        return (first if isinstance(first, GroupConv) else self.spatial).where.group, channels, len(self.spatial.taps)

    def taps_left(self) -> tuple[int, ...] | None:
        """Taps of the stage over the taps."""
        return self.spatial.taps_left()

    def _stages(self) -> tuple[Layer, Layer]:
        first, second = self
        assert isinstance(first, Layer)
        assert isinstance(second, Layer)
        return first, second

    def stages(self, x: Tensor) -> Tensor:
        """Apply the stages in order."""
        for stage in self:
            x = stage(x)
        return x
