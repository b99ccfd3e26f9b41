"""Limits on trained networks, equivariance and the resolution gap: decided once a candidate is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from optuna.samplers import NSGAIISampler

from archspec import Architecture, Classifier, Conv, Cost, Dense, GroupPool, Image, Lift, Magnet, lower, price
from archspec.symmetry.certificate import Certificate
from search import Failed, Outcome, Scored
from search.choosing import best_of, none_feasible
from search.cli.main import main
from search.engine import Engine
from search.errors import RunError
from search.events import Finished
from search.front import front_of
from search.objectives import Constraint, Score, at_most, parse_constraint
from search.record.studies import Translation
from search.report.tables import counts_line
from search.sampler import FrontSampler
from search.simulating import simulate
from search.strategies.evolve import Evolve
from search.strategies.knowledge import Knowledge
from search.strategies.optuna_samplers import Nsga2
from search.strategies.strategy import STRATEGIES
from search.training.evaluation import evaluate
from search.training.measuring import Finer, resolution_gap
from search.training.settings import Training
from search.training.trainer import train
from search.training.weights import load_network
from search.trial import Trial
from search.warm import designs
from tests.search.made_up import drive, engine_in
from tests.search.test_constraints import continuous
from tests.search.test_engine import OBJECTIVES
from tests.search.test_warm_designs import scored
from tests.search.test_warm_start import wanted
from tests.search.tiny import bars, small_search, small_space

ACCURACY, LOSS = Score("accuracy", True), Score("loss", False)
ERROR = "equivariance_error <= 0.001"


def asked_of(engine: Engine) -> Trial:
    trial = engine.ask()
    assert trial
    return trial


def told(engine: Engine) -> list[Finished]:
    return [Finished(number, outcome) for number, outcome in engine.history.outcomes.items()]


def measured_outcome(error: float, accuracy: float = 0.5) -> Outcome:
    return Scored({"accuracy": accuracy, "loss": 1.0, "equivariance_error": error})


def measured_engine(directory: Path, errors: Sequence[float], accuracies: Sequence[float]) -> Engine:
    """An engine whose trials have these equivariance errors, the limit being a thousandth."""
    engine = engine_in(directory, constraints=[ERROR], trials=len(errors))
    for error, accuracy in zip(errors, accuracies, strict=True):
        trial = asked_of(engine)
        engine.tell(trial, measured_outcome(error, accuracy))
    return engine


def test_a_trained_network_that_breaks_a_limit_is_scored_and_not_on_the_front(tmp_path: Path) -> None:
    engine = measured_engine(tmp_path, [0.0005, 0.004, 0.001], [0.5, 0.9, 0.6])
    states = [(trial.state, trial.feasible) for trial in engine.history if trial.state != "rejected"]
    assert states == [("scored", True), ("scored", False), ("scored", True)]
    reasons = [trial.reason for trial in engine.history if trial.state != "rejected"]
    assert reasons == [None, f"breaks {ERROR}: 300 % over", None]
    assert max(trial.scores["accuracy"] for trial in front_of(engine.history, OBJECTIVES)) == 0.6
    assert best_of(engine.history, OBJECTIVES, "accuracy").scores["accuracy"] == 0.6


def outgrown(directory: Path) -> list[Trial]:
    """Two trials whose windows were learned and one whose sizes were; all but the first have outgrown a limit."""
    limits = [*("params <= 1k", "bytes <= 4k"), at_most(halves, 500)]
    engine = engine_in(directory, constraints=limits, trials=3)
    for learned, params in ((False, 800), (False, 2_000), (True, 1_200)):
        trial = asked_of(engine)
        assert trial.cost
        made = wide_network() if learned else None
        cost = replace(trial.cost if made is None else price(made), params=params)
        found = None if made is None else made.to_data()
        engine.tell(trial, Scored({"accuracy": 0.5, "loss": 1.0}, cost=cost, architecture=found))
    return [trial for trial in engine.history if trial.state == "scored"]


def halves(architecture: Architecture, cost: Cost) -> float:
    """A limit of a person's own."""
    return cost.params / 2


def wide_network() -> Architecture:
    return Architecture(input=Image(channels=1, size=(6, 6)), body=[Conv(channels=99)], head=Classifier(classes=2))


