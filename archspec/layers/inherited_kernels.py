"""The base class of convolutions whose kernels another network can inherit, as parameters or as samples."""

# Letters: O/I channels out/in, N/J group elements out/in, K taps.

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from archspec.geometry.samples import samples
from archspec.geometry.units import Units
from archspec.layers.inheriting import copied_channels, copied_rows, seen, seen_depthwise, spread, sums
from archspec.layers.kernel_layer import KernelLayer
from archspec.layers.kernels.features import NotCarried
from archspec.layers.kernels.table import recut
from archspec.layers.layer import Layer


class Inheriting(KernelLayer):
    """A convolution with kernels between the elements of its group.

    Attributes:
        by_elements: whether it reads and gives the elements of its group; else all or nothing is inherited.
        grouped_input: whether its input has a group axis.
    """

    by_elements: ClassVar[bool] = True
    grouped_input: bool
    bias: nn.Parameter | None

    @torch.no_grad()
    def unfolded(self) -> Tensor:
        """(O·N, I·J, K): its weights from each unit to each at all taps, without window; see `Layer.unfolded`."""
        kernel, at = copy.deepcopy(self.kernel), samples(self.where)
        kernel.place(at)
        values: Tensor = kernel()[:, torch.from_numpy(at.index)] * self.where.factor
        shaped: Tensor = values.view(self.outputs, -1, *at.index.shape)
        elements = self.order if self.grouped_input else 1
        if self.depthwise:
            return shaped[:, 0].flatten(0, 1).expand(-1, elements, -1)
        return spread(shaped, elements)

    @torch.no_grad()
    def taken_from(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over kernels: their parameters, or on another group or of another kind their samples.

        A window and the features of a continuous kernel are taken over too.
        """
        unfolded = other.unfolded() if isinstance(other, Layer) else None
        if unfolded is None or not self.by_elements:
            return super().taken_from(other, reads, gives)
        count = copied_channels(self, other, gives)
        if not isinstance(other, Inheriting):
            return 0 if self.depthwise else count + self.fit_to(unfolded, (1,) * len(self.sizes), reads, gives)
        if self.depthwise != other.depthwise:
            return 0
        adopted = self._adopted(other)
        if self.window is not None and (found := copied_rows(self.window, other.window, gives)):
            count += found
            self.stretch_part(self.window, other)
        self.place(self.cropped)
        combined, alike = 0, self._sees_like(other)
        larger = any(mine > theirs for mine, theirs in zip(self.sizes, other.sizes, strict=True))
        if alike and adopted is not None and not larger:
            mixed = Units(reads.channels[:, None], 1) if self.grouped_input else reads
            inputs = torch.ones(1, 1).double() if self.depthwise else sums(mixed, other.inputs)
            combined = self.kernel.combine(other.kernel, torch.from_numpy(gives.channels), inputs)
        fitted = combined
        if not fitted and self.where.taps.steps == other.where.taps.steps:
            fitted = self.fit_to(unfolded, other.where.taps.taps, reads, gives)
        return count + (adopted or 0) + fitted if fitted else super().taken_from(other, reads, gives)

    def _adopted(self, other: Inheriting) -> int | None:
        """Take over the features of its kernels, at this size; returns the number of parameters, None without any."""
        drawn = {name: tensor.clone() for name, tensor in self.kernel.state_dict().items()}
        count = self.kernel.adopt(other.kernel)
        # Features may have constants alone, which are adopted too.
        if not count and not (type(self.kernel) is type(other.kernel) and self.kernel.functions):
            return None
        try:
            self.kernel.retune(other.kernel)
            self.stretch_part(self.kernel, other)
        except NotCarried:
            self.kernel.load_state_dict(drawn)
            return None
        return count

    def _sees_like(self, other: Inheriting) -> bool:
        """Whether the other's kernels are functions of the same coordinates."""
        same = self.where.group == other.where.group and self.grouped_input == other.grouped_input
        return same and self.where.mixes == other.where.mixes

    @torch.no_grad()
    def silence(self) -> bool:
        """Set kernels and biases to zero, the features of a continuous kernel stay; False if kernels cannot be set."""
        if self.bias is not None:
            self.bias.zero_()
        rows = self.outputs * (1 if self.depthwise else self.inputs)
        columns = self.where.elements * math.prod(self.where.taps.taps)
        return self._set(torch.arange(rows), torch.zeros(rows, columns).double()) > 0

    def outgoing(self) -> Mapping[str, Tensor]:
        """The last weights of its kernels, and the bias."""
        found = {f"kernel.{name}": value for name, value in self.kernel.outgoing().items()}
        return found | ({} if self.bias is None or not found else {"bias": self.bias})

    def fit_to(self, unfolded: Tensor, taps: tuple[int, ...], reads: Units, gives: Units) -> int:
        """Set the kernels to the parent's weights, at so many taps per axis, as near as can be (0 if not at all)."""
        known = seen_depthwise if self.depthwise else seen
        values = known(unfolded.cpu(), reads, gives)
        shaped = values.view(
            self.outputs,
            -1,
            len(values[0]) if self.depthwise else self.order if self.grouped_input else 1,
            values.shape[-1],
        )
        shaped = shaped[:, :, : self.where.elements] / self.where.factor
        wanted = recut(shaped.flatten(2), taps, self.where.taps.taps, self.where.causal)
        rows = torch.arange(wanted[..., 0].numel()).view(self.outputs, -1)
        rows = rows[torch.from_numpy(gives.channels >= 0)].reshape(-1)
        return round(self._set(rows, wanted.flatten(0, 1)[rows]) * float((reads.of >= 0).mean()))

    def _set(self, rows: Tensor, wanted: Tensor) -> int:
        """Set kernels (n,) to samples (n, M·K) at all taps and the first element; see `KernelModule.match`."""
        cropped = self.cropped
        self.place(())
        found = self.kernel.match(rows, wanted, torch.from_numpy(self.index[0].reshape(-1)))
        self.place(cropped)
        return found
