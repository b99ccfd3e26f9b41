"""The trainings of a confirmation on a backend: all of a list, and again what a machine made fail."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from search.backends.backend import Backend
from search.confirmed import CONFIRMS
from search.errors import RunError
from search.events import Epoch, Event, Finished, Interrupted, Notice
from search.outcome import Failed
from search.retries import Retries
from search.trial import Trial


def train_all(backend: Backend, trials: Sequence[Trial], workers: int) -> Iterator[Event | Notice]:
    """The events of all trainings, so many at the same time: each ends with its outcome, however often it is begun.

    Raises:
        RunError: a machine keeps failing, or memory is short beside others.
    """
    waiting, there, retries = deque(trials), dict[int, Trial](), Retries()
    while waiting or there:
        while waiting and len(there) < workers:
            trial = waiting.popleft()
            there[trial.number] = trial
            backend.submit(trial)
        short = ""
        for event in backend.events():
            match event:
                case Notice():
                    yield event
                case _ if event.number not in there:
                    pass  # of a training that has ended
                case Interrupted():
                    trial = there.pop(event.number)
                    waiting.appendleft(trial)
                    retries.count(event)
                    if not event.lost:
                        cannot = f"trial {trial.notes[CONFIRMS]} cannot be confirmed"
                        retries.wait(event, cannot, "confirm again: it goes on")
                case Finished(number, outcome):
                    trial = there.pop(number)
                    lacks = isinstance(outcome, Failed) and _short(outcome, workers)
                    if lacks:
                        short = f"the confirmation of trial {trial.notes[CONFIRMS]} {lacks}, which goes on"
                    else:
                        yield event
                case Epoch(number):
                    retries.forget(number)
                    yield event
                case _:
                    yield event
        if short:
            raise RunError(short)


def _short(outcome: Failed, workers: int) -> str:
    """What a failure for want of memory is, and what to do; empty for another: the network was trained before."""
    if outcome.too_large:
        return f"cannot be trained here: {outcome.reason.partition(';')[0]}; confirm where there is more memory"
    return f"{outcome.reason} beside others; confirm with workers=1" if outcome.for_memory and workers > 1 else ""
