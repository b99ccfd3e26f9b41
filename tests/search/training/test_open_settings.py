"""Settings of a training may be holes: the search decides them with the architecture, and everything knows of them."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archspec import Cost
from search import Engine, Result, Scored, Search, Training
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Proposed
from search.files import RunDirectory
from search.objectives import parse_objective
from search.record.history import History, Settings
from search.record.studies import Translation
from search.record.writing import Record
from search.strategies.random import Random
from search.training import trainer
from search.training.joint import joint
from search.training.loop import Loop
from search.trial import Trial
from spaces import Space, choice, integer, real
from tests.search.inside import inside
from tests.search.made_up import drive
from tests.search.tiny import bars, small_search, small_space

OPEN = Training(
    epochs=2,
    batch_size=32,
    learning_rate=real(1e-3, 1e-1, log=True),
    weight_decay=choice(0.0, 1e-2),
    label_smoothing=real("smoothing", 0.0, 0.2),
)
NAMES = {"training.learning_rate", "training.weight_decay", "smoothing"}


def engine_in(
    directory: Path, training: Training = OPEN, trials: int = 12, lag: int = 1, space: Space | None = None
) -> Engine:
    searched = joint(space or small_space(), training)
    settings = {"training": json.loads(json.dumps(training.record())), "objectives": ["maximize accuracy"]}
    record = Record(RunDirectory(directory), settings)
    goals = [parse_objective("maximize accuracy")]
    return Engine(record, searched, goals, (), trials, 0, lag, settings=training.parameters)


def test_a_strategy_that_does_not_know_of_them_is_told_of_the_space_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is an object was made with some space, before the search was."""
    inside(monkeypatch)
    known = Search(small_space(), bars(), training=OPEN).joint
    mine, theirs = (
        Search(small_space(), bars(), trials=1, training=OPEN, strategy=Random(space))
        for space in (small_space(), known)
    )
    with pytest.raises(RunError, match=r"a setting of the training; make a strategy .* too: Search\(...\).joint"):
        mine.run(tmp_path / "mine", watch=None)
    (trial,) = theirs.run(tmp_path / "theirs", watch=None).trials
    assert trial.state == "scored"


