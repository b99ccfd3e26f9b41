"""Where a run trains its candidates, checked before anything is begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from archspec.doors import Unknown
from search.backends.backend import BACKENDS, Backend
from search.backends.resources import Resources
from search.backends.worker import Trainer
from search.errors import RunError
from search.machine import available_cores
from search.numbers import whole


@dataclass(frozen=True)
class Place:
    """Where a run trains its candidates.

    Attributes:
        make: makes the backend, as one of the door `BACKENDS` does.
        workers: how many are in training at the same time.
        address: address of the cluster; None for this machine.
        needs: what each candidate takes of it.
        storage: URL of a folder that its nodes reach; None if they see the run's directory.
    """

    make: Callable[[Trainer, int, str | None], Backend]
    workers: int
    address: str | None
    needs: Resources
    storage: str | None

    def begin(self, trainer: Trainer) -> Backend:
        """The backend, ready to train; RunError if its workers cannot."""
        refuse_a_package(trainer.directory)
        return self.make(replace(trainer, needs=self.needs, storage=self.storage), self.workers, self.address)


def place(
    backend: str,
    workers: int | None,
    address: str | None,
    needs: Resources,
    storage: str | None = None,
    idle: bool = False,
) -> Place:
    """The place by the name of a backend; by default with as many workers as it has room for.

    A backend says how many by an attribute `room`, a function of the address and of what each candidate takes; one that
    has none is taken to have a worker for each CPU core of this machine. With `idle` nothing is to be trained, and
    no cluster is asked.

    Raises:
        RunError: there is no such backend; what is given is for another one; or no cluster answers at the address.
        ValueError: workers is not a whole number of 1 or more.
    """
    if workers is not None:
        workers = whole("workers", workers, least=1)
    try:
        begin = BACKENDS[backend]
    except Unknown as error:
        raise RunError(str(error)) from None
    if backend == "local":
        _refuse_what_is_for_ray(address, needs, storage)
    if workers is None:
        room = getattr(begin, "room", None)
        workers = available_cores() if room is None or idle else room(address, needs)
    return Place(begin, workers, address, needs, storage)


def _refuse_what_is_for_ray(address: str | None, needs: Resources, storage: str | None) -> None:
    remedy = "use it with backend='ray' (--backend ray)"
    for what, value in (("the address", address), ("the storage", storage)):
        if value is not None:
            raise RunError(f"{what} {value} is that of a Ray cluster; {remedy}")
    for name, given in (("cpus", needs.cpus != 1), ("gpus", bool(needs.gpus)), ("memory", needs.memory is not None)):
        if given:
            raise RunError(f"{name} is what a candidate takes of a Ray cluster; {remedy}, or leave it out")


def refuse_a_package(directory: str) -> None:
    """Refuse a run's directory inside the package of a Ray job, which is deleted with the job; RunError if it is."""
    if any(part.startswith("_ray_pkg_") for part in Path(directory).parts):
        raise RunError(
            f"the run's directory {directory} lies in the package of a Ray job, and would be lost with it; give an "
            "absolute one, such as /shared/runs/mine"
        )
