"""Where sizes show in the fillings of a space, and the blocks there with the masks of given sizes as fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from archspec.architecture import Architecture
from archspec.geometry.cropping import gaussian_reach
from archspec.kernels.windows import Gaussian
from archspec.layers.fading import THRESHOLD
from archspec.schema.model import Model
from search.masks.places import edited


def width_of(size: Tensor, taps: int, causal: bool) -> Tensor:
    """σ of the window of a kernel of so many taps that falls to the threshold at the first tap outside of a size."""
    out = size if causal else (size + 1) / 2
    return out * 2 / (taps - 1) / gaussian_reach(THRESHOLD)


@dataclass(frozen=True)
class Shown:
    """Where sizes show in the fillings: paths of blocks, as the names of nodes.

    Attributes:
        extents: convolutions whose number of taps is learned.
        grids: spectral pools whose number of points is learned.
        repeats: repeats whose number of copies is learned.
        deep: which of the sizes are numbers of copies.
    """

    extents: tuple[str, ...]
    grids: tuple[str, ...]
    repeats: tuple[str, ...]
    deep: tuple[bool, ...]

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The paths of each kind, in the order of `facts`."""
        return self.extents, self.grids, self.repeats

    def prepared(self, architecture: Architecture) -> Architecture:
        """The architecture on which masks can act, limited to its own whole sizes."""
        return self.limited(architecture, {}, learned=True)

    def limited(self, architecture: Architecture, sizes: Mapping[str, float], learned: bool) -> Architecture:
        """The architecture with windows and low-passes of these sizes, by path; by default those that it has."""
        edits: dict[str, Any] = {path: partial(_window, sizes.get(path), learned) for path in self.extents}
        edits |= {path: partial(_low_pass, sizes.get(path)) for path in self.grids}
        changed: Architecture = edited(architecture, edits)
        return changed

    def facts(self, architecture: Architecture) -> list[float]:
        """The taps at each extent, the points of each grid, and the copies at each repeat."""
        fields = ("kernel_size", "points", "times")
        return [
            float(getattr(_at(architecture, path), field))
            for field, paths in zip(fields, self.paths, strict=True)
            for path in paths
        ]

    def copies(self, architecture: Architecture) -> list[int]:
        """The copies at each repeat."""
        return [int(_at(architecture, path).times) for path in self.repeats]


def _window(size: float | None, learned: bool, block: Model) -> dict[str, Any]:
    """The window of a convolution, limited to a size."""
    taps, causal = int(getattr(block, "kernel_size", 1)), bool(getattr(block, "causal", False))
    if taps < 2:
        return {}
    sigma = width_of(torch.tensor(float(taps if size is None else size), dtype=torch.float64), taps, causal)
    return {"window": Gaussian(sigma=float(sigma), learned=learned, crop=False, threshold=THRESHOLD)}


def _low_pass(size: float | None, block: Model) -> dict[str, Any]:
    """The soft low-pass of a spectral pool, limited to a size."""
    return {"cut": 1.0 if size is None else min(1.0, size / int(getattr(block, "points", 1)))}


def _at(architecture: Architecture, path: str) -> Any:
    """The part of an architecture at a path, as the name of a node."""
    part: Any = architecture
    for step in path.split("."):
        part = part[int(step)] if step.isdigit() else getattr(part, step)
    return part
