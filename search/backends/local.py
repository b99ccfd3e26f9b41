"""The local backend: worker processes on this machine, one torch thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from search.backends.worker import Trainer, parent_is_gone
from search.errors import RunError
from search.events import Event, Finished
from search.outcome import Failed
from search.training.threads import one_thread
from search.trial import Trial

# Without these, the C library maps and unmaps large activations at every operation: long convolutions then take up to
# three times as long.
ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "100000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


class Local:
    """Trains in at most `workers` processes on this machine, each started when a candidate needs it.

    `address` is not used.

    Raises:
        RunError: the task cannot be sent to another process.
    """

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        try:
            pickle.dumps(trainer)
        except Exception as error:
            raise RunError(
                f"the task cannot be sent to worker processes ({error}); define its functions and datasets at the "
                "top level of a module"
            ) from None
        self.trainer, self.workers = trainer, workers
        self._pool: list[_Worker] = []
        self._waiting: deque[Trial] = deque()

    def submit(self, trial: Trial) -> None:
        """Queue a candidate for the next process that is free."""
        self._waiting.append(trial)
        self._hand_out()

    def events(self) -> Sequence[Event]:
        """One event of each process that has sent any; waits for the first."""
        busy = {worker.pipe: worker for worker in self._pool if worker.number is not None}
        ready = [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]
        found = [worker.event() for worker in ready]
        self._hand_out()
        return found

    def close(self) -> None:
        """End all processes."""
        for worker in self._pool:
            worker.stop()

    def _hand_out(self) -> None:
        """Give queued candidates to idle processes, and to new ones while there are fewer than `workers`."""
        while self._waiting:
            idle = next((worker for worker in self._pool if worker.number is None), None)
            if idle is None:
                if len(self._pool) >= self.workers:
                    return
                idle = _Worker(self.trainer)
                self._pool.append(idle)
            idle.start(self._waiting.popleft())


class _Worker:
    """One worker process, and the number of the trial that it trains; None while it is idle."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.number: int | None = None
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_work, args=(theirs, self.trainer, os.getpid()), daemon=True
        )
        with _environment(ALLOCATOR):  # the C library reads these when the process starts
            self.process.start()
        theirs.close()

    def start(self, trial: Trial) -> None:
        """Send the process a candidate to train."""
        self.number = trial.number
        with contextlib.suppress(OSError):  # the process has died; `event` then returns `Failed`
            self.pipe.send(trial.to_data())

    def event(self) -> Event:
        """The next event of the candidate; if the process died, it is replaced, and the event is a failure."""
        assert self.number is not None
        try:
            event: Event = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            likely = ", most likely for lack of memory" if code == -signal.SIGKILL else ""
            event = Finished(self.number, Failed(f"its worker process died ({name}{likely})"))
            self._begin()
        if isinstance(event, Finished):
            self.number = None
        return event

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.terminate()
        self.process.join()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for the processes started inside; variables that are set already are not changed."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _work(pipe: Connection, trainer: Trainer, parent: int) -> None:
    """What a worker process runs: it trains the candidates sent to it until its parent closes the pipe or has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends the workers
    one_thread()

    def tell(event: Event) -> None:
        try:
            pipe.send(event)
        except OSError:
            os._exit(1)
        if parent_is_gone(parent):
            os._exit(1)

    while True:
        try:
            data: dict[str, Any] = pipe.recv()
        except (EOFError, OSError):
            return
        trainer.run(data, tell)
