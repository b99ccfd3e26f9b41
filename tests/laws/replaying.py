"""Files of tests/vectors: numbers computed with the authors' own code, and which of them some test replays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

VECTORS = Path(__file__).parents[1] / "vectors"
REPLAYED: set[str] = set()  # by the modules that have been imported


def on_disk() -> set[str]:
    """All files, as `equivariant/p4_lift`."""
    return {path.relative_to(VECTORS).with_suffix("").as_posix() for path in VECTORS.rglob("*.npz")}


def replayed(*patterns: str) -> list[str]:
    """The files that fit, such as `equivariant/p4_*`, for a test that replays each of them."""
    paths = {path for pattern in patterns for path in VECTORS.glob(f"{pattern}.npz")}
    names = sorted(path.relative_to(VECTORS).with_suffix("").as_posix() for path in paths)
    assert names, f"no file fits {patterns}"
    REPLAYED.update(names)
    return names


class File:
    """One file of vectors; only those that `replayed` has given to a test can be opened."""

    def __init__(self, name: str) -> None:
        assert name in REPLAYED, f"{name} is no file that a test said it replays"
        self.name = Path(name).name
        self.arrays = np.load(VECTORS / f"{name}.npz")

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def __getitem__(self, key: str) -> Tensor:
        return torch.from_numpy(np.asarray(self.arrays[key]))

    def number(self, key: str) -> float:
        return float(self.arrays[key])

    def swapped(self, key: str) -> Tensor:
        """With the two axes of the image swapped."""
        return self[key].transpose(-1, -2).contiguous()
