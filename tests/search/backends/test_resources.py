"""What a candidate takes of a cluster, how many fit, and what is told of those that wait: without any cluster."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from archspec import Architecture, Classifier, Conv, Image
from search.backends.place import place
from search.backends.resources import Resources, gpu_share, resources
from search.engine import lag_of
from search.errors import RunError
from search.events import Event, Finished, Interrupted, Notice, Started, from_data, to_data
from search.objectives import parse_objective
from search.running import Running
from search.strategies.strategy import STRATEGIES
from search.trial import Trial
from spaces import Space, integer
from tests.search.made_up import engine_in, outcome_of

NODE = {"CPU": 8.0, "GPU": 2.0, "memory": 16e9}
BARE = {"CPU": 4.0, "memory": 8e9}


@pytest.mark.parametrize(
    ("needs", "room"),
    [
        (Resources(), 8 + 4),
        (Resources(cpus=3), 2 + 1),
        (Resources(gpus=1), 2),
        (Resources(gpus=1 / 3), 6),
        (Resources(gpus=0.4), 5),  # by their sum; Ray places two on each GPU
        (Resources(cpus=0.5, gpus=0), 16 + 8),
        (Resources(memory=5e9), 3 + 1),
        (Resources(cpus=9), 0),
    ],
)
def test_as_many_fit_as_there_is_room_for_on_each_node(needs: Resources, room: int) -> None:
    assert needs.fit([NODE, BARE]) == room
    assert (needs.missing([NODE, BARE]) is None) == (room > 0)


def test_what_no_node_has_is_named() -> None:
    assert Resources(cpus=9).missing([NODE, BARE]) == "each candidate takes 9 CPUs, and the largest node has 8 CPUs"
    assert Resources(gpus=1).missing([BARE]) == "each candidate takes 1 GPU, and the largest node has 0 GPU"


def test_without_a_number_each_has_a_gpu_and_with_workers_they_share() -> None:
    assert Resources().settled(4.0, None).gpus == 1
    assert Resources().settled(0.0, None).gpus == 0
    assert Resources().settled(4.0, 6).gpus == gpu_share(4.0, 6) == 1 / 2
    assert Resources(gpus=0.25).settled(4.0, 6).gpus == 0.25
    assert resources(1, None, None, "cpu").settled(4.0, 6).gpus == 0  # trained on a CPU
    assert resources(2, None, "4G", "auto") == Resources(2, None, 4e9)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cpus": 0}, "cpus must be above 0, not 0"),
        ({"cpus": -1}, "cpus must be above 0, not -1"),
        ({"cpus": float("nan")}, "cpus must be above 0, not nan"),
        ({"gpus": 1.5}, "gpus above 1 must be whole, not 1.5"),
        ({"gpus": True}, "gpus must be 0 or more, not True"),
    ],
)
def test_amounts_that_are_none_are_refused(given: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        Resources(**given)


def test_what_is_for_a_cluster_is_refused_on_this_machine() -> None:
    for needs, name in ((Resources(cpus=2), "cpus"), (Resources(gpus=1), "gpus"), (Resources(memory=1e9), "memory")):
        with pytest.raises(RunError, match=f"^{name} is what a candidate takes of a Ray cluster; use it with"):
            place("local", 1, None, needs)
    with pytest.raises(RunError, match=r"^the storage s3://a is that of a Ray cluster; use it with"):
        place("local", 1, None, Resources(), "s3://a")
    assert place("local", 3, None, Resources(gpus=0)).workers == 3


def test_the_node_of_a_candidate_is_recorded_where_there_is_one() -> None:
    assert to_data(Started(3)) == {"event": "started", "number": 3}  # as before, on this machine
    assert from_data(to_data(Started(3, "10.0.0.7/5e5e5e"))) == Started(3, "10.0.0.7/5e5e5e")


def test_a_lost_node_is_not_counted_against_the_candidate(tmp_path: Path) -> None:
    lost: dict[int, int] = {}

    class Loses:
        """Each candidate loses its node ten times."""

        def __init__(self) -> None:
            self.there: list[Trial] = []

        def submit(self, trial: Trial) -> None:
            self.there.append(trial)

        def events(self) -> Sequence[Event | Notice]:
            trial = self.there.pop()
            lost[trial.number] = lost.get(trial.number, 0) + 1
            if lost[trial.number] <= 10:
                return [Notice("a node is lost"), Interrupted(trial.number, "its Ray node is lost", lost=True)]
            return [Finished(trial.number, outcome_of(trial))]

        def close(self) -> None:
            pass

    class Watch:
        """Notes what it is told."""

        said: ClassVar[list[str]] = []

        def __call__(self, *seen: object) -> None:
            pass

        def notice(self, text: str) -> None:
            self.said.append(text)

    engine = engine_in(tmp_path, trials=3, lag=2)
    try:
        Running(engine, Loses(), Watch()).run()
        assert engine.finished == 3
        assert set(lost.values()) == {11}
        assert Watch.said == ["a node is lost"] * 30
    finally:
        engine.record.close()


class Joining:
    """A made-up cluster whose nodes join one by one, on a clock that jumps to the next thing that happens."""

    NODES, WORKERS, EVERY, TRAINS = 64, 8, 5.0, 400.0

    def __init__(self) -> None:
        self.now, self.workers, self.waiting = 0.0, 0, list[Trial]()
        # When each training ends, and when the next node joins.
        self.ends: list[tuple[float, int, Trial]] = []
        self.joins = [self.EVERY * node for node in range(self.NODES)]
        # When all workers were busy first, after each node had joined.
        self.full: list[float] = []

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)
        self._begin()

    def _begin(self) -> None:
        while self.waiting and len(self.ends) < self.workers:
            trial = self.waiting.pop(0)
            heapq.heappush(self.ends, (self.now + self.TRAINS + trial.number % 7, trial.number, trial))
        if self.workers and len(self.ends) == self.workers == self.WORKERS * (len(self.full) + 1):
            self.full.append(self.now)

    def events(self) -> Sequence[Event]:
        while self.joins and (not self.ends or self.joins[0] <= self.ends[0][0]):
            self.now = self.joins.pop(0)
            self.workers += self.WORKERS
            self._begin()
        self.now, number, trial = heapq.heappop(self.ends)
        return [Finished(number, outcome_of(trial))]

    def close(self) -> None:
        pass


def joined_by_all(directory: Path, workers: int) -> list[float]:
    """Seconds after which all workers were busy, of each node that joined, until one whose workers were not."""
    cluster, size = Joining(), integer("width", 1, 60)
    body = [Conv(channels=size, kernel_size=1), Conv(channels=integer("second", 1, 60), kernel_size=1)]
    space = Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))
    strategy = STRATEGIES["random"](space, [parse_objective("maximize accuracy")])
    engine = engine_in(directory, space, constraints=(), trials=520, lag=lag_of(workers), strategy=strategy)
    engine.workers = workers
    try:
        Running(engine, cluster).run()
    finally:
        engine.record.close()
    return [full - Joining.EVERY * node for node, full in enumerate(cluster.full)]


def test_nodes_that_join_one_by_one_are_busy_within_thirty_seconds(tmp_path: Path) -> None:
    waited = joined_by_all(tmp_path, workers=Joining.NODES * Joining.WORKERS)
    assert len(waited) == Joining.NODES
    assert max(waited) <= 30


def test_the_law_of_joining_nodes_tells_a_search_of_too_few_workers(tmp_path: Path) -> None:
    assert len(joined_by_all(tmp_path, workers=Joining.WORKERS)) == 1  # what the first node had room for
