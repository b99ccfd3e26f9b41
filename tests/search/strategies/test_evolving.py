"""Evolution: whose children it proposes, what of them is new, and that they come nearer to a front that is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from archspec import Architecture, Classifier, Image, Pointwise
from archspec.schema.hole import Scalar
from search import Engine, Scored
from search.objectives import parse_objective
from search.ranks import best_first
from search.strategies import evolve
from search.strategies.evolve import Evolve
from search.strategies.kept import losses
from search.strategies.strategy import STRATEGIES
from search.trial import Trial
from spaces import Space, integer
from tests.search.made_up import BOTH, deep_space, drive, engine_in
from tests.search.test_ranks import crowding_by_definition, points, ranks_by_definition

LAYERS = 6
SPACE = Space(
    Architecture(
        input=Image(channels=1, size=(2, 2)),
        body=[Pointwise(channels=integer(f"w{i}", 1, 9)) for i in range(LAYERS)],
        head=Classifier(classes=2),
    )
)
# What is best for either objective; the front is what lies between them, in every layer.
GOALS = ([3] * LAYERS, [6] * LAYERS)
TWO = ("minimize loss", "minimize delay")


def mean_miss(directory: Path, name: str, seed: int) -> float:
    """How far from the front the last of 100 candidates are, in steps, on average."""
    strategy = STRATEGIES[name](SPACE, [parse_objective(text) for text in TWO])
    engine = engine_in(directory, SPACE, TWO, (), trials=100, seed=seed, strategy=strategy)
    found = []
    while (trial := engine.ask()) is not None:
        widths = [int(str(trial.values[f"w{i}"])) for i in range(LAYERS)]
        away = [sum(abs(w - g) for w, g in zip(widths, goal, strict=True)) for goal in GOALS]
        found.append(sum(away) - 3 * LAYERS)  # which is twice the distance to what lies between
        engine.tell(trial, Scored({"loss": float(away[0]), "delay": float(away[1])}))
    engine.record.close()
    return mean(found[-30:]) / 2


def test_it_comes_three_times_as_close_to_the_front_as_random_search(tmp_path: Path) -> None:
    def over_seeds(name: str) -> float:
        return mean(mean_miss(tmp_path / f"{name} {seed}", name, seed) for seed in range(4))

    assert over_seeds("evolve") < over_seeds("random") / 3


def evolved(directory: Path, trials: int = 50) -> Engine:
    space = deep_space()
    strategy = Evolve(space, [parse_objective(text) for text in BOTH])
    engine = engine_in(directory, space, constraints=["params <= 6k"], trials=trials, strategy=strategy)
    drive(engine)
    engine.record.close()
    return engine


def test_a_child_is_a_step_from_its_parent_or_has_its_values_of_two(tmp_path: Path) -> None:
    engine = evolved(tmp_path)
    holes = {parameter.name: parameter.hole for parameter in engine.space.parameters()}
    kinds = {"step": 0, "crossed": 0}
    tries: dict[int, int] = {}
    for trial in engine.history:
        attempt = tries[trial.slot] = tries.get(trial.slot, -1) + 1
        known = [other for other in list(engine.history)[: trial.number] if other.state == "scored"]
        if len(known) < evolve.STARTUP:
            assert trial.parent is None
            continue
        assert trial.parent in {other.number for other in known[-evolve.POPULATION :]}
        if attempt >= evolve.PATIENCE:
            continue
        parent = engine.history[trial.parent].values
        changed = [name for name, value in parent.items() if trial.values.get(name, value) != value]
        if len(changed) <= 1 and all(trial.values[name] in holes[name].neighbours(parent[name]) for name in changed):
            kinds["step"] += 1
        else:
            assert any(of_two(trial, parent, other.values) for other in known)
            kinds["crossed"] += 1
    assert kinds["step"] > kinds["crossed"] > 0


def of_two(child: Trial, first: Mapping[str, Scalar], second: Mapping[str, Scalar]) -> bool:
    both = {name: {first.get(name, second.get(name)), second.get(name, first.get(name))} for name in {*first, *second}}
    return all(value in both[name] for name, value in child.values.items() if name in both)


def test_parents_are_the_best_of_samples_of_the_last_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolve, "SAMPLE", 99)  # all of them: the parent is the best
    engine = evolved(tmp_path, 60)
    (objectives, outcomes) = engine.objectives, list(engine.history)
    checked = 0
    for trial in engine.history:
        if trial.parent is None:
            continue
        last = [t for t in outcomes[: trial.number] if t.state == "scored"][-evolve.POPULATION :][::-1]
        values = [losses(t, objectives) for t in last]
        ranks = ranks_by_definition(values)
        front = [i for i, rank in enumerate(ranks) if rank == 0]
        apart = crowding_by_definition([values[i] for i in front])
        assert trial.parent == last[front[apart.index(max(apart))]].number
        checked += 1
    assert checked >= 44


def test_the_best_first_are_those_of_low_rank_and_of_these_those_apart() -> None:
    for seed in range(10):
        values = points((30, 2), seed)
        ranks = ranks_by_definition(values)
        apart = [0.0] * len(values)
        for rank in set(ranks):
            front = [i for i, r in enumerate(ranks) if r == rank]
            for i, by in zip(front, crowding_by_definition([values[i] for i in front]), strict=True):
                apart[i] = by
        # Sums of the same gaps in another order may differ in the last digit.
        expected = sorted(range(len(values)), key=lambda i: (ranks[i], -round(apart[i], 9), i))
        found = best_first(np.array(values))
        assert [(ranks[i], round(apart[i], 9)) for i in found] == [(ranks[i], round(apart[i], 9)) for i in expected]
