"""Candidates that begin from their parents' weights: which do, and that a search stays the same however it is run."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search import Result, Training, drawing, machine
from search.errors import RunError
from search.events import Event, Finished, Proposed
from search.files import RunDirectory
from search.objectives import parse_objective
from search.outcome import Failed, Outcome, Scored, Stopped
from search.record.history import History, Settings
from search.strategies.front import FrontStrategy
from search.strategies.strategy import Budget, Proposal
from search.trial import Trial
from spaces import Space
from tests.search.inside import Inside, Killed, inside
from tests.search.made_up import deep_space, engine_in
from tests.search.tiny import small_search, small_space, told


class Family:
    """Random candidates; the parent of each is the last that was scored."""

    name = "family"

    def __init__(self, space: Space) -> None:
        self.space = space

    def propose(self, history: History, budget: Budget) -> Proposal:
        scored = [number for number in history.outcomes if history[number].state == "scored"]
        return Proposal(self.space.random_values(random.Random(budget.seed)), parent=max(scored, default=None))

    def observe(self, event: Event) -> None:
        pass


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> type[Inside]:
    monkeypatch.setattr(machine, "WAITS", ())
    return inside(monkeypatch)


def searched(directory: Path, inherit: bool = True, workers: int = 2) -> Result:
    training = Training(epochs=2, batch_size=32, inherit=inherit)
    search = small_search(6, training=training, strategy=Family(small_space()))
    return search.run(directory, backend="inside", workers=workers, watch=None)


def begun_from(result: Result) -> list[int | None]:
    return [trial.inherits for trial in result.trials if trial.state != "rejected"]


def test_a_child_begins_from_what_its_parent_has_learnt(tmp_path: Path, backend: type[Inside]) -> None:
    heirs, others = searched(tmp_path / "heirs"), searched(tmp_path / "others", inherit=False)
    assert begun_from(others) == [None] * 6
    assert begun_from(heirs)[:3] == [None] * 3  # of two workers, the fourth is the first that knows an outcome
    assert None not in begun_from(heirs)[3:]
    numbers = [trial.number for trial in heirs.trials if trial.inherits is not None]
    assert [heirs.trials[n].architecture for n in numbers] == [others.trials[n].architecture for n in numbers]
    first = [np.mean([result.trials[n].curve[1] for n in numbers]) for result in (heirs, others)]
    assert first[0] > first[1]


def test_killed_after_any_epoch_it_ends_the_same(tmp_path: Path, backend: type[Inside]) -> None:
    whole = searched(tmp_path / "whole")
    for epochs in (5, 7, 10):
        backend.epochs = epochs
        with pytest.raises(Killed):
            searched(tmp_path / str(epochs))
        backend.epochs = None
        assert told(searched(tmp_path / str(epochs))) == told(whole)
        assert begun_from(Result.open(tmp_path / str(epochs))) == begun_from(whole)


def lose(directory: Path, number: int) -> Path:
    """Take away the weights of a trial; where they are now."""
    there = RunDirectory(directory).weights(number)
    return there.rename(there.with_suffix(".elsewhere"))


def weights_must_stay(tmp_path: Path, backend: type[Inside]) -> None:
    backend.epochs = 7  # the first child is in training
    with pytest.raises(Killed):
        searched(tmp_path / "run")
    backend.epochs = None
    child = backend.trained[-1][0]
    assert child.inherits is not None
    moved = lose(tmp_path / "run", child.inherits)
    with pytest.raises(RunError, match=r"from whose weights a candidate begins, cannot be read.*put the file back"):
        searched(tmp_path / "run")
    moved.rename(moved.with_suffix(".safetensors"))
    assert told(searched(tmp_path / "run")) == told(searched(tmp_path / "whole"))


def test_without_its_parents_weights_a_child_is_not_trained(tmp_path: Path, backend: type[Inside]) -> None:
    weights_must_stay(tmp_path, backend)


def test_a_child_that_begins_anew_instead_is_noticed(
    tmp_path: Path, backend: type[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    from search.backends import worker

    load: Callable[[Path], object] = worker.load_parent
    monkeypatch.setattr(worker, "load_parent", lambda file: load(file) if file.exists() else None)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        weights_must_stay(tmp_path, backend)


@pytest.mark.parametrize("state", ["running", "failed", "stopped", "scored"])
def test_who_is_a_parent(tmp_path: Path, state: str) -> None:
    history = History(Settings({"training": {"inherit": True}}), RunDirectory(tmp_path))
    history.observe(Proposed(Trial(0, 0, {}, hash="a")))
    outcomes: dict[str, Outcome] = {"failed": Failed("diverged"), "stopped": Stopped({}, 1), "scored": Scored({}, 2)}
    if state in outcomes:
        history.observe(Finished(0, outcomes[state]))
    child = Trial(1, 1, {}, hash="b", parent=0)
    assert drawing.inherited(child, history) is None, "its weights are not there"
    RunDirectory(tmp_path).weights(0).parent.mkdir()
    RunDirectory(tmp_path).weights(0).touch()
    assert drawing.inherited(child, history) == (0 if state in ("stopped", "scored") else None)


@pytest.mark.parametrize(("asked", "training"), [(True, False), (False, True), (False, False)])
def test_front_names_parents_if_it_is_asked_to_or_weights_are_inherited(
    asked: bool, training: bool, tmp_path: Path
) -> None:
    texts = ("maximize accuracy", "minimize flops")
    strategy = FrontStrategy(
        deep_space(), [parse_objective(text) for text in texts], design=4, pause=1.0, inherit=asked
    )
    settings = {"training": {"inherit": True}} if training else {}
    engine = engine_in(tmp_path, deep_space(), texts, (), trials=12, strategy=strategy, settings=settings)
    parents = []
    while (trial := engine.ask()) is not None:
        parents.append(trial.parent)
        engine.tell(trial, Scored({"accuracy": 1 / (1 + trial.number)}))
    engine.record.close()
    assert any(parent is not None for parent in parents) == (asked or training)
    assert all(parent is None or parent < number for number, parent in enumerate(parents))
