"""Where a run keeps its files, and files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunDirectory:
    """The paths of a run's files: its record, the weights and checkpoints of its trials, what failed ones said."""

    path: Path

    @property
    def record(self) -> Path:
        """All that happened, a line of JSON each."""
        return self.path / "record.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the process that runs the search."""
        return self.path / "lock"

    @property
    def journal(self) -> Path:
        """The run as an Optuna study; before there was a record, the run itself."""
        return self.path / "study.journal"

    def weights(self, number: int) -> Path:
        """Best weights of a trial."""
        return self.path / "weights" / f"{number}.safetensors"

    def checkpoint(self, number: int) -> Path:
        """State of a trial in training."""
        return self.path / "checkpoints" / f"{number}.pt"

    def failure(self, number: int) -> Path:
        """What Python said when a trial failed."""
        return self.path / "failures" / f"{number}.txt"


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file so that it is either the old one or the new one, whole, whenever the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f"{path.suffix}.{os.getpid()}.part")
    write(temporary)
    os.replace(temporary, path)
