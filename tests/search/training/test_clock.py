"""A limit of time is one of training: while the process is stopped, or where the clock is set, none of it passes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from search.training import clock, limits
from search.training.clock import TICK, Clock, running_time
from search.training.limits import Limits, TimeUp

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def shown(*steps: float) -> float:
    """What a clock shows after looks that so many seconds lie between."""
    now = [5.0]
    found = Clock(lambda: now[0])
    for step in steps:
        now[0] += step
        found.look()
    return found.look()


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ((TICK, TICK, TICK), 3 * TICK),
        ((0.25, 8.0), 8.25),  # a machine that is busy
        ((TICK, MINUTE, TICK), 2 * TICK),
        ((DAY,), 0.0),
        ((TICK, 0.0, HOUR, HOUR, TICK), 2 * TICK),
    ],
)
def test_the_time_for_which_a_process_was_stopped_is_not_counted(steps: tuple[float, ...], seconds: float) -> None:
    assert shown(*steps) == seconds


def test_somebody_looks_at_the_clock_while_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that does nothing for a minute, as its loader blocks, has taken a minute."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] > MINUTE:
            raise StopIteration

    monkeypatch.setattr(clock, "time", SimpleNamespace(sleep=sleep))
    found = Clock(lambda: now[0])
    with pytest.raises(StopIteration):
        found._watch()
    assert found.look() == now[0]


def test_somebody_looks_at_the_clock_of_trainings() -> None:
    running_time()
    assert running_time._thread
    assert running_time._thread.is_alive()


@pytest.mark.parametrize("set_by", [-HOUR, HOUR, DAY])
def test_no_limit_of_a_trial_depends_on_the_time_of_day(set_by: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(time=lambda: 1e9)
    monkeypatch.setattr(limits, "time", now)
    ended: list[bool] = []
    monkeypatch.setattr(limits, "os", SimpleNamespace(_exit=ended.append))
    with Limits("trial 3", MINUTE, None, ended.append) as one:
        one.step()
        now.time = lambda: 1e9 + set_by
        one.step()
        own, search = one._left()
    assert not ended
    assert 0 < own <= MINUTE
    assert search == float("inf")


def test_the_end_of_a_search_is_by_the_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same on all machines of a cluster."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1e9 + 1))
    with Limits("trial 3", None, 1e9) as one, pytest.raises(TimeUp):
        one.step()