def test_settings_are_recorded_and_read_again() -> None:
    again = Training.from_record(json.loads(json.dumps(OPEN.record())))
    assert again.record() == OPEN.record()
    assert again.parameters.keys() == OPEN.parameters.keys() == NAMES
    values = {"training.learning_rate": 0.01, "training.weight_decay": 0.0, "smoothing": 0.1}
    for training in (OPEN, again):
        filled = training.filled(values)
        assert filled == Training(epochs=2, batch_size=32, learning_rate=0.01, weight_decay=0.0, label_smoothing=0.1)
    fixed = Training(learning_rate=0.5)
    assert fixed.filled({}) is fixed.default is fixed
    assert fixed.record() == {"learning_rate": 0.5}
    assert joint(space := small_space(), fixed) is space


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Training(learning_rate=choice(0.1, -1.0)),
            "learning_rate cannot be -1.0: learning_rate must be",
        ),
        (lambda: Training(batch_size=choice(32, "many")), "batch_size cannot be many"),
        (lambda: Training(offsets=real(0.0, 2.0)), "offsets cannot be 2: offsets is a number from 0 to 1"),
        (lambda: Training(epochs=integer(1, 5)), "epochs cannot be open; give its value"),
        (lambda: Training(batch_size=2 * integer(16, 32)), "batch_size cannot be arithmetic; give its value"),
        (lambda: Training(precision=choice("bf16", "int8")), "precision cannot be int8: there is no precision 'int8'"),
        (lambda: Training(clip=choice(1.0, math.inf)), "clip cannot be inf, which no record can hold; give a large"),
        (lambda: OPEN.filled({}), "training.learning_rate is open; give its value, 0.001 … 0.1"),
        (lambda: OPEN.filled({"training.learning_rate": 1.0}), "training.learning_rate cannot be 1.0"),
        (
            lambda: Search(small_space(), bars(), training=Training(augment=choice(None, "O"))),
            "augment: O does not act",
        ),
        (
            lambda: Search(small_space(), bars(), training=Training(batch_size=choice(2, 4, name="width"))),
            "width is a hole of the space and of the training",
        ),
    ],
)
def test_values_that_a_setting_cannot_have_are_refused_when_it_is_written(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_every_value_of_a_setting_is_checked() -> None:
    with pytest.raises(ValueError, match=r"learning_rate cannot be -1\.0"):
        Training(learning_rate=choice(0.1, -1.0))
    with pytest.raises(ValueError, match="clip cannot be inf"):
        Training(clip=choice(1.0, math.inf))
    both = joint(space := small_space(), Training(weight_decay=choice(0.0, 1e-2)))
    values = space.random_values(random.Random(0))
    with pytest.raises(ValueError, match=r"training\.weight_decay cannot be 0\.5"):
        both.fill(values | {"training.weight_decay": 0.5})


def test_a_joint_space_has_the_parameters_of_both() -> None:
    space, both = small_space(), joint(small_space(), OPEN)
    assert {p.name for p in both.parameters()} == {p.name for p in space.parameters()} | NAMES
    finite = joint(space, Training(weight_decay=choice(0.0, 1e-2), batch_size=choice(16, 32, 64)))
    assert finite.size() == 6 * space.size()
    filled = list(finite.fillings())
    assert len(filled) == finite.size()
    assert len({json.dumps(values) for _, values in filled}) == finite.size()
    rng, rates = random.Random(0), set()
    for _ in range(20):
        values = both.random_values(rng)
        assert values.keys() >= NAMES
        rates.add(values["training.learning_rate"])
        architecture = both.fill(values)
        assert architecture == space.fill({name: value for name, value in values.items() if name not in NAMES})
        with pytest.raises(ValueError, match=r"training\.learning_rate is missing"):
            both.fill({name: value for name, value in values.items() if name != "training.learning_rate"})
    assert len(rates) == 20


@pytest.mark.parametrize("strategy", ["tpe", "random"])
def test_a_strategy_decides_them_and_a_killed_run_goes_on(strategy: str, tmp_path: Path) -> None:
    def outcome(trial: Trial) -> Scored:
        rate = trial.values["training.learning_rate"]
        assert isinstance(rate, float)
        return Scored({"accuracy": 1 / (1 + abs(rate - 0.01))})

    def searched(directory: Path, kills: bool) -> list[tuple[object, ...]]:
        for _ in range(40):
            engine = engine_in(directory, trials=14)
            if strategy == "random":
                engine.drawing.strategy = Random(engine.space)
            while (trial := engine.ask()) is not None:
                engine.tell(trial, outcome(trial))
                if kills:
                    break
            engine.record.close()
            if engine.done:
                break
        return [(t.number, t.state, dict(t.values), t.hash) for t in engine.history]

    whole = searched(tmp_path / "whole", kills=False)
    assert searched(tmp_path / "killed", kills=True) == whole
    proposed = [values for _, state, values, _ in whole if state == "scored" and isinstance(values, dict)]
    assert all(values.keys() >= NAMES for values in proposed)
    assert len({values["training.learning_rate"] for values in proposed}) > 5


def test_other_settings_are_no_duplicate_and_equal_ones_are(tmp_path: Path) -> None:
    """Of two architectures with three settings each, six candidates are drawn, and no seventh."""
    space = Space(small_space().default.with_fields({"head": small_space().default.head}))
    training = Training(weight_decay=choice(0.0, 1e-2, 1e-1), learning_rate=choice(0.01, 0.02))
    engine = engine_in(tmp_path, training, trials=9, space=space)
    drawn: list[Trial] = []
    while (trial := engine.ask()) is not None:
        drawn.append(trial)
        engine.tell(trial, Scored({"accuracy": 0.5}))
    assert len({t.hash for t in drawn}) == 1
    assert len({tuple(t.values.values()) for t in drawn}) == len(drawn) == 6
    assert "no further candidate" in str(engine.exhausted)


def test_a_worker_trains_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Training] = []

    def train(architecture: object, task: object, training: Training, *rest: Any, **named: Any) -> Scored:
        trained.append(training)
        return Scored({"accuracy": 0.5})

    monkeypatch.setattr("search.backends.worker.train", train)
    engine = engine_in(tmp_path)
    trial = engine.ask()
    assert trial
    Trainer(bars(), OPEN, small_search().goal, str(tmp_path)).run(trial.to_data(), lambda event: None)
    assert trained == [OPEN.filled(trial.values)] == [engine.history[trial.number].training]
    assert trained[0].learning_rate == trial.values["training.learning_rate"]
    with pytest.raises(ValueError, match="is open; give its value"):
        trainer.train(small_space().default, bars(), OPEN, 0, small_search().goal)


