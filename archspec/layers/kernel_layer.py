"""What layers with a bank of kernels answer: how they are pruned, resampled, carried, penalised, and their state."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from archspec.geometry.cropping import unit
from archspec.layers.bank import Bank
from archspec.layers.kernels.features import NotCarried
from archspec.layers.layer import Active, Layer


class KernelLayer(Bank, Layer):
    """A layer that is a bank of kernels and what it does with them.

    Where a window learns their size, or they are turned between the elements, `state_dict` says so under `size` and
    `turns`.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.unsized = False
        self.register_state_dict_post_hook(_write_sampling)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_read_sampling)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(_fit_where_unsaid)  # type: ignore[no-untyped-call]

    def prune(self, active: Active) -> None:
        """Read and give these elements of the group only, what is read with these weights."""
        self.pruned = True
        index, weights = self.index[list(active.gives)], active.weights
        if self.elements > 1:
            index = index[:, list(active.reads)]
            self.weights = None if weights is None else weights.view(-1, 1)
        else:
            self.weights = None if weights is None else weights.view(-1, 1, 1, 1)
        self.gather(index)

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Sample the kernel at these turns; those of what is read only where it mixes elements."""
        if not self.where.group.trivial:
            self.where = self.where._replace(out=out, read=read if self.where.mixes else ())
            self.place(self.cropped)

    def renew(self) -> None:
        """Sample the kernel in the precision that its parameters have now."""
        self.place(self.cropped)

    def taps_left(self) -> tuple[int, ...] | None:
        """Those it keeps of `sizes`; None where no window crops."""
        return self.cropped if self.crop else None

    def take_over(self, other: Layer, state: dict[str, Tensor], prefix: str) -> None:
        """Tables of another number of taps become those of this one.

        Raises:
            NotCarried: it reads another number of scales.
        """
        assert isinstance(other, KernelLayer)
        if self.where.span != other.where.span:
            raise NotCarried(f"a kernel over {other.where.span} scales is no kernel over {self.where.span}")
        name = f"{prefix}kernel.weight"
        if other.sizes != self.sizes and name in state:
            state[name] = self.kernel.resized(state[name], other.sizes, self.sizes, self.where.causal)

    def stretch(self, other: Layer) -> None:
        """Kernel and window are the same functions of the offset as those of `other`."""
        assert isinstance(other, KernelLayer)
        ratio = unit(self.sizes) / unit(other.sizes)
        if ratio != 1:
            for part in (self.kernel, self.window):
                if part is not None:
                    part.stretch(ratio, 1.0 if self.where.causal else 0.0)
            self.place(self.cropped)

    def alias_excess(self, part: str, each_filter: bool, deviations: float, horizon: int | None) -> Tensor:
        """See `alias_penalty`: by how much frequencies of the kernel lie above what its taps can hold."""
        limit = unit((horizon,) if horizon else self.sizes) / 2
        spread = self.window.highest_frequency() if self.window and part == "gabor+window" else None
        window = 0.0 if spread is None else deviations * spread
        return self.kernel.alias_excess(limit, part, each_filter, deviations, window)

    def penalty(self, name: str) -> Tensor | None:
        """`alias`, where the kernel's band is regularised: the squared excess of each filter."""
        if name != "alias" or not self.kernel.regularised:
            return None
        return self.alias_excess("gabor", True, 2.0, None).clamp(min=0).square()


def _write_sampling(module: nn.Module, state: dict[str, Any], prefix: str, metadata: object) -> None:
    """Into a `state_dict`: where the kernel is sampled, as far as the architecture does not say it."""
    assert isinstance(module, KernelLayer)
    if module.crop is not None:
        state[f"{prefix}size"] = torch.tensor(module.cropped or module.sizes)
    if module.where != module.built_at:
        state[f"{prefix}turns"] = torch.tensor(module.where.out + module.where.read, dtype=torch.float64)


def _read_sampling(
    module: nn.Module, state: dict[str, Any], prefix: str, metadata: object, strict: bool, *found: list[str]
) -> None:
    """From a `state_dict`: what `_write_sampling` wrote there. One of an earlier version says no size."""
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


def _fit_where_unsaid(module: nn.Module, keys: object) -> None:
    """The size of a learned window follows the weights, where what was loaded does not say it."""
    assert isinstance(module, KernelLayer)
    if module.unsized:
        module.fit()
