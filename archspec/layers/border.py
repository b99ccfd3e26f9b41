"""The border of a network: a check that its input is of real numbers, in the shape that it was built for."""

from __future__ import annotations

from torch import Tensor


def bordered(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`x` itself, of shape (B, *shape).

    Raises:
        ValueError: `x` has other channels or another grid, or is not of real numbers.
    """
    if not x.is_floating_point():
        raise ValueError(f"{REAL}; what was given is of {x.dtype}")
    if x.shape[1:] != shape:
        raise ValueError(f"{made_for(shape)}; what was given has the shape {tuple(x.shape)}; {REMEDIES}")
    return x


def made_for(shape: tuple[int, ...]) -> str:
    """A clause that states the input shape (channels, *grid) of a network, for errors."""
    return f"this network takes (batch, {', '.join(map(str, shape))}): {shape[0]} channels on {_text(shape[1:])}"


# A convolution by transforms would round its output to whole numbers.
REAL = "this network takes real numbers in the precision of its weights; convert the input, for example x.float()"
REMEDIES = (
    "for another grid use the network that its at_resolution(grid) returns (the same signal resampled) or its "
    "on_grid(grid) (a signal of other extent at the same rate), both with the same parameters"
)


def _text(sizes: tuple[int, ...]) -> str:
    return "×".join(map(str, sizes))
