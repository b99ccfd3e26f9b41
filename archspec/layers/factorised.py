"""A convolution in two stages: one over the taps, one at each position."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.layers.conv import INNERMOST, GroupConv


class Factorised(nn.Sequential):
    """The stages `spatial` and `mixing`, in either order: (B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Where the stage over the taps is faster with the channels innermost, so is the other: they are moved once for both.
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

    def stages(self, x: Tensor) -> Tensor:
        """One after the other."""
        for stage in self:
            x = stage(x)
        return x
