"""Precision: kernels, windows and transforms are computed in float32 or float64, whatever that of the signals."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Self

import torch
from torch import Tensor, nn


def widened(x: Tensor) -> Tensor:
    """`x` in float32, or as it is if it is in float32 or float64 already."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """The precision in which kernels with weights of this precision are computed."""
    return torch.promote_types(dtype, torch.float32)


def without_autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """A context without autocast, in which operations keep the precision of their inputs."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


class Fixed(nn.Module):
    """A module with constant arrays: when it is moved to another precision, they are recomputed from float64.

    They are not in `state_dict`, so that one that was on the `meta` device, which has no values, is computed anew too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.arrays: dict[str, Tensor] = {}
        self.held: dict[str, None] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state of a pickle, also of earlier versions, in which all constants were buffers."""
        # torch leaves it without types.
        super().__setstate__({"held": {}, **state})  # type: ignore[no-untyped-call]

    def fix(self, name: str, values: Tensor | None) -> None:
        """Place a constant array as `hold` does; real numbers are given in float64."""
        if values is not None:
            self.arrays[name] = values
            like = getattr(self, name, None)
            if values.is_floating_point():
                values = values.to(torch.get_default_dtype()) if like is None else values.to(like)
        self.hold(name, values)

    def hold(self, name: str, values: Tensor | None) -> None:
        """Set an attribute to a constant that moves with the module and is not in `state_dict`.

        Finite real numbers are a buffer. Whole and infinite ones are none: where the buffers of networks are averaged,
        as torch's `AveragedModel(use_buffers=True)` does, the first would be rounded down, to other taps and other
        turns, and the second would be NaN.
        """
        if hasattr(self, name):
            delattr(self, name)
        self.held.pop(name, None)
        finite = name not in self.arrays or bool(self.arrays[name].isfinite().all())
        if values is None or (values.is_floating_point() and finite):
            self.register_buffer(name, values, persistent=False)
        else:
            self.held[name] = None
            setattr(self, name, values)

    def constants(self) -> Iterator[Tensor]:
        """Its own buffers, and what it holds that is none."""
        yield from self.buffers(recurse=False)
        yield from (getattr(self, name) for name in self.held)

    def settle(self, like: Tensor) -> None:
        """Compute what is on the `meta` device, on the device and in the precision of `like`."""
        for name, values in self.arrays.items():
            if getattr(self, name).is_meta:
                self.hold(name, values.to(like) if values.is_floating_point() else values.to(like.device))

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        before = {name: getattr(self, name) for name in self.arrays}
        # torch leaves it without types.
        moved: Self = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name in self.held:
            setattr(self, name, fn(getattr(self, name)))
        for name, values in self.arrays.items():
            now = getattr(self, name)
            if now.dtype != before[name].dtype or before[name].is_meta:
                self.hold(name, values.to(now))
        return moved


def settle(model: nn.Module, keys: object = None) -> None:
    """Compute the constants of a network that was on the `meta` device, once its weights are elsewhere.

    A network inside a node may have no weights; then the one around it does this.
    """
    for part in reversed(list(model.modules())):
        like = next(part.parameters(), next(model.parameters(), None))
        if isinstance(part, Fixed) and like is not None and not like.is_meta:
            part.settle(like)


class WideLinear(nn.Linear):
    """A linear map in the precision of its input, whatever that of its weights is."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return nn.functional.linear(x, self.weight.to(x.dtype), bias)
