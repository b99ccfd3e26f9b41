"""The base class of layers with a bank of kernels: pruning, resampling, weight transfer, penalties, and their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from archspec.geometry.cropping import unit
from archspec.layers.bank import Bank
from archspec.layers.kernels.features import NotCarried
from archspec.layers.layer import Active, Layer

if TYPE_CHECKING:
    from archspec.geometry.units import Units
    from archspec.layers.kernels.features import KernelModule
    from archspec.layers.windows import LearnedWindow


class KernelLayer(Bank, Layer):
    """A layer that computes a bank of kernels.

    Where a window learns their size, `state_dict` contains it under `size`; where they are sampled at other turns than
    those of the group, it contains these under `turns`.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.unsized = False
        # torch leaves its hooks without types, here and below.
        self.register_state_dict_post_hook(_write_sampling)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_read_sampling)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(_fit_if_unsized)  # type: ignore[no-untyped-call]

    def prune(self, active: Active) -> None:
        """Compute the active elements only; the weights of input elements become factors of the bank."""
        self.pruned = True
        index, weights = self.index[list(active.gives)], active.weights
        if self.elements > 1:
            index = index[:, list(active.reads)]
            self.weights = None if weights is None else weights.view(-1, 1)
        else:
            self.weights = None if weights is None else weights.view(-1, 1, 1, 1)
        self.gather(index)

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Sample the kernel between these turns; `read` is used only where it mixes group elements."""
        if not self.where.group.trivial:
            self.where = self.where._replace(out=out, read=read if self.where.mixes else ())
            self.place(self.cropped)

    def renew(self) -> None:
        """Recompute the sampling points in the present precision of the parameters."""
        self.place(self.cropped)

    def taps_left(self) -> tuple[int, ...] | None:
        """Taps per axis after cropping; None if no window crops."""
        return self.cropped if self.crop else None

    def take_over(self, other: Layer, state: dict[str, Tensor], prefix: str) -> None:
        """Crop or pad tables of `other` to the number of taps of this layer; see `Layer.take_over`.

        Raises:
            NotCarried: the kernels span different numbers of scales.
        """
        assert isinstance(other, KernelLayer)
        if self.where.span != other.where.span:
            raise NotCarried(
                f"a kernel over {other.where.span} scales cannot become one over {self.where.span}; use the same span"
            )
        name = f"{prefix}kernel.weight"
        if other.sizes != self.sizes and name in state:
            state[name] = self.kernel.resized(state[name], other.sizes, self.sizes, self.where.causal)

    def stretch(self, other: Layer) -> None:
        """Rescale kernel and window to the same functions of the offset as those of `other`; see `Layer.stretch`."""
        assert isinstance(other, KernelLayer)
        self.kernel.retune(other.kernel)
        for part in (self.kernel, self.window):
            if part is not None:
                self.stretch_part(part, other)
        self.place(self.cropped)

    def stretch_part(self, part: KernelModule | LearnedWindow, other: KernelLayer) -> None:
        """Rescale its kernel or its window to the unit of its coordinates, from that of `other`."""
        ratio = unit(self.sizes) / unit(other.sizes)
        if ratio != 1:
            part.stretch(ratio, 1.0 if self.where.causal else 0.0)

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over what it can of a convolution; if that is nothing, it stays as it was drawn. See `Layer.inherit`."""
        drawn = {name: tensor.clone() for name, tensor in self.state_dict().items()}
        try:
            count = self.taken_from(other, reads, gives)
        except NotCarried:
            count = 0
        if not count:
            self.load_state_dict(drawn)
        return count

    def taken_from(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over all weights if they have the same shapes; returns the number of parameters.

        Raises:
            NotCarried: kernels cannot have this size.
        """
        if not isinstance(other, KernelLayer) or not (count := super().inherit(other, reads, gives)):
            return 0
        self.stretch(other)
        return count

    def alias_excess(self, part: str, each_filter: bool, deviations: float, horizon: int | None) -> Tensor:
        """By how much frequencies of the kernel exceed the Nyquist frequency of its taps; see `alias_penalty`."""
        limit = unit((horizon,) if horizon else self.sizes) / 2
        spread = self.window.highest_frequency() if self.window and part == "gabor+window" else None
        window = 0.0 if spread is None else deviations * spread
        return self.kernel.alias_excess(limit, part, each_filter, deviations, window)

    def penalty(self, name: str) -> Tensor | None:
        """The terms of `alias` if the kernel's band is regularised: the squared excess of each filter."""
        if name != "alias" or not self.kernel.regularised:
            return None
        return self.alias_excess("gabor", True, 2.0, None).clamp(min=0).square()


def _write_sampling(module: nn.Module, state: dict[str, Any], prefix: str, metadata: object) -> None:
    """Add to a `state_dict` where the kernel is sampled, as far as it does not follow from the architecture."""
    assert isinstance(module, KernelLayer)
    if module.crop is not None:
        state[f"{prefix}size"] = torch.tensor(module.cropped or module.sizes)
    if module.where != module.built_at:
        state[f"{prefix}turns"] = torch.tensor(module.where.out + module.where.read, dtype=torch.float64)


def _read_sampling(
    module: nn.Module, state: dict[str, Any], prefix: str, metadata: object, strict: bool, *found: list[str]
) -> None:
    """Read from a `state_dict` what `_write_sampling` added. Those of an earlier version contain no size."""
    assert isinstance(module, KernelLayer)
    size, turns, errors = state.pop(f"{prefix}size", None), state.pop(f"{prefix}turns", None), found[-1]
    module.unsized = module.crop is not None and size is None
    cropped = module.cropped
    if size is not None and module.crop is not None:
        cropped = tuple(int(n) for n in size.reshape(-1).cpu().tolist())
        if len(cropped) != len(module.sizes) or not all(
            1 <= k <= s for k, s in zip(cropped, module.sizes, strict=True)
        ):
            errors.append(f"{prefix}size: {cropped} is no size of a kernel of at most {module.sizes} taps")
            return
    angles = () if turns is None else tuple(float(a) for a in turns.reshape(-1).cpu().tolist())
    if angles and len(angles) not in (module.order, module.order + module.elements // module.where.span):
        errors.append(f"{prefix}turns: {len(angles)} turns of a kernel on {module.where.group}")
        return
    where = module.built_at
    if angles:
        where = where._replace(out=angles[: module.order], read=angles[module.order :])
    if where != module.where or cropped != (module.cropped or module.sizes if module.crop else module.cropped):
        module.where = where
        module.place(cropped)


def _fit_if_unsized(module: nn.Module, keys: object) -> None:
    """Crop to the learned window if the loaded `state_dict` contained no size."""
    assert isinstance(module, KernelLayer)
    if module.unsized:
        module.fit()
