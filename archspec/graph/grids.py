"""Requirements of blocks on the grid of a signal, each with an error that names the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from archspec.geometry.groups import Group
from archspec.graph.signal import Signal, SignalError

T = TypeVar("T", int, float)


def per_axis(value: T | tuple[T, ...], x: Signal, field: str) -> tuple[T, ...]:
    """One number per axis of the grid of `x`, from one number for all axes or from a tuple.

    Raises:
        SignalError: the tuple has another length than the grid has axes.
    """
    if not isinstance(value, tuple):
        return (value,) * len(x.grid)
    if len(value) != len(x.grid):
        raise SignalError(
            f"{len(value)} numbers for a grid of {len(x.grid)} axes; write one number, or one each", field
        )
    return value


def slide(
    x: Signal, moved_by: Group, window: tuple[int, ...], stride: tuple[int, ...], padded: bool, field: str
) -> tuple[int, ...]:
    """The output grid of a window that slides over the grid of `x`.

    Args:
        x: the input signal.
        moved_by: the group whose symmetry must hold.
        window: points per axis.
        stride: points per axis.
        padded: whether padding keeps the grid at stride 1.
        field: the block's field to name in an error.

    Raises:
        SignalError: the window is larger than the grid, or the stride does not divide an axis that the group moves, so
            that the sampled points would not be centred.
    """
    sizes = []
    for axis, (size, taps, step) in enumerate(zip(x.grid, window, stride, strict=True)):
        if not padded and taps > size:
            raise too_large(taps, size, size, field)
        span = size - 1 if padded else size - taps
        if step > 1 and span % step and not moved_by.trivial and axis in moved_by.action(x.dims).moved_axes:
            raise SignalError(
                f"stride {step} over {taps} taps samples an axis of {size} off its centre, which breaks {moved_by}; "
                f"{_parity_remedy(size, taps, step, padded)}",
                "stride",
            )
        sizes.append(span // step + 1)
    return tuple(sizes)


def too_large(taps: int, size: int, most: int, field: str) -> SignalError:
    """The error for a kernel or window of `taps` points on an axis of `size` points, where `most` are allowed."""
    return SignalError(f"{taps} taps on an axis of {size}; use at most {most}, or a larger input", field)


def require_alike(x: Signal, numbers: tuple[int, ...], what: str, field: str) -> None:
    """Raise SignalError if numbers, one per axis, differ on axes that the symmetry of `x` turns into each other."""
    for a, b in x.symmetry.action(x.dims).mixed_axes:
        if numbers[a] != numbers[b]:
            raise SignalError(
                f"{x.symmetry} turns axis {a} into axis {b}, so their {what} {numbers[a]} and {numbers[b]} must be "
                "equal",
                field,
            )


def require_turnable(group: Group, x: Signal, field: str | None = None) -> None:
    """Raise SignalError if the group cannot act on the grid of `x`: axes differ in length or in spacing."""
    if misfit := group.misfit(x.grid, x.steps):
        raise SignalError(misfit, field)


def require_no_group(x: Signal, what: str) -> None:
    """Raise SignalError, which begins with `what`, if `x` has a group axis."""
    if not x.group.trivial:
        raise SignalError(f"{what} needs a plain signal, and this one is on {x.group}; put GroupPool() before it")


def require_unpooled(x: Signal, what: str) -> None:
    """Raise SignalError, which begins with `what`, if a group axis was pooled before: the grid still turns under it."""
    if not x.pooled.trivial:
        raise SignalError(
            f"{what} after the {x.pooled} axis was pooled would break {x.pooled} unseen; put it before GroupPool(), "
            "or Restrict(group='C1') instead of pooling to give the symmetry up"
        )


def _parity_remedy(size: int, taps: int, stride: int, padded: bool) -> str:
    window, larger = 1 if padded else taps, max(size, taps)
    fitting = [
        n
        for n in (size - 1, size + 1, size - 2, size + 2, *range(larger, larger + stride))
        if n >= taps and (n - window) % stride == 0
    ]
    other = (
        "stride 1 followed by Pool(size=2)"
        if padded and stride == 2
        else (f"Pool(size=3, stride={stride})" if not padded and size % stride == 1 else "stride 1")
    )
    return f"use an axis of {fitting[0]}, or {other}"


def covered(taps: Sequence[int], x: Signal) -> float:
    """The largest share of an axis of `x` that lies between the outermost of so many taps per axis."""
    return max(((k - 1) / points for k, points in zip(taps, x.grid, strict=True)), default=0.0)
