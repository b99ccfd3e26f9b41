"""Searches on given scores: the engine and the strategies of real runs, without training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Norm, price
from search.errors import Exhausted
from search.outcome import Scored
from search.record.history import History
from search.simulating import Simulation, simulate
from search.strategies.strategy import Budget, Proposal
from spaces import Space, choice
from spaces.fitting import fitting
from tests.search.made_up import deep_space
from tests.search.tiny import small_space


def curve(architecture: Architecture) -> Sequence[float]:
    """Six epochs up to a made-up accuracy."""
    whole = int(architecture.hash[:4], 16) / 16**4
    return [whole * epoch / 6 for epoch in range(1, 7)]


def told(found: Simulation) -> list[tuple[object, ...]]:
    return [(t.number, t.hash, t.state, t.epochs, t.parent, dict(t.scores)) for t in found.history]


class Pauses:
    """Lets the first candidate pause after two epochs, and goes on with it."""

    name = "pauses"

    def propose(self, history: History, budget: Budget) -> Proposal:
        values = small_space().values_of(small_space().default)
        return Proposal(values, fidelity=2) if budget.slot == 0 else Proposal(values, parent=0)

    def observe(self, event: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("strategy", ["random", "tpe", "front"])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_seed_and_workers_give_the_same_simulation(strategy: str, workers: int) -> None:
    one, two = (simulate(deep_space(), curve, strategy, epochs=90, workers=workers, seed=5) for _ in range(2))
    assert told(one) == told(two)
    assert told(one) != told(simulate(deep_space(), curve, strategy, epochs=90, workers=workers, seed=6))


def test_no_candidate_is_begun_once_the_epochs_are_spent_and_scores_are_the_best_of_the_curve() -> None:
    found = simulate(small_space(), curve, "random", epochs=20)
    assert found.epochs == (6, 12, 18, 24)
    for trial in found.history:
        if trial.architecture and trial.state == "scored":
            assert trial.scores == {"accuracy": curve(trial.architecture)[-1]}
            assert list(trial.curve.values()) == list(curve(trial.architecture))


def test_workers_are_asynchronous_and_the_clock_is_that_of_the_seconds_given() -> None:
    alone = simulate(small_space(), curve, "random", epochs=24, seconds=lambda a: 10.0)
    both = simulate(small_space(), curve, "random", epochs=24, workers=2, seconds=lambda a: 10.0)
    assert alone.seconds == (60.0, 120.0, 180.0, 240.0)
    assert both.seconds == (60.0, 60.0, 120.0, 120.0)
    uneven = simulate(
        small_space(), curve, "random", epochs=24, workers=2, seconds=lambda a: float(a.graph.cost().flops)
    )
    assert list(uneven.seconds) == sorted(uneven.seconds)


def test_a_worker_that_is_done_seldom_waits_for_the_slowest() -> None:
    slow = {0}  # the first candidate takes as long as three others
    times = iter(range(1_000))
    found = simulate(
        small_space(), curve, "random", epochs=60, workers=2, seconds=lambda a: 3.0 if next(times) in slow else 1.0
    )
    # Beside the slow one two others are trained; a third would depend on what comes of it.
    assert found.seconds[:3] == (6.0, 12.0, 18.0)
    assert found.history[2].state == "scored"
    assert list(found.history.outcomes)[:3] == [1, 2, 0]


def test_what_paused_goes_on_and_takes_the_rest_of_the_epochs() -> None:
    found = simulate(small_space(), curve, Pauses(), epochs=6)
    first, second = (trial for trial in found.history if trial.state != "rejected")
    assert (first.state, first.fidelity, second.state, second.fidelity) == ("stopped", 2, "scored", 6)
    assert found.epochs == (2, 6)
    assert found.points[0] is None
    assert isinstance(found.history.outcomes[second.number], Scored)


def test_the_hypervolume_grows_by_what_each_outcome_adds() -> None:
    found = Simulation(History(), (), (), ((-0.5, 3.0), None, (-0.4, 3.5), (-0.9, 4.0), (-0.5, 3.0)))
    assert found.hypervolumes((0.0, 5.0)) == pytest.approx([1.0, 1.0, 1.0, 1.4, 1.4])


def test_a_simulation_without_a_score_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one objective is a score"):
        simulate(small_space(), curve, objectives=["minimize flops"])


def test_one_score_is_simulated() -> None:
    with pytest.raises(ValueError, match="a simulation has one score, and accuracy and f1 are several"):
        simulate(small_space(), curve, objectives=["maximize accuracy", "maximize f1"])


@pytest.mark.parametrize("strategy", ["random", "front", "halving"])
def test_a_curve_is_any_sequence_and_epochs_without_a_number_do_not_count(strategy: str) -> None:
    def broken(architecture: Architecture) -> Sequence[float]:
        return [*curve(architecture)[:2], math.nan, *curve(architecture)[3:5], math.inf]

    def arrays(architecture: Architecture) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([*curve(architecture)[:2], 0.0, *curve(architecture)[3:5], 0.0])

    found = simulate(small_space(), broken, strategy, epochs=40, seed=1)
    assert told(found) == told(simulate(small_space(), arrays, strategy, epochs=40, seed=1))
    for trial in found.history:
        if trial.architecture and trial.state == "scored":
            assert trial.scores == {"accuracy": curve(trial.architecture)[4]}
    nothing = simulate(small_space(), lambda a: [math.nan] * 6, strategy, epochs=12)
    assert {trial.state for trial in nothing.history} <= {"failed", "rejected"}


def test_an_architecture_without_a_curve_fails() -> None:
    found = simulate(small_space(), lambda a: [] if a != small_space().default else [0.5], "random", epochs=3, seed=1)
    assert {trial.state for trial in found.history} >= {"failed"}


def test_only_what_can_be_a_candidate_is_asked_for_its_curve() -> None:
    lift = Lift(group="C2", channels=2)  # by default lifted twice
    body = [choice(lift, Activation()), lift, choice(Conv(channels=2), Norm()), GroupPool()]
    space = Space(Architecture(input=Image(size=(6, 6)), body=body, head=Classifier(classes=2)))

    def of(known: dict[str, Sequence[float]]) -> Callable[[Architecture], Sequence[float]]:
        def found(architecture: Architecture) -> Sequence[float]:
            return known[architecture.hash] if architecture.hash in known else pytest.fail("it is no candidate")

        return found

    fit = {architecture.hash: curve(architecture) for architecture in fitting(space).fit if price(architecture).macs}
    assert 0 < len(fit) < space.size()
    found = simulate(space, of(fit), "random", epochs=60, workers=2)
    assert {trial.hash for trial in found.history if trial.state == "scored"} == fit.keys()
    assert found.epochs[-1] == 6 * len(fit)
    little = min(price(architecture).flops for architecture in fitting(space).fit)
    kept = {a.hash: curve(a) for a in fitting(space).fit if price(a).flops <= little}
    found = simulate(space, of(kept), "random", constraints=[f"flops <= {little}"], epochs=60)
    assert {trial.hash for trial in found.history if trial.state == "scored"} == kept.keys()
    with pytest.raises(Exhausted, match="2 do not fit together, 2 break flops <= 1"):
        simulate(space, curve, "random", constraints=["flops <= 1"])


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        ({}, r"a function of an architecture, not a dict; .* table\[architecture.hash\]"),
        (lambda _: 0.5, r"it is \[0.5\]"),
    ],
)
def test_what_is_no_curve_is_refused_in_words(curve: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate(small_space(), curve)


def test_an_architecture_is_no_space() -> None:
    wrong: Any = small_space().template
    with pytest.raises(ValueError, match=r"the first argument of simulate is a Space: Space\(Architecture"):
        simulate(wrong, lambda architecture: [0.5])
