"""A folder by URL, through which the files of trials go where the nodes of a cluster do not see the run's directory."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from search.backends.scratch import scratch
from search.backends.worker import Tell, Trainer
from search.errors import RunError
from search.events import Epoch, Event, Finished, Interrupted
from search.files import RunDirectory, write_whole
from search.outcome import Outcome, Scored, Stopped
from search.trial import Trial
from search.words import printable

# The file that the process of a search leaves in its storage; and so much is said of a fault.
MARK, MOST_SAID = "search", 200


@dataclass(frozen=True)
class Storage:
    """The files of a run's trials in training, in a folder that every node of a cluster reaches.

    Workers train in a folder of their own, and copy what they write there to the storage after each epoch. The process
    of the search fetches it when the outcome arrives, and deletes it: the run's directory is complete, and the storage
    holds only what is in training.

    Attributes:
        url: the folder, as `pyarrow.fs` reads it: `s3://bucket/folder`, `gs://…`, `file:///…`.
        name: that of the folder below it which is the run's own.
        mark: what the process of the search has written there, by which a node knows the same folder.
    """

    url: str
    name: str
    mark: str = ""

    @classmethod
    def of(cls, trainer: Trainer) -> Storage:
        """The storage of a run, whose trainer names one."""
        name = hashlib.blake2b(trainer.directory.encode(), digest_size=8).hexdigest()
        return cls(str(trainer.storage), name, uuid.uuid4().hex)

    def begin(self) -> None:
        """Check it, and leave the mark; RunError if that fails."""
        self.check()
        try:
            system, base = self._opened()
            with system.open_output_stream(f"{base}/{MARK}") as file:
                file.write(self.mark.encode())
        except OSError as error:
            raise self._fault(error) from None

    def end(self) -> None:
        """Delete the mark, if the storage still answers."""
        with contextlib.suppress(OSError):
            system, base = self._opened()
            system.delete_file(f"{base}/{MARK}")

    def check_mark(self) -> None:
        """Check it from a node: that of the search is the same folder; RunError if it is not."""
        self.check()
        found = b""
        with contextlib.suppress(OSError):
            system, base = self._opened()
            with system.open_input_stream(f"{base}/{MARK}") as file:
                found = file.read()
        if found != self.mark.encode():
            raise RunError(
                f"the storage {self.url} is not there what it is for the search; give the URL of a folder that all "
                "nodes share, such as s3://bucket/folder"
            )

    def check(self) -> None:
        """Try to write, read and delete a file; RunError if that fails."""
        try:
            system, base = self._opened()
            system.create_dir(base, recursive=True)
            path = f"{base}/.{uuid.uuid4().hex}"
            with system.open_output_stream(path) as file:
                file.write(b"ok")
            with system.open_input_stream(path) as file:
                same = file.read() == b"ok"
            system.delete_file(path)
        except Exception as error:  # whatever a service makes pyarrow raise
            reason = printable(" ".join(str(error).split()), MOST_SAID)
            raise RunError(
                f"the storage {self.url} cannot be used ({reason}); give the URL of a folder that can be written to, "
                "such as s3://bucket/folder, and the credentials that it asks for"
            ) from None
        if not same:
            raise RunError(f"the storage {self.url} does not return what was written to it; use another")

    def put(self, root: Path, *paths: Path) -> None:
        """Copy files below a folder to the storage, as far as there are any; OSError if that fails."""
        system, base = self._opened()
        for path in paths:
            if not path.is_file():
                continue
            to = f"{base}/{path.relative_to(root).as_posix()}"
            system.create_dir(to.rpartition("/")[0], recursive=True)
            with system.open_output_stream(f"{to}.part") as file:
                file.write(path.read_bytes())
            system.move(f"{to}.part", to)

    def get(self, root: Path, *paths: Path) -> None:
        """Copy files of the storage to a folder, as far as there are any; OSError if that fails."""
        system, base = self._opened()
        for path in paths:
            try:
                source = system.open_input_stream(self._at(base, root, path))
            except FileNotFoundError:
                continue
            with source as file:
                write_whole(path, partial(_written, data=file.read()))

    def delete(self, root: Path, *paths: Path) -> None:
        """Delete files of the storage, as far as there are any; OSError if that fails."""
        system, base = self._opened()
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                system.delete_file(self._at(base, root, path))

    def _at(self, base: str, root: Path, path: Path) -> str:
        return f"{base}/{path.relative_to(root).as_posix()}"

    def _opened(self) -> tuple[Any, str]:
        """The file system of the URL, and the path in it."""
        from pyarrow import fs

        system, path = fs.FileSystem.from_uri(self.url)
        return system, f"{path.rstrip('/')}/{self.name}"

    def fetch(self, home: RunDirectory, trial: Trial, outcome: Outcome) -> None:
        """Copy the files of a finished training to the run's directory, and delete them from the storage.

        Raises:
            RunError: the storage does not answer.
        """
        files = [home.weights(trial.number), home.failure(trial.number), *_trunks(home, trial)]
        try:
            self.get(home.path, *files)
            self.delete(home.path, *_states(home, trial), *files)
        except OSError as error:
            raise self._fault(error) from None
        if isinstance(outcome, Scored | Stopped) and not home.weights(trial.number).exists():
            raise RunError(
                f"the storage {self.url} has lost the weights of trial {trial.number}; give one that keeps what is "
                "written to it, and run the same again"
            )
        if isinstance(outcome, Scored):  # a whole training goes on no further
            for path in _trunks(home, trial):
                path.unlink(missing_ok=True)

    def hand_over(self, home: RunDirectory, trial: Trial) -> None:
        """Copy what the training of a trial may begin from to the storage; RunError if that does not answer."""
        try:
            self.put(home.path, *_begun_from(home, trial))
        except OSError as error:
            raise self._fault(error) from None

    def train(self, trainer: Trainer, data: Mapping[str, Any], tell: Tell, node: str) -> None:
        """Train a trial, as `Trainer.run` does, in a folder of this process whose files go through the storage.

        If the storage does not take what came of it, the last event is `Interrupted`.
        """
        if (trial := trainer.read(data, tell)) is None:
            return
        with scratch() as folder:
            home = RunDirectory(folder)

            def passed_on(event: Event) -> None:
                try:
                    if isinstance(event, Epoch):
                        with contextlib.suppress(OSError):  # the next epoch brings another checkpoint
                            self.put(home.path, *_states(home, trial), *_trunks(home, trial))
                    elif isinstance(event, Finished):
                        self.put(home.path, home.weights(trial.number), home.failure(trial.number))
                        self.put(home.path, *_trunks(home, trial))
                except OSError as error:
                    event = Interrupted(trial.number, str(self._fault(error)))
                tell(event)

            try:
                self.get(home.path, *_begun_from(home, trial))
            except OSError as error:
                tell(Interrupted(trial.number, str(self._fault(error))))
                return
            replace(trainer, directory=str(folder)).run(data, passed_on, own_process=True, node=node)

    def _fault(self, error: OSError) -> RunError:
        reason = printable(" ".join(str(error).split()), MOST_SAID)
        return RunError(f"the storage {self.url} does not answer ({reason}); run the same again once it does")


def _written(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _begun_from(home: RunDirectory, trial: Trial) -> list[Path]:
    """The files that a training may begin from: its own states, its trunk, the weights that it inherits."""
    inherited = [] if trial.inherits is None else [home.weights(trial.inherits)]
    return [*_states(home, trial), *_trunks(home, trial), *inherited]


def _states(home: RunDirectory, trial: Trial) -> list[Path]:
    """The files that only this training goes on from."""
    return [home.checkpoint(trial.number), home.sizes(trial.number)]


def _trunks(home: RunDirectory, trial: Trial) -> list[Path]:
    return [] if trial.trained_as is None else [home.trunk(trial.trained_as)]
