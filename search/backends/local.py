"""The local backend: worker processes on this machine, one torch thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from search.backends.worker import Job, Trainer, parent_is_gone
from search.candidate import Candidate
from search.engine import Engine
from search.errors import RunError
from search.outcome import Failed, Outcome
from search.training.threads import one_thread

Told = Callable[[Candidate, Outcome], None]
# Large activations are else mapped and unmapped at every operation: long convolutions take up to three times as long.
ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "100000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


def run_local(engine: Engine, trainer: Trainer, workers: int, told: Told) -> None:
    """Train until the engine is done; `told` is called after each outcome.

    Raises:
        RunError: the task cannot be sent to another process.
    """
    try:
        pickle.dumps(trainer)
    except Exception as error:
        raise RunError(
            f"the task cannot be sent to worker processes ({error}); define its functions and datasets at the "
            "top level of a module"
        ) from None
    pool = [_Worker(trainer) for _ in range(min(workers, max(1, engine.wanted - engine.finished)))]
    try:
        while not engine.done:
            for worker in pool:
                if worker.candidate is None and (candidate := engine.ask()):
                    worker.start(candidate)
            if engine.done:
                break
            for worker in _first_finished(pool):
                candidate, outcome = worker.finish()
                engine.tell(candidate, outcome)
                told(candidate, outcome)
    finally:
        for worker in pool:
            worker.stop()


class _Worker:
    """One process, and the candidate it trains."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.candidate: Candidate | None = None
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_work, args=(theirs, self.trainer, os.getpid()), daemon=True
        )
        with _environment(ALLOCATOR):  # read by the C library when the process begins
            self.process.start()
        theirs.close()

    def start(self, candidate: Candidate) -> None:
        """Have the candidate trained."""
        self.candidate = candidate
        with contextlib.suppress(OSError):  # the process has died; `finish` says so
            self.pipe.send(Job.of(candidate))

    def finish(self) -> tuple[Candidate, Outcome]:
        """What came of the candidate; a process that died is replaced."""
        assert self.candidate is not None
        candidate, self.candidate = self.candidate, None
        try:
            outcome: Outcome = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            likely = ", most likely for lack of memory" if code == -signal.SIGKILL else ""
            outcome = Failed(f"its worker process died ({name}{likely})")
            self._begin()
        return candidate, outcome

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.terminate()
        self.process.join()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """These variables, where a person has not set them, for what is started in here."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _first_finished(pool: list[_Worker]) -> list[_Worker]:
    busy = {worker.pipe: worker for worker in pool if worker.candidate is not None}
    return [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]


def _work(pipe: Connection, trainer: Trainer, parent: int) -> None:
    """The life of a worker process: until its parent closes the pipe, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
    one_thread()

    def each_epoch(epoch: int, score: float) -> None:
        if parent_is_gone(parent):
            os._exit(1)

    while True:
        try:
            job: Job = pipe.recv()
            pipe.send(trainer.run(job, each_epoch))
        except (EOFError, OSError):
            return
