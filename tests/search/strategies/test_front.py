"""The strategy `front` learns, resumes and finds."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archspec import Cost, Image, price
from archspec.architecture import Architecture
from search import Engine, Scored, Training, at_most, maximize, minimize
from search.events import Finished, Proposed
from search.outcome import Failed, Stopped
from search.record.history import History
from search.record.memory import Memory
from search.simulating import simulate
from search.strategies import front
from search.strategies.features import Features
from search.strategies.front import FrontStrategy
from search.strategies.knowledge import Known, remembered
from search.strategies.pool import Pool
from search.strategies.strategy import Budget
from search.training.joint import joint
from search.trial import Trial
from spaces import Space, images, real
from tests.search.made_up import deep_space
from tests.search.tiny import small_search, small_space, told

Array = NDArray[np.float64]
OBJECTIVES = [maximize("accuracy"), minimize("flops")]


def landscape(architecture: Architecture) -> list[float]:
    """Accuracy that grows with FLOPs, more for some kernels and groups than for others."""
    values = deep_space().values_of(architecture)
    good = {"C1": 0.0, "C2": 0.5, "C4": 1.0}[str(values["group"])] + (values["k"] == "table" if "k" in values else 0)
    odds = 1.2 * (np.log10(price(architecture).flops) - 4.5) + good - 1
    whole = 1 / (1 + np.exp(-odds))
    return [0.5 * whole * epoch / 6 if epoch < 6 else float(whole) for epoch in range(1, 7)]


def reached(strategy: str, seed: int, epochs: int = 180) -> float:
    return simulate(deep_space(), landscape, strategy, epochs=epochs, seed=seed).hypervolumes((0.0, 6.0))[-1]


def test_it_finds_more_than_random_search_and_than_half_of_its_epochs() -> None:
    found, chance = (np.array([reached(name, seed) for seed in range(2)]) for name in ("front", "random"))
    assert (found > chance).all()
    assert np.mean(found) > np.mean([reached("random", seed, 360) for seed in range(2)])


def test_a_strategy_that_is_told_the_events_of_another_proposes_the_same() -> None:
    log = simulate(deep_space(), landscape, "front", epochs=150, workers=2, seed=1)
    again = simulate(deep_space(), landscape, FrontStrategy(deep_space(), OBJECTIVES), epochs=150, workers=2, seed=1)
    assert [t.values for t in again.history] == [t.values for t in log.history]


def test_the_first_pause_and_the_best_of_them_go_on() -> None:
    strategy = FrontStrategy(deep_space(), OBJECTIVES, explore=0.3)
    history = simulate(deep_space(), landscape, strategy, epochs=150, seed=2).history
    kept = list(history)
    assert all(trial.state != "rejected" for trial in kept)
    # The first that the model chooses, as soon as there is one, is on the front early.
    assert [trial.epochs for trial in kept[:17]] == [1] * 4 + [None] + [1] * 12
    later = [trial.epochs for trial in kept[17:]]
    assert 0 < later.count(1) < 0.6 * len(later)  # explorations
    assert later.count(1) + later.count(None) == len(later)
    resumed = [trial for trial in kept if trial.parent is not None]
    assert resumed
    assert all(history[trial.parent or 0].hash == trial.hash for trial in resumed)
    parents = [trial.parent for trial in history if trial.parent is not None]
    assert len(set(parents)) == len(parents)


@pytest.mark.parametrize(
    "options", [{"design": 0}, {"pause": 1}, {"explore": 0}, {"design": 0, "pause": 1, "explore": 0}]
)
def test_each_of_its_ideas_can_be_switched_off(options: dict[str, Any]) -> None:
    found = simulate(deep_space(), landscape, FrontStrategy(deep_space(), OBJECTIVES, **options), epochs=60)
    assert sum(trial.state == "scored" for trial in found.history) > 2
    assert found.epochs[-1] >= 60


@pytest.mark.parametrize("options", [{"design": -1}, {"pause": 0.0}, {"pause": 1.5}, {"explore": -0.1}, {"explore": 2}])
def test_shares_that_are_none_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the strategy front takes a design from 0, a pause above 0 and up to 1"):
        FrontStrategy(deep_space(), OBJECTIVES, **options)


def test_it_proposes_every_architecture_of_a_small_space_and_then_no_more() -> None:
    history = simulate(
        small_space(), lambda a: [0.1, 0.2], FrontStrategy(small_space(), OBJECTIVES, pause=1), epochs=500
    ).history
    scored = [trial.hash for trial in history if trial.state == "scored"]
    assert len(scored) == len(set(scored)) == len({a.hash for a in small_space().enumerate()})
    drawn = [frozenset(trial.values.items()) for trial in history][: int(small_space().size())]
    assert len(drawn) == len(set(drawn))


def test_with_a_budget_of_flops_the_gain_counts_for_each_flop() -> None:
    """So that what is proposed is never dearer than what gains most for each epoch, and sometimes cheaper."""
    strategy = FrontStrategy(deep_space(), OBJECTIVES, explore=0, pause=1)
    history = simulate(deep_space(), landscape, "random", epochs=90, seed=3).history
    for event in [*history.draws, *(Finished(number, outcome) for number, outcome in history.outcomes.items())]:
        strategy.observe(event)
    dearer = []
    for seed in range(6):
        each = [strategy.propose(History(), Budget(50, 80, 0, 6, seed, flops=flops)) for flops in (math.inf, 1e6)]
        dearer.append(-np.diff([price(deep_space().fill(proposal.values)).flops for proposal in each])[0])
    assert min(dearer) >= 0
    assert max(dearer) > 0


@pytest.mark.parametrize("whole", [0.5, 8.0])
def test_pauses_take_at_most_a_quarter_of_a_budget_of_flops(whole: float) -> None:
    """Of what half, or eight times, the dearest architecture takes: the first candidates are cheap enough for that."""
    dearest = float(deep_space().costs(1_000)["flops"].max())
    strategy, flops = FrontStrategy(deep_space(), OBJECTIVES, explore=1), whole * 6 * dearest
    paused = spent = 0.0
    for slot in range(120):
        proposal = strategy.propose(History(), Budget(slot, 500, 0, 6, slot, flops=flops))
        cost = price(deep_space().fill(proposal.values))
        trial = Trial(slot, slot, proposal.values, cost=cost, epochs=proposal.fidelity)
        scores = {"accuracy": slot / 120}
        begun = Stopped(scores, curve=(slot / 120,), epochs=1)
        for event in (Proposed(trial), Finished(slot, begun if proposal.fidelity else Scored(scores))):
            strategy.observe(event)
        paused += bool(proposal.fidelity)
        spent += (proposal.fidelity or 0) * cost.flops
    assert paused >= 8
    assert spent <= (0.25 + 1 / 64) * flops


def test_a_budget_is_of_whole_trainings() -> None:
    engine = Engine(
        Memory(), deep_space(), OBJECTIVES, [], 5, 0, strategy=FrontStrategy(deep_space(), OBJECTIVES), epochs=6
    )
    begun = 0
    while (trial := engine.ask()) is not None:
        assert not engine.done
        begun += (trial.epochs or 6) - engine.history.begun(trial)
        curve = landscape(trial.architecture) if trial.architecture else []
        made = Stopped if trial.epochs else Scored
        engine.tell(trial, made({"accuracy": max(curve)}, trial.epochs or 6, curve=tuple(curve[: trial.epochs])))
    assert engine.done
    assert 30 <= begun < 36


def history_of(trials: int, workers: int, strategy: FrontStrategy) -> History:
    """A run of so many trials of six epochs."""
    engine = Engine(Memory(), deep_space(), OBJECTIVES, [], trials, 0, workers, strategy=strategy, epochs=6)
    training: list[Trial] = []
    while not engine.done:
        while (trial := engine.ask()) is not None:
            training.append(trial)
        if training:
            first = training.pop(0)
            assert first.architecture
            curve = landscape(first.architecture)[: first.epochs]
            made = Stopped if first.epochs else Scored
            engine.tell(first, made({"accuracy": max(curve)}, len(curve), curve=tuple(curve)))
    return engine.history


@pytest.mark.parametrize(
    ("trials", "workers", "slot"), [(1, 1, 2), (2, 1, 3), (1, 8, 2), (10, 64, 15), (4, 3, 6), (40, 1, 4)]
)
def test_a_short_run_has_something_on_its_front(trials: int, workers: int, slot: int) -> None:
    history = history_of(trials, workers, FrontStrategy(deep_space(), OBJECTIVES))
    assert [trial.slot for trial in history if trial.state == "scored"][:1] == [slot]


@pytest.mark.parametrize(("trials", "first"), [(8, 12), (40, 16)])
def test_the_first_take_at_most_a_quarter_of_a_run(trials: int, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spread, farthest = [], front._farthest
    monkeypatch.setattr(front, "_farthest", lambda *a: spread.append(a) or farthest(*a))
    history_of(trials, 1, FrontStrategy(deep_space(), OBJECTIVES, explore=0))
    assert len(spread) == first


@pytest.mark.parametrize(
    "objectives",
    [
        ["maximize accuracy"],
        ["minimize loss", "minimize params", "minimize flops"],
        ["maximize accuracy", "maximize macs"],
    ],
)
def test_other_objectives(objectives: list[str]) -> None:
    found = simulate(deep_space(), landscape, "front", objectives, epochs=120, seed=0)
    assert sum(trial.state == "scored" for trial in found.history) > 10


def test_an_objective_of_cost_and_score_is_learned_with_the_cost() -> None:
    strategy = FrontStrategy(deep_space(), [maximize("accuracy_per_flop")], pause=1)
    history = simulate(deep_space(), landscape, strategy, ["maximize accuracy_per_flop"], epochs=60, seed=0).history
    for trial in history:
        if trial.state != "rejected":
            strategy.observe(Proposed(trial))
            strategy.observe(Finished(trial.number, history.outcomes[trial.number]))
    known = {known.number: known.scores for known in strategy.known.lessons.whole}
    scored = [trial for trial in history if trial.state == "scored"]
    assert scored
    for trial in scored:
        assert known[trial.number] == pytest.approx([trial.scores["accuracy_per_flop"]])


def test_settings_of_the_training_are_searched_too(tmp_path: Path) -> None:
    training = Training(epochs=2, learning_rate=real(1e-3, 1e-1, log=True))
    space = joint(small_space(), training)
    strategy = FrontStrategy(space, OBJECTIVES)
    engine = Engine(Memory(), space, OBJECTIVES, [], 20, 0, strategy=strategy, epochs=2, settings=training.parameters)
    while (trial := engine.ask()) is not None:
        score = 1 - abs(np.log10(float(str(trial.values["training.learning_rate"]))) + 2) / 2
        made = Stopped if trial.epochs else Scored
        engine.tell(trial, made({"accuracy": score}, trial.epochs or 2, curve=(score,) * (trial.epochs or 2)))
    rates = [float(str(t.values["training.learning_rate"])) for t in engine.history if t.state == "scored"]
    assert len(rates) > 3
    assert min(abs(np.log10(rate) + 2) for rate in rates) < 0.05


@pytest.mark.parametrize("failing", [1.0, 0.7])
def test_candidates_that_fail_do_not_end_it(failing: float) -> None:
    def often(architecture: Architecture) -> list[float]:
        return landscape(architecture) if int(architecture.hash[:4], 16) / 16**4 >= failing else []

    history = simulate(deep_space(), often, "front", epochs=150, seed=3).history
    assert len(history) >= 25
    assert {trial.state for trial in history} >= {"failed"}


def test_limits_are_kept_without_asking() -> None:
    space: Space = images(channels=1, size=(12, 12), classes=3)
    assert space.template.input == Image(channels=1, size=(12, 12))
    found = simulate(space, lambda a: [0.5, 0.6], "front", constraints=["flops <= 300k"], epochs=60)
    assert not [trial for trial in found.history if trial.state == "rejected"]
    assert all(trial.cost.flops <= 300_000 for trial in found.history if trial.cost)


def params_of(cost: Cost) -> Array:
    return np.array([float(cost.params)])


def test_a_pool_holds_nothing_over_a_limit() -> None:
    budget = Budget(0, 1, 0, 1, 0, limits=[at_most("params", 300)])
    pool = Pool(small_space(), Features(small_space()), params_of, budget)
    assert 0 < len(pool.every.values) < small_space().size()
    assert pool.every.costs.max() <= 300


def test_the_pool_of_a_large_space_has_also_what_is_a_step_from_the_front() -> None:
    space: Space = images(channels=1, size=(12, 12), classes=3)
    budget, rng = Budget(0, 1, 0, 1, 0, limits=[at_most("params", 20_000)]), np.random.default_rng(0)
    pool = Pool(space, Features(space), params_of, budget)
    parents = {number: pool.every.values[number] for number in (3, 5)}
    near = pool.around(parents, 1_000, rng)
    assert len(near.values) > 20
    assert near.costs.max() <= 20_000
    for values, costs in zip(near.values, near.costs, strict=True):
        assert price(space.fill(values)).params == costs[0]
        steps = [sum(values.get(name) != value for name, value in other.items()) for other in parents.values()]
        assert min(steps) <= 1 or any(set(values) != set(other) for other in parents.values())
    pool.leave_out([near.names[0], pool.every.names[0]])
    assert near.names[0] not in pool.around(parents, 1_000, rng).names
    assert pool.every.names[0] not in pool.some(10_000, rng).names
    assert len(pool.around(parents, 7, rng).values) == 7


def test_half_of_what_is_remembered_is_nearest_to_the_front_and_the_rest_is_spread() -> None:
    rng = np.random.default_rng(0)
    every = [Known(i, {}, np.zeros(1), Cost(), rng.random(1), False, scores=rng.random(1)) for i in range(300)]
    kept = [known.number for known in remembered(every, 40)]
    assert len(set(kept)) == 30
    assert kept == sorted(kept)
    y = [float(known.scores[0]) for known in every if known.scores is not None]
    below = [max(y[o.number] for o in every if o.costs <= k.costs) - y[k.number] for k in every]
    assert set(np.argsort(below, kind="stable")[:15]) <= set(kept)
    assert max(kept) > 270
    assert remembered(every[:40], 40) == every[:40]


def test_what_is_remembered_does_not_grow_with_the_run() -> None:
    knowledge = FrontStrategy(deep_space(), OBJECTIVES).known
    rng = np.random.default_rng(0)
    architecture = deep_space().default
    trial = Trial(0, 0, deep_space().values_of(architecture), architecture=architecture, cost=price(architecture))
    for number in range(400):
        epochs = 1 if number % 2 else None
        knowledge.observe(Proposed(replace(trial, number=number, epochs=epochs)))
        score = float(rng.random())
        knowledge.observe(Finished(number, (Stopped if epochs else Scored)({"accuracy": score}, 1, curve=(score,))))
    assert len(knowledge.lessons.early) <= 64
    assert len(knowledge.lessons.whole) <= 128
    assert knowledge.lessons.whole[-1].number >= 390
    failing = FrontStrategy(deep_space(), OBJECTIVES).known
    failing.observe(Proposed(trial))
    failing.observe(Finished(0, Failed("it does not learn")))
    assert (len(failing.lessons), len(failing.lessons.whole)) == (0, 1)


def test_what_paused_waits_until_it_is_gone_on_with() -> None:
    knowledge = FrontStrategy(deep_space(), OBJECTIVES).known
    architecture = deep_space().default
    trial = Trial(0, 0, deep_space().values_of(architecture), architecture=architecture, cost=price(architecture))
    knowledge.observe(Proposed(replace(trial, epochs=1)))
    assert not knowledge.waiting
    knowledge.observe(Finished(0, Stopped({"accuracy": 0.5}, 1, curve=(0.5,))))
    assert [known.number for known in knowledge.waiting.values()] == [0]
    knowledge.observe(Proposed(replace(trial, number=1, parent=0)))
    assert not knowledge.waiting


@pytest.mark.thorough
def test_a_real_run_pauses_resumes_and_ends_the_same_killed_or_not(tmp_path: Path) -> None:
    strategy = FrontStrategy(small_space(), OBJECTIVES, design=4)
    search = small_search(trials=3, strategy=strategy, epochs=None)
    whole = told(small_search(trials=3, strategy=strategy).run(tmp_path / "whole", workers=2, watch=False))
    assert search.trials == 3

    class Killed(Exception):
        pass

    def kill(engine: object, trial: object, outcome: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    left = 5
    with pytest.raises(Killed):
        small_search(trials=3, strategy=strategy).run(tmp_path / "killed", workers=2, watch=kill)
    again = small_search(trials=3, strategy=strategy).run(tmp_path / "killed", workers=2, watch=False)
    assert told(again) == whole
