"""`FrontSampler` brings the strategy `front` to Optuna studies of people's own."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.samplers import BaseSampler, RandomSampler

from archspec import Activation, Architecture, Classifier, Conv, Image, Norm, Repeat, Sequential, price
from search import Exhausted, FrontSampler, maximize
from search.hypervolume import hypervolume
from search.record.studies import quietly
from spaces import Space, choice, integer
from tests.search.made_up import deep_space
from tests.search.strategies.test_front import landscape
from tests.search.tiny import small_space

WAYS = ["maximize", "minimize"]


def scored(sampler: FrontSampler) -> Callable[[optuna.Trial], tuple[float, float]]:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        architecture = sampler.suggest(trial)
        return max(landscape(architecture)), float(price(architecture).flops)

    return objective


def studied(sampler: FrontSampler, trials: int, by: BaseSampler | None = None) -> optuna.Study:
    study = quietly(optuna.create_study, directions=WAYS, sampler=by or sampler)
    quietly(study.optimize, scored(sampler), n_trials=trials)
    return study


def volume(study: optuna.Study) -> float:
    points = [(-trial.values[0], np.log10(trial.values[1])) for trial in study.trials if trial.values]
    return hypervolume(points, (0.0, 6.0))


def test_a_study_finds_more_than_random_sampling_of_four_times_the_trials() -> None:
    found = [volume(studied(FrontSampler(deep_space(), seed=seed), 16)) for seed in range(3)]
    chance = [volume(studied(FrontSampler(deep_space()), 64, RandomSampler(seed=seed))) for seed in range(3)]
    assert min(found) > max(chance)


def test_what_is_sampled_follows_from_the_trials_and_the_seed() -> None:
    whole = studied(FrontSampler(deep_space(), seed=3), 14)
    parts = studied(FrontSampler(deep_space(), seed=3), 9)
    parts.sampler = later = FrontSampler(deep_space(), seed=3)
    quietly(parts.optimize, scored(later), n_trials=5)
    assert [trial.params for trial in parts.trials] == [trial.params for trial in whole.trials]
    other = studied(FrontSampler(deep_space(), seed=4), 3)
    assert [trial.params for trial in other.trials] != [trial.params for trial in whole.trials[:3]]


def test_nothing_over_a_limit_is_sampled_and_nothing_twice() -> None:
    study = studied(FrontSampler(deep_space(), constraints=["flops <= 100k"]), 16)
    assert all(trial.values[1] <= 100_000 for trial in study.trials)
    assert len({str(trial.params) for trial in study.trials}) == 16


def test_no_architecture_is_sampled_twice_in_other_words_before_all_were() -> None:
    def hashes(space: Space, trials: int) -> list[str]:
        sampler = FrontSampler(space)
        study = quietly(optuna.create_study, directions=WAYS, sampler=sampler)
        made: list[str] = []

        def objective(trial: optuna.Trial) -> tuple[float, float]:
            architecture = sampler.suggest(trial)
            made.append(architecture.hash)
            return int(made[-1][:4], 16), float(price(architecture).flops)

        quietly(study.optimize, objective, n_trials=trials)
        return made

    alike = Repeat(times=2, tied=False, body=[choice(Norm(), Activation(), Sequential())])  # 9 fillings, 7 networks
    some = Space(Architecture(input=Image(size=(4, 4)), body=[alike], head=Classifier(classes=2)))
    assert len(set(hashes(some, 7))) == 7
    assert len(set(hashes(some, 9))) == 7
    many = [choice(Conv(channels=integer(2, 64)), Norm(), Sequential()) for _ in range(6)]
    assert (
        len(set(hashes(Space(Architecture(input=Image(size=(4, 4)), body=many, head=Classifier(classes=2))), 16))) == 16
    )


def test_trials_in_training_in_another_process_are_known() -> None:
    sampler = FrontSampler(deep_space(), explore=0)
    study = studied(sampler, 8)
    asked = [quietly(study.ask) for _ in range(4)]
    for trial in asked:
        sampler.suggest(trial)
    there = FrontSampler(deep_space(), explore=0)
    study.sampler = there
    trial = quietly(study.ask)
    there.suggest(trial)
    assert trial.params not in [before.params for before in asked]
    assert len(there._begun) == 12


def test_other_parameters_are_random_and_what_fails_or_is_of_no_space_does_no_harm() -> None:
    sampler = FrontSampler(deep_space())
    study = quietly(optuna.create_study, directions=WAYS, sampler=sampler)

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        rate = trial.suggest_float("rate", 0.1, 1.0)
        if trial.number % 3 == 1:
            raise RuntimeError
        architecture = sampler.suggest(trial)
        return rate * max(landscape(architecture)), float(price(architecture).flops)

    quietly(study.optimize, objective, n_trials=15, catch=(RuntimeError,))
    rates = [trial.params["rate"] for trial in study.trials]
    assert len(set(rates)) == 15
    assert min(rates) >= 0.1
    assert [trial.state.name for trial in study.trials][:3] == ["COMPLETE", "FAIL", "COMPLETE"]


def test_a_study_of_other_directions_is_refused_with_the_remedy() -> None:
    sampler = FrontSampler(deep_space())
    study = quietly(optuna.create_study, directions=["minimize", "minimize"], sampler=sampler)
    with pytest.raises(ValueError, match=r"create the study with directions=\['maximize', 'minimize'\]"):
        quietly(study.optimize, scored(sampler), n_trials=1)
    with pytest.raises(ValueError, match="at least one objective is a score"):
        FrontSampler(deep_space(), ["minimize flops"])


@pytest.mark.parametrize("open_at_once", [1, 4])
def test_scores_are_learned_of_what_was_trained_also_where_a_trial_was_enqueued(open_at_once: int) -> None:
    space = small_space()
    sampler = FrontSampler(space)
    study = quietly(optuna.create_study, directions=WAYS, sampler=sampler)
    for _, values in list(space.fillings())[:6]:
        quietly(study.enqueue_trial, dict(values))
    trained: dict[int, Architecture] = {}
    asked: list[optuna.Trial] = []
    for _ in range(12):
        asked.append(quietly(study.ask))
        trained[asked[-1].number] = sampler.suggest(asked[-1])
        if len(asked) == open_at_once:
            first = asked.pop(0)
            study.tell(first, (score_of(trained[first.number]), price(trained[first.number]).flops))
    learned = sampler._strategy.known.lessons.whole
    assert len(learned) >= 8
    for known in learned:
        assert known.scores is not None
        assert space.fill(known.values) == trained[known.number]
        assert known.scores[0] == score_of(trained[known.number])


def score_of(architecture: Architecture) -> float:
    return int(architecture.hash[:4], 16) / 16**4


def test_where_all_within_the_limits_were_sampled_nothing_over_them_is() -> None:
    space = small_space()
    costs = sorted({price(architecture).params for architecture in space.enumerate()})
    sampler = FrontSampler(space, constraints=[f"params <= {costs[2]}"], seed=-1)
    study = quietly(optuna.create_study, directions=WAYS, sampler=sampler)
    within = sum(price(architecture).params <= costs[2] for architecture in space.enumerate())
    quietly(study.optimize, lambda trial: (0.5, price(sampler.suggest(trial)).params), n_trials=within + 8)
    assert max(trial.values[1] for trial in study.trials) == costs[2]
    nothing = FrontSampler(space, constraints=["params <= 1"])
    study = quietly(optuna.create_study, directions=WAYS, sampler=nothing)
    with pytest.raises(Exhausted, match="fits together and keeps params <= 1; loosen the limits"):
        quietly(study.optimize, scored(nothing), n_trials=1)


def test_an_infinite_value_counts_as_failed_and_a_value_is_what_was_returned() -> None:
    sampler = FrontSampler(small_space(), ["minimize delay", maximize("worth", lambda cost, scores: -1.0)])
    study = quietly(optuna.create_study, directions=["minimize", "maximize"], sampler=sampler)

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        score = score_of(sampler.suggest(trial))
        return float("inf") if trial.number == 2 else score, score

    quietly(study.optimize, objective, n_trials=4)
    learned = {known.number: known for known in sampler._strategy.known.lessons.whole}
    assert {number for number, known in learned.items() if known.failed} == {2}
    assert learned[0].scores is not None
    assert list(learned[0].scores * [-1, 1]) == study.trials[0].values


def test_an_architecture_is_no_space() -> None:
    wrong: Any = small_space().template
    with pytest.raises(ValueError, match=r"the first argument of FrontSampler is a Space: Space\(Architecture"):
        FrontSampler(wrong)


def test_a_sampler_that_was_kept_goes_on_where_it_was() -> None:
    whole = studied(FrontSampler(deep_space(), seed=3), 12)
    for kept in (lambda sampler: pickle.loads(pickle.dumps(sampler)), copy.deepcopy):
        parts = studied(FrontSampler(deep_space(), seed=3), 8)
        parts.sampler = later = kept(parts.sampler)
        quietly(parts.optimize, scored(later), n_trials=4)
        assert [trial.params for trial in parts.trials] == [trial.params for trial in whole.trials]


def test_trials_that_are_brought_in_and_not_of_the_space_are_told_once() -> None:
    sampler = FrontSampler(deep_space())
    study = quietly(optuna.create_study, directions=WAYS, sampler=sampler)
    for number in range(3):
        study.add_trial(optuna.trial.create_trial(values=[number, 1e5], params={}, distributions={}))
    with pytest.warns(UserWarning, match="3 finished trials of the study are not of the space.* trial 0: ") as told:
        quietly(study.optimize, scored(sampler), n_trials=3)
    assert len(told) == 1


def test_a_sampler_says_what_it_looks_for() -> None:
    assert repr(FrontSampler(small_space(), constraints=["flops <= 1M"])) == (
        f"FrontSampler({small_space()!r}, maximize accuracy, minimize flops, flops <= 1,000,000, seed=0)"
    )
