"""What holds for every strategy: what it proposes is of the space, and follows from the seed and what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archspec import Cost
from archspec.schema.hole import Scalar
from search import Engine
from search.objectives import parse_objective
from search.record.history import History
from search.seeds import derived_seed
from search.strategies import kept, optuna_samplers
from search.strategies.strategy import STRATEGIES, Budget, Strategy
from search.trial import NEW, TYPED, Trial
from tests.search.made_up import BOTH, deep_space, drive, engine_in
from tests.search.tiny import small_space

SPACES = {"small": (small_space, "params <= 300"), "deep": (deep_space, "params <= 6k")}
CHEAP = [
    (name, space)
    for name in ("random", "quasi_random", "exhaustive", "nsga2", "evolve", "tpe", "front", "halving")
    for space in SPACES
    if (name, space) != ("exhaustive", "deep")  # which has real numbers
]
TRIALS = 26  # nsga2 has its second generation after 20, evolve its first children after 16


def ran(
    directory: Path, name: str, where: str, seed: int = 0, kills: int | None = None, trials: int = TRIALS
) -> Engine:
    """The run of a strategy by its name, killed after every `kills` outcomes, the newest of which come first."""
    make, limit = SPACES[where]
    while True:
        strategy = STRATEGIES[name](space := make(), [parse_objective(text) for text in BOTH])
        engine = engine_in(directory, space, constraints=[limit], trials=trials, seed=seed, lag=2, strategy=strategy)
        drive(engine, newest=kills is not None, tell=kills)
        engine.record.close()
        if engine.done:
            return engine


def draws(engine: Engine) -> list[tuple[Any, ...]]:
    return [(t.slot, dict(t.values), t.parent, dict(t.notes), t.hash) for t in engine.history]


def test_there_are_no_others() -> None:
    """`gp` is slow, and `gradient` needs sizes that masks can learn; both have tests of their own."""
    assert {name for name, _ in CHEAP} | {"gp", "gradient"} == set(STRATEGIES)


@pytest.mark.parametrize(("name", "space"), CHEAP)
def test_candidates_fit_are_new_and_follow_from_the_seed_killed_or_not(name: str, space: str, tmp_path: Path) -> None:
    engine = ran(tmp_path / "whole", name, space)
    assert_fits(engine, TRIALS)
    assert draws(ran(tmp_path / "killed", name, space, kills=5)) == draws(engine)
    other = STRATEGIES[name](engine.space, engine.objectives)
    assert first_of(other, 1) != first_of(other, 0) or name == "exhaustive"


def assert_fits(engine: Engine, trials: int) -> None:
    """All that was proposed is of the space, no name that is not active among it; candidates are within the limits."""
    for trial in engine.history:
        filled = engine.space.fill(trial.values)  # an error for a name that is not active, or is missing
        assert trial.architecture in (None, filled)
    candidates = [trial for trial in engine.history if trial.state != "rejected"]
    assert len({trial.hash for trial in candidates}) == len(candidates) == trials
    assert all(max(trial.excess.values()) <= 0 for trial in candidates)


def first_of(strategy: Strategy, seed: int) -> list[Mapping[str, Scalar]]:
    """What a strategy that has been told nothing proposes."""
    return [strategy.propose(History(), Budget(0, 3, a, 1, derived_seed(seed, str(a)), seed)).values for a in range(3)]


def test_so_do_those_of_the_gaussian_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optuna_samplers, "STARTUP", 3)
    monkeypatch.setattr(optuna_samplers.Gp, "patience", 1)  # a proposal takes a second
    whole = ran(tmp_path / "whole", "gp", "small", trials=7)
    assert any(any(name.startswith("gp:") for name in trial.notes) for trial in whole.history)
    assert_fits(whole, 7)
    assert draws(ran(tmp_path / "killed", "gp", "small", kills=3, trials=7)) == draws(whole)


def test_the_gaussian_process_models_limits_and_no_other_condition() -> None:
    strategy = optuna_samplers.Gp(space := small_space(), [parse_objective(text) for text in BOTH])
    values = space.random_values(Random(0))
    excess = {TYPED: -1.0, "params <= 300": -0.5, NEW: -1.0}
    trial = Trial(0, 0, values, architecture=space.fill(values), cost=Cost(), excess=excess)
    assert strategy.frozen(trial).constraints == {"params <= 300": -0.5}
    after = Budget(0, 9, strategy.patience, 1, 7)
    assert strategy.propose(History(), after).values == space.random_values(Random(7))


@pytest.mark.slow
def test_the_gaussian_process_takes_conditional_parameters_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optuna_samplers, "STARTUP", 5)
    whole = ran(tmp_path / "whole", "gp", "deep", trials=9)
    assert_fits(whole, 9)
    assert draws(ran(tmp_path / "killed", "gp", "deep", kills=4, trials=9)) == draws(whole)


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_what_is_forgotten_is_forgotten_in_a_resumed_run_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_kept = draws(ran(tmp_path / "all", name, "deep"))
    monkeypatch.setattr(kept, "MOST", 20)
    monkeypatch.setattr(kept, "BEST", 6)
    monkeypatch.setattr(kept, "RECENT", 6)
    whole = draws(ran(tmp_path / "whole", name, "deep"))
    assert draws(ran(tmp_path / "killed", name, "deep", kills=5)) == whole
    assert whole != all_kept
    assert whole[:20] == all_kept[:20]