def test_pauses_of_one_architecture_with_other_settings_are_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is gone on with where it paused, and costs the epochs that the run foresaw."""
    epochs: list[int] = []
    epoch = Loop.epoch
    monkeypatch.setattr(Loop, "epoch", lambda self, *rest: epochs.append(self.done) or epoch(self, *rest))
    training = Training(epochs=3, batch_size=32, learning_rate=choice(0.01, 0.1))
    history = History(Settings({"training": json.loads(json.dumps(training.record()))}), RunDirectory(tmp_path))
    trainer = Trainer(bars(64), training, small_search().goal, str(tmp_path))
    made = small_space().default
    # rate, epochs, and the trial that it is derived from; the last one trains the same in another way
    drawn = [(0.01, 1, None), (0.1, 1, None), (0.01, None, 0), (0.1, None, 1), (0.01, 2, 1)]
    for number, (rate, length, parent) in enumerate(drawn):
        values = {"training.learning_rate": rate}
        history.observe(Proposed(Trial(number, number, values, "running", made, made.hash, Cost(), 7, length, parent)))
        trial, before = history[number], len(epochs)
        trainer.run(trial.to_data(), history.observe)
        assert history[number].state == ("stopped" if length else "scored")
        assert len(epochs) - before == history.trained(history[number]) == history.length(trial, 3), number
    assert [history.begun(trial) for trial in history] == [0, 0, 1, 1, 0]


def test_results_show_them(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=3)
    drive(engine)
    result = Result.open(tmp_path)
    trial = result.front[0]
    rate = trial.values["training.learning_rate"]
    assert trial.decided["learning_rate"] == rate
    assert f"learning_rate {rate:.3g}, weight_decay" in str(result.front)
    assert result.to_frame().loc[trial.number]["training.learning_rate"] == rate
    assert Translation(engine.space, engine.objectives).study(result.history).best_params.keys() >= NAMES


def test_what_cannot_be_read_of_a_training_is_a_sentence() -> None:
    hostile = {"training": {"learning_rate": {"hole": "real"}}}
    with pytest.raises(RunError, match="how trial 0 was trained cannot be read"):
        _ = Trial(0, 0, {}, settings=hostile).training


@pytest.mark.thorough
def test_from_a_search_to_a_network_trained_again(tmp_path: Path) -> None:
    search = small_search(trials=3, training=OPEN)
    result = search.run(tmp_path, workers=1, watch=None)
    assert [t.state for t in result.trials if t.state != "rejected"] == ["scored"] * 3
    study = Result.open(tmp_path).study
    assert all(trial.params.keys() >= NAMES for trial in study.get_trials())
    best = Result.open(tmp_path, bars()).best()
    assert best.training == OPEN.filled(best.values)
    assert best.retrain(seeds=(1,), epochs=1).scores
    with pytest.raises(RunError, match="holds a search with another training"):
        small_search(trials=3).run(tmp_path, watch=None)