def test_a_network_that_has_outgrown_a_limit_as_it_was_trained_breaks_it(tmp_path: Path) -> None:
    """By its windows, or by the sizes that were learned: of these also what an architecture tells."""
    kept, grown, rebuilt = outgrown(tmp_path)
    assert (kept.feasible, grown.feasible, rebuilt.feasible) == (True, False, False)
    assert grown.reason == "breaks params <= 1,000: 100 % over"
    broken = {name for name, by in grown.excess.items() if by > 0}
    assert broken == {"params <= 1,000", "halves <= 500"}
    assert {name for name, by in rebuilt.excess.items() if by > 0} == broken | {"bytes <= 4,000"}


def test_a_limit_that_is_not_looked_at_again_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: what was priced as it was drawn counts for good."""
    monkeypatch.setattr(Constraint, "priced", False)
    with pytest.raises(AssertionError):
        test_a_network_that_has_outgrown_a_limit_as_it_was_trained_breaks_it(tmp_path)


def test_a_resumed_run_knows_what_broke_a_limit(tmp_path: Path) -> None:
    engine = measured_engine(tmp_path, [0.0005, 0.004], [0.5, 0.9])
    known = [(trial.number, trial.feasible, trial.reason, dict(trial.excess)) for trial in engine.history]
    engine.record.close()
    again = engine_in(tmp_path, constraints=[ERROR], trials=2)
    assert [(trial.number, trial.feasible, trial.reason, dict(trial.excess)) for trial in again.history] == known


def test_where_no_network_keeps_a_limit_the_nearest_is_told(tmp_path: Path) -> None:
    engine = measured_engine(tmp_path, [0.008, 0.002, 0.004], [0.5, 0.9, 0.6])
    (nearest,) = [trial.number for trial in engine.history if trial.scores.get("accuracy") == 0.9]
    told = f"every scored trial breaks a constraint, and trial {nearest} comes nearest: it breaks {ERROR}: 100 % over"
    assert none_feasible(engine.history) == told
    assert not front_of(engine.history, OBJECTIVES)
    with pytest.raises(RunError, match=f"trial {nearest} comes nearest"):
        best_of(engine.history, OBJECTIVES)


def test_what_is_limited_is_a_finite_number(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, constraints=[ERROR])
    trial = asked_of(engine)
    outcome = engine.tell(trial, measured_outcome(float("inf")))
    assert isinstance(outcome, Failed)
    assert outcome.reason == f"the constraint {ERROR} cannot be decided: what it limits is not finite"


def test_strategies_learn_that_a_network_breaks_a_limit(tmp_path: Path) -> None:
    engine = measured_engine(tmp_path, [0.004] * 8 + [0.0] * 8, [0.9] * 16)
    feasible = {trial.number for trial in engine.history if trial.feasible}
    assert {trial.number for trial in Evolve(small_space(), OBJECTIVES)._population(engine.history)} == feasible
    known = Knowledge(small_space(), OBJECTIVES)
    for event in [*engine.history.draws, *told(engine)]:
        known.observe(event)
    assert {one.number: one.failed for one in known.lessons.whole} == {
        number: number not in feasible for number in engine.history.outcomes
    }


@pytest.mark.parametrize("strategy", ["tpe", "nsga2", "evolve", "front"])
def test_every_strategy_goes_on_where_networks_break_a_limit(strategy: str, tmp_path: Path) -> None:
    made = STRATEGIES[strategy](small_space(), OBJECTIVES)
    engine = engine_in(tmp_path, constraints=[ERROR, "params <= 300"], trials=24, strategy=made)
    for number in range(24):
        trial = asked_of(engine)
        engine.tell(trial, measured_outcome(0.002 * (number % 2)))
    assert sum(trial.feasible for trial in engine.history) == 12


def test_parents_that_break_a_limit_come_after_all_others(tmp_path: Path) -> None:
    sampler = Nsga2(small_space(), OBJECTIVES).sampler(0)
    translation = Translation(small_space(), OBJECTIVES)
    engine = measured_engine(tmp_path, [0.0] * 22 + [0.004] * 4, [0.5] * 22 + [0.9] * 4)
    study = translation.study(engine.history)
    assert isinstance(sampler, NSGAIISampler)
    parents = sampler.get_parent_population(study, 1)
    assert len(parents) == 20
    assert all(max(parent.constraints.values()) <= 0 for parent in parents)


def test_neither_a_simulation_nor_a_study_has_trained_networks_to_measure() -> None:
    with pytest.raises(ValueError, match="which a simulation has none of; leave it out"):
        simulate(small_space(), lambda architecture: [0.5], constraints=[ERROR])
    for limit in (ERROR, "latency <= 1ms"):
        with pytest.raises(ValueError, match="FrontSampler takes limits on costs"):
            FrontSampler(small_space(), constraints=[limit])


def test_an_outcome_without_what_is_limited_is_measured_again() -> None:
    limit = [parse_constraint(ERROR)]
    (without,) = designs([scored()], wanted(constraints=limit))
    assert "outcome" not in without
    known = {"accuracy": 0.5, "equivariance_error": 0.004}
    (measured,) = designs([scored(scores=known)], wanted(constraints=limit))
    assert measured["outcome"]["scores"] == known


def test_a_limit_on_what_was_not_measured_says_so(tmp_path: Path) -> None:
    engine = engine_in(tmp_path)
    drive(engine)
    with pytest.raises(RunError, match="equivariance_error was not measured in this run; make it a constraint"):
        best_of(engine.history, OBJECTIVES, within=ERROR)


@pytest.mark.parametrize("goal", [ACCURACY, LOSS])
def test_the_gap_is_what_a_score_loses_on_twice_the_grid(goal: Score) -> None:
    torch.manual_seed(0)
    task, model = bars(), lower(continuous(5)).eval()
    assert isinstance(task.validation, tuple)
    x, y = task.validation
    larger = torch.nn.Upsample(scale_factor=2, mode="bilinear")(x)
    there = evaluate(model.at_resolution(12, 12), task, (larger, y))
    assert there["loss"] != evaluate(model, task, task.validation)["loss"]
    here = {"accuracy": 1.0, "loss": 0.125}
    lost = here[goal.name] - there[goal.name] if goal.maximize else there[goal.name] - here[goal.name]
    assert resolution_gap(model, task, goal, here) == pytest.approx(lost)


def test_a_map_is_compared_on_its_own_grid() -> None:
    torch.manual_seed(0)
    pointwise = Conv(channels=2, kernel_size=1, kernel=Magnet(hidden=4, layers=1))
    model = lower(Architecture(input=Image(channels=1, size=(6, 6)), body=[pointwise], head=Dense(outputs=2))).eval()
    constant = torch.full((3, 1, 6, 6), 0.5)
    with torch.no_grad():
        found, native = Finer(model)(constant), model(constant)
    assert found.shape == native.shape
    inside = (..., slice(1, -1), slice(1, -1))  # at the border part of a kernel is outside of the finer grid
    assert torch.allclose(found[inside], native[inside], rtol=0.02)


def test_what_is_limited_is_measured_of_the_best_weights(tmp_path: Path) -> None:
    task, names = bars(), ("equivariance_error", "resolution_gap")
    body = [Lift(group="C2", channels=2, kernel_size=3, kernel=Magnet(hidden=4, layers=1)), GroupPool()]
    architecture = Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))
    weights = tmp_path / "0.safetensors"
    for network, turned in ((architecture, True), (continuous(), False)):
        training = Training(epochs=3, learning_rate=0.3)
        outcome = train(network, task, training, 0, LOSS, weights=weights, measure=names)
        assert isinstance(outcome, Scored)
        assert outcome.curve[-1] > min(outcome.curve)  # the best weights are not the last
        assert outcome.scores["loss"] == pytest.approx(min(outcome.curve))
        assert bool(outcome.symmetry) is turned
        error = Certificate.from_data(outcome.symmetry).error if outcome.symmetry else 0.0
        assert outcome.scores.get("equivariance_error") == error
        gap = resolution_gap(load_network(network, weights), task, LOSS, outcome.scores)
        assert outcome.scores["resolution_gap"] == pytest.approx(gap)


def test_a_search_keeps_a_limit_on_its_trained_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = ["params <= 1k", "equivariance_error <= 1e-12"]
    result = small_search(5, constraints=limits).run(tmp_path, workers=1, watch=False, keep="front")
    plain = {trial.number: trial.group == "C1" for trial in result.trials if trial.state == "scored"}
    assert {trial.number: trial.feasible for trial in result.trials if trial.state == "scored"} == plain
    assert set(plain.values()) == {True, False}
    assert {path.stem for path in (tmp_path / "weights").iterdir()} <= {str(n) for n, kept in plain.items() if kept}
    broken = list(plain.values()).count(False)
    assert counts_line(result).endswith(f"({broken} of those scored break{'s' if broken == 1 else ''} a constraint)")
    main(["status", str(tmp_path)])
    assert capsys.readouterr().out.count("breaks equivariance_error <= 1e-12: ") == broken
