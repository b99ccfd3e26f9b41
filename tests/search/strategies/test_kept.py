"""What is kept of a long run: what few others beat, and what is recent; never more than a bound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from search.events import Finished, Proposed, Rejected
from search.objectives import parse_objective
from search.strategies import kept, optuna_samplers
from search.strategies.kept import Kept, losses
from search.strategies.optuna_samplers import Nsga2
from search.trial import Trial
from tests.search.made_up import BOTH, deep_space, drive, engine_in, outcome_of
from tests.search.test_ranks import ranks_by_definition

OBJECTIVES = [parse_objective(text) for text in BOTH]


def test_the_best_and_the_most_recent_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_in(tmp_path, deep_space(), constraints=["params <= 3k"], trials=40)
    drive(engine)
    monkeypatch.setattr(kept, "MOST", 20)
    monkeypatch.setattr(kept, "BEST", 7)
    monkeypatch.setattr(kept, "RECENT", 5)
    ours, sizes, known = Kept(OBJECTIVES), [], dict[int, Trial]()
    for event in engine.history.draws:
        forgot = ours.forgot
        before = [known[number] for number in ours.trials]
        ours.observe(event)
        known[event.number] = event.trial
        if ours.forgot > forgot:
            all_known = [*before, event.trial]
            scored = [t for t in all_known if t.state == "scored"]
            ranks = ranks_by_definition([losses(t, OBJECTIVES) for t in scored])
            order = sorted(zip(ranks, scored, strict=True), key=lambda pair: (pair[0], -pair[1].number))
            best = {t.number for _, t in order[:7]}
            others = [t.number for t in all_known if t.number not in best]
            assert list(ours.trials) == sorted(best | set(others[-5:]))
        if isinstance(event, Proposed):
            outcome = Finished(event.number, outcome_of(event.trial))
            ours.observe(outcome)
            known[event.number] = engine.history[event.number]
        sizes.append(len(ours.trials))
        assert {n: t.state for n, t in ours.trials.items()} == {n: known[n].state for n in ours.trials}
    assert ours.forgot >= 3
    assert max(sizes) == 20
    ours.observe(Finished(0, outcome_of(replace(known[0], hash="a" * 12))))  # which may be forgotten: no error


def test_a_study_never_holds_more_than_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 20)
    monkeypatch.setattr(kept, "BEST", 6)
    monkeypatch.setattr(kept, "RECENT", 6)
    strategy, space, most = Nsga2(deep_space(), OBJECTIVES), deep_space(), 0
    engine = engine_in(tmp_path, space, constraints=["params <= 3k"], trials=60, strategy=strategy)
    while (trial := engine.ask()) is not None:
        engine.tell(trial, outcome_of(trial))
        drawn = [t for t in strategy.study.get_trials(deepcopy=False) if t.user_attrs]
        most = max(most, len(drawn))
        assert {t.user_attrs["number"] for t in drawn} <= {t.number for t in engine.history}
    assert 15 < most <= 20


def test_what_was_rejected_is_kept_as_rejected() -> None:
    ours = Kept(OBJECTIVES)
    ours.observe(Rejected(Trial(0, 0, {}, state="rejected", excess={"is new": 1.0})))
    assert ours.trials[0].state == "rejected"


def test_parents_of_a_generation_are_the_best_of_those_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, set[int], list[int]]] = []
    select = optuna_samplers._Generations.get_parent_population

    def listen(self, study, generation):
        parents = select(self, study, generation)
        own = {t.number for t in self.get_population(study, generation)}
        again = optuna.create_study(directions=study.directions)
        again.add_trials(study.get_trials())
        # As in a resumed run, whose study has been asked nothing before.
        assert [t.number for t in select(self, again, generation)] == [t.number for t in parents]
        done = [t for t in study.get_trials(deepcopy=False) if t.values and t.number not in own]
        if generation:
            ranks = ranks_by_definition([(-t.values[0], t.values[1]) for t in done])
            rank = {t.number: r for t, r in zip(done, ranks, strict=True)}
            assert rank.keys() >= {t.number for t in parents}
            worst = max(rank[t.number] for t in parents)
            chosen = {t.number for t in parents}
            assert all(n in chosen for n, r in rank.items() if r < worst)
            assert all(rank[n] <= worst for n in chosen)
            asked.append((generation, own, [t.number for t in parents]))
        return parents

    monkeypatch.setattr(optuna_samplers._Generations, "get_parent_population", listen)
    strategy = Nsga2(deep_space(), OBJECTIVES)
    engine = engine_in(tmp_path, deep_space(), constraints=["params <= 6k"], trials=75, lag=2, strategy=strategy)
    drive(engine)
    assert {generation for generation, _, _ in asked} == {1, 2, 3}
    assert {len(parents) for _, _, parents in asked} == {20}
