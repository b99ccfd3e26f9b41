"""What a worker process runs: it gets ready, and trains what it is sent until its parent ends.

The messages of its pipe: the parent sends how it was started (plain data), and is answered `Booted` or `Refused`; it
sends the trainer as bytes, and is answered `Ready`, or `Unloadable`, after which it may send other bytes; then it sends
candidates, whose events are the answers.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import spawn
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias

from search.backends.worker import Trainer
from search.events import Event
from search.training.threads import one_thread


@dataclass(frozen=True)
class Booted:
    """The process has imported the script that the search was started from."""


@dataclass(frozen=True)
class Ready:
    """The process has loaded the trainer."""


@dataclass(frozen=True)
class Refused:
    """The process cannot import the script; `reason` is a sentence that says why and what to do."""

    reason: str


@dataclass(frozen=True)
class Unloadable:
    """The process cannot load the trainer from these bytes, for that reason."""

    reason: str


Answer: TypeAlias = Booted | Ready | Refused | Unloadable | Event


class Unguarded(BaseException):
    """A script runs a search when a worker process imports it. No `except Exception` of the script catches it."""


# What this process, a worker, is importing; None in any other process.
_importing: str | None = None


def refuse_in_a_worker() -> None:
    """Raise `Unguarded` if this process is a worker that imports the script: running a search there never ends."""
    if _importing is not None:
        raise Unguarded(
            f"worker processes import {_importing}, and would run its search again; put the lines that run it under "
            '`if __name__ == "__main__":`'
        )


def command(pipe: int) -> list[str]:
    """The command of a worker process, which talks to its parent by the pipe of that file descriptor.

    Our packages are imported before the paths of the parent are set: modules of the same names beside a person's script
    (`search.py`) must not come before them.
    """
    home = Path(__file__).parents[2]
    ours = "import archspec, search, spaces; from search.backends.process import work"
    code = f"import sys; sys.path.insert(0, sys.argv[1]); {ours}; work()"
    return [sys.executable, "-P", "-c", code, str(home), str(pipe)]


def preparation() -> dict[str, Any]:
    """How this process was started, as the multiprocessing library notes it: paths, arguments and the main module."""
    data = spawn.get_preparation_data("archsearch worker")
    del data["authkey"]  # a secret; it cannot be sent
    if not Path(data.get("init_main_from_path", "/")).exists():  # `<stdin>`
        del data["init_main_from_path"]
    return data


def script(started: Mapping[str, Any]) -> str | None:
    """The module or file that worker processes can import as the main module; None in a notebook, say."""
    name: str | None = started.get("init_main_from_name", started.get("init_main_from_path"))
    return None if name is None or name.split(".")[-1] == "__main__" else name


def work() -> None:
    """Run a worker process, whose command line is that of `command`."""
    global _importing
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends the workers
    pipe = Connection(int(sys.argv[2]))
    # Processes that a data loader forks must not keep the pipe open when this one dies.
    os.register_at_fork(after_in_child=pipe.close)
    received: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, received), daemon=True).start()
    writing = threading.Lock()

    def send(message: Answer) -> None:
        try:
            with writing:
                pipe.send(message)
        except OSError:
            _end()

    if (refused := _imported(received.get())) is not None:
        send(refused)
        return
    one_thread()
    send(Booted())
    trainer: Trainer | None = None
    _importing = "the modules of the task"
    while True:
        message = received.get()
        if not isinstance(message, bytes):
            assert trainer is not None
            trainer.run(message, send, own_process=True)
            continue
        try:
            trainer = pickle.loads(message)
            send(Ready())
        except Unguarded as error:
            send(Refused(str(error)))
        except Exception as error:
            send(Unloadable(f"{type(error).__name__}: {_said(error)}"))


def _receive(pipe: Connection, received: SimpleQueue[Any]) -> None:
    """Pass messages on; as soon as the parent closes the pipe or dies, this process ends, whatever it is doing."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            _end()
        received.put(message)


def _end() -> None:
    """End this process and those of its data loaders, which are of its process group."""
    os.killpg(0, signal.SIGKILL)


def _imported(started: Mapping[str, Any]) -> Refused | None:
    """Import the main module of the parent; says why if that cannot be done."""
    global _importing
    _importing = name = script(started) or "the script"
    try:
        spawn.prepare(started)
    except Unguarded as error:
        return Refused(str(error))
    except BaseException as error:
        return Refused(
            f"{name} cannot be imported by a worker process ({type(error).__name__}: {_said(error)}); each imports it, "
            "from anywhere and without arguments, so put what it does, but not what it defines, under "
            '`if __name__ == "__main__":`'
        )
    return None


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())
