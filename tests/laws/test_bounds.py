"""What never ends is an error, whether it works or waits."""

from __future__ import annotations

import signal
import threading
import weakref
from collections.abc import Callable

import pytest

from tests.laws import bounds
from tests.laws.bounds import bounded


class Removed:
    """Something to be removed."""


def _works() -> None:
    while True:
        pass


def _waits() -> None:
    threading.Event().wait()


def _works_while_removing() -> None:
    """An error in a callback of a weak reference is swallowed by Python."""
    removed = [Removed()]
    kept = weakref.ref(removed[0], lambda _: _works())
    removed.clear()
    assert kept() is None
    _works()


@pytest.mark.parametrize("endless", [_works, _waits])
def test_what_never_ends_is_an_error(endless: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BUSY", 2)
    with pytest.raises(AssertionError, match="still not done"), bounded(1):
        endless()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_that_is_swallowed_is_raised_again() -> None:
    with pytest.raises(AssertionError, match="still not done"), bounded(1):
        _works_while_removing()


def test_what_ends_leaves_no_timer() -> None:
    before = signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)
    with bounded(5):
        pass
    assert (signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)) == before
    assert signal.getitimer(signal.ITIMER_REAL) == signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
