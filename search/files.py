"""The paths of a run's files, and atomic writing of a file."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunDirectory:
    """The paths of a run's files: its record, and weights, checkpoints and tracebacks of its trials."""

    path: Path

    @classmethod
    def at(cls, directory: str | Path) -> RunDirectory:
        """The directory that a path leads to now, wherever this process is when a file of it is read or written."""
        return cls(Path(directory).absolute())

    @property
    def record(self) -> Path:
        """The record: the run's settings, then its events, one line of JSON each."""
        return self.path / "record.jsonl"

    @property
    def lock(self) -> Path:
        """The file that the process running the search holds a lock on."""
        return self.path / "lock"

    @property
    def journal(self) -> Path:
        """The run mirrored as an Optuna study; runs of versions without a record are stored here alone."""
        return self.path / "study.journal"

    @property
    def preparation(self) -> Path:
        """How raw examples become inputs and outputs answers: plain data of the task."""
        return self.path / "preparation.json"

    @property
    def reference(self) -> Path:
        """The point up to which hypervolumes of the run are measured: a number for each objective."""
        return self.path / "reference.json"

    @property
    def confirmation(self) -> RunDirectory:
        """The trainings that confirm trials of the run, a run of their own."""
        return RunDirectory(self.path / "confirmation")

    @property
    def ended(self) -> Path:
        """Why the run ended, as a text for people; there is none while it runs, or where it was killed."""
        return self.path / "ended.txt"

    def weights(self, number: int) -> Path:
        """The best weights of a trial."""
        return self.path / "weights" / f"{number}.safetensors"

    def checkpoint(self, number: int) -> Path:
        """The state of a trial in training after its last epoch."""
        return self.path / "checkpoints" / f"{number}.pt"

    def sizes(self, number: int) -> Path:
        """The state of a trial whose sizes are learned, after the last epoch in which they were."""
        return self.path / "checkpoints" / f"{number}.sizes.pt"

    def trunk(self, trained_as: str) -> Path:
        """The state of a training at its pause or before its cooldown, for a longer one to go on from.

        `trained_as` is what both have in common, as `Trial.trained_as` names it.
        """
        return self.path / "checkpoints" / f"{trained_as}.trunk.pt"

    def failure(self, number: int) -> Path:
        """The traceback of the error that failed a trial."""
        return self.path / "failures" / f"{number}.txt"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file atomically: if the process is killed, `path` holds the complete old or the complete new file.

    `write` is called with the path of a temporary file in the same folder, which is made if only it is missing: the
    directory of a run that is gone is not begun anew.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(f"{path.suffix}.{os.getpid()}.part")
    try:
        write(temporary)
        os.replace(temporary, path)
    except BaseException as error:  # of a full disk, say: it gets back the room, and whoever reads of it learns where
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file of text, as `write_whole` does."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    write_whole(path, write)


def write_once(path: Path, data: Callable[..., object], *arguments: object) -> None:
    """Write what a function returns for these arguments, plain data, as JSON, unless the file is there already."""
    if not path.exists():
        write_text(path, json.dumps(data(*arguments)))
