"""The local backend: worker processes on this machine, one torch thread each."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
from collections import deque
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import cloudpickle

from search.backends.process import Answer, Booted, Ready, Refused, Unloadable, command, preparation, script
from search.backends.sharing import VISIBLE, Device, Sharing, devices_of
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Interrupted, Notice
from search.numbers import short
from search.trial import Trial

# Without these, the C library maps and unmaps large activations at every operation: long convolutions then take up to
# three times as long.
ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "100000000000",
    "MALLOC_TOP_PAD_": "268435456",
}
# How often in a row a process may be killed while it starts.
STARTS = 3


class Local:
    """Trains in at most `workers` processes on this machine, each started when a candidate needs it.

    A process gets candidates only once it has loaded the trainer; the first one has when this object is made. Where
    there are several GPUs the processes take turns on them. A candidate waits while its training has no room in the
    memory of its device beside those that are there. `address` is not used.

    Raises:
        RunError: the task cannot be sent to another process, or cannot be loaded there.
    """

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        self.workers = workers
        self.start = _Start(trainer)
        self.devices = devices_of(trainer.training.device)
        self.sharing = Sharing(trainer.task, trainer.training)
        self._pool = [_Worker(self.start, self.devices[0])]
        self._waiting: deque[Trial] = deque()
        # A sentence about what waits for memory: told once.
        self._told, self._notices = False, list[Notice]()
        try:
            while not self._pool[0].ready:
                self._pool[0].receive()
        except BaseException:
            self.close()
            raise

    def submit(self, trial: Trial) -> None:
        """Queue a candidate for the next process that is free."""
        self._waiting.append(trial)
        self._hand_out()

    def events(self) -> Sequence[Event | Notice]:
        """One event of each process that has sent any; waits for the first.

        Raises:
            RunError: a process cannot start.
        """
        found: list[Event | Notice] = []
        while not found and (busy := {w.pipe: w for w in self._pool if w.trial is not None or not w.ready}):
            received = [busy[pipe].receive() for pipe in wait(list(busy)) if isinstance(pipe, Connection)]
            found = [event for event in received if event is not None]
            self._hand_out()
        found, self._notices = [*self._notices, *found], []
        return found

    def close(self) -> None:
        """End all processes."""
        for worker in self._pool:
            worker.stop()

    def _hand_out(self) -> None:
        """Give queued candidates, in their order, to idle processes; start as many as the others need."""
        while self._waiting and (idle := [w for w in self._pool if w.ready and w.trial is None]):
            idle.sort(key=lambda worker: len(self._beside(worker.device)))
            if (worker := next((w for w in idle if self._has_room(w.device)), None)) is None:
                break
            worker.train(self._waiting.popleft())
        starting = sum(not worker.ready for worker in self._pool)
        for _ in range(min(len(self._waiting) - starting, self.workers - len(self._pool))):
            device = self.devices[len(self._pool) % len(self.devices)]
            if not self._has_room(device):
                break
            self._pool.append(_Worker(self.start, device))
        free = len(self._pool) < self.workers or any(worker.trial is None for worker in self._pool)
        if self._waiting and free and all(worker.ready for worker in self._pool):
            self._tell()

    def _has_room(self, device: Device) -> bool:
        """Whether the first candidate that waits can be trained on a device now."""
        return self.sharing.has_room(self._waiting[0], self._beside(device), device)

    def _tell(self) -> None:
        """Tell a person, once, that a candidate waits for memory."""
        if not self._told:
            trial, self._told = self._waiting[0], True
            takes, others = short(self.sharing.takes(trial)), sum(worker.trial is not None for worker in self._pool)
            self._notices.append(
                Notice(
                    f"trial {trial.number} waits, as its training takes about {takes}B of memory, and has no room "
                    f"beside the {others} in training; later ones that wait are not told"
                )
            )

    def _beside(self, device: Device) -> list[Trial]:
        return [worker.trial for worker in self._pool if worker.device is device and worker.trial is not None]


class _Start:
    """What a worker process needs before it can train: how this process was started, and the trainer as bytes.

    The trainer is sent by reference to the script where there is one. What is refused so (functions of a notebook cell,
    of standard input, inside a function) is sent by value.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.prepared = preparation()
        self.forms: list[bytes] = []
        for write in (pickle.dumps, cloudpickle.dumps) if script(self.prepared) else (cloudpickle.dumps,):
            try:
                self.forms.append(write(trainer))
            except Exception as error:
                reason = " ".join(str(error).split())
        if not self.forms:
            raise RunError(
                f"the task cannot be sent to worker processes ({reason}); its functions and datasets may hold no lock, "
                "open file or generator: open files when they are read, and define functions at the top level of a "
                "module"
            )

    def fall_back(self, reason: str) -> None:
        """Use another form, as the first could not be loaded; RunError if there is none."""
        self.forms.pop(0)
        if not self.forms:
            raise RunError(
                f"the task cannot be loaded by worker processes ({reason}); define its functions and datasets at the "
                "top level of a module that can be imported from anywhere"
            )


class _Worker:
    """One worker process, its device, whether it is ready, and the trial that it trains; None while it is idle."""

    def __init__(self, start: _Start, device: Device) -> None:
        self.start, self.device = start, device
        self.trial: Trial | None = None
        self._deaths = 0
        self._begin()

    def _begin(self) -> None:
        self.ready = False
        visible = {} if self.device.visible is None else {VISIBLE: self.device.visible}
        self.pipe, theirs = Pipe()
        self.process = subprocess.Popen(
            command(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=ALLOCATOR | os.environ | visible,  # the C library reads these when the process starts
            process_group=0,  # with the processes of its data loaders, which end with it
        )
        theirs.close()
        self._send(self.start.prepared)

    def train(self, trial: Trial) -> None:
        """Send the process a candidate to train."""
        self.trial = trial
        self._send(trial.to_data())

    def receive(self) -> Event | None:
        """Take the next message of the process: an event, or None if it is about its start.

        If the process died, it is replaced, and the event is `Interrupted`.

        Raises:
            RunError: the process cannot start.
        """
        try:
            message: Answer = self.pipe.recv()
        except (EOFError, OSError):
            return self._died()
        match message:
            case Booted():
                self._send(self.start.forms[0])
            case Unloadable():
                self.start.fall_back(message.reason)
                self._send(self.start.forms[0])
            case Refused():
                raise RunError(message.reason)
            case Ready():
                self.ready, self._deaths = True, 0
            case event:
                if isinstance(event, Finished | Interrupted):
                    self.trial = None
                return event
        return None

    def stop(self) -> None:
        """End the process, and those of its data loaders."""
        self.pipe.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # the process has died; `receive` notices
            self.pipe.send(message)

    def _died(self) -> Interrupted | None:
        """Replace the process, which has died."""
        code = _exit_code(self.process)
        self.stop()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if not self.ready:
            self._deaths += 1
            if code >= 0 or self._deaths == STARTS:
                raise RunError(
                    f"a worker process ended while it started ({how}); see what it wrote, then run the same again with "
                    "fewer workers if memory was short"
                )
        trial, self.trial = self.trial, None
        self._begin()
        return None if trial is None else Interrupted(trial.number, f"its worker process died ({how})", died=True)


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has closed its pipe; one that does not end by itself is ended."""
    try:
        return process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
