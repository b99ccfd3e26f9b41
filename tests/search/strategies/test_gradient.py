"""The strategy `gradient`: budgets take turns, runs are the same however they are run, results are ordinary trials."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from archspec import Activation, Architecture, Classifier, Conv, Image, Norm, Siren
from archspec.architecture import price
from search import Result, Search, Training, machine
from search.errors import RunError
from search.events import Epoch, Finished, Proposed, Retried
from search.masks import training as training_of_sizes
from search.masks.learning import Learning
from search.masks.training import NOTES, Asked, priced, train_sizes
from search.objectives import parse_constraint, parse_objective
from search.outcome import Failed, Outcome, Scored, Stopped
from search.record.history import History
from search.report.progress import Watcher
from search.report.report import report
from search.strategies.front import FrontStrategy
from search.strategies.gradient import BELOW, Gradient
from search.strategies.knowledge import Knowledge
from search.strategies.strategy import MOST_DRAWS, Budget, Proposal, key
from search.trial import Trial
from spaces import Space, choice, integer, real
from tests.search.inside import Inside, Killed, inside
from tests.search.masks.spaces import tiny_space
from tests.search.tiny import bars, told

TRAINING = Training(epochs=4, batch_size=32)
HALF = Learning(1.0, share=0.5)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> type[Inside]:
    monkeypatch.setattr(machine, "WAITS", ())
    return inside(monkeypatch)


def searched(directory: Path, trials: int = 4, training: Training = TRAINING, **options: Any) -> Result:
    strategy = Gradient(tiny_space(), of="flops", learning=HALF, **({"budgets": 2} | options))
    search = Search(tiny_space(), bars(), trials=trials, strategy=strategy, training=training, seed=3)
    return search.run(directory, backend="inside", workers=1, watch=None)


def learned(result: Result) -> list[dict[str, list[float]]]:
    return [dict(trial.sizes) for trial in result.trials]


def test_what_was_found_is_an_ordinary_trial(tmp_path: Path, backend: type[Inside]) -> None:
    """Its architecture, hash, cost and weights belong together; it is tested and retrained like any other."""
    searched(tmp_path)
    result = Result.open(tmp_path, bars())
    for trial in (trial for trial in result.trials if trial.state == "scored"):
        assert trial.architecture is not None
        assert trial.hash == trial.architecture.hash
        assert tiny_space().fill(trial.values).hash == trial.hash
        assert trial.cost == price(trial.architecture) == trial.model().cost()
        assert sorted(trial.curve) == [1, 2, 3, 4]
        assert {name: len(values) for name, values in trial.sizes.items()} == dict.fromkeys(trial.sizes, 2)
    assert result.front
    assert result.front[0].predictor()
    assert result.front[0].test()
    retrained = result.front[0].retrain(seeds=[0], epochs=1)
    assert retrained.models[0].architecture == result.front[0].architecture


def test_budgets_take_turns_and_lie_below_the_limits() -> None:
    """From the dearest to the cheapest, with the same other decisions; then other ones."""
    strategy, limit = Gradient(tiny_space(), budgets=["30k", "50k", "4M"], of="flops"), 90_000
    limits = [parse_constraint(f"flops <= {limit}")]
    history, found = History(), list[Proposal]()
    for slot in range(6):
        found.append(strategy.propose(history, Budget(slot, 9, 0, 4, slot, limits=limits)))
        history.observe(Proposed(Trial(slot, slot, found[-1].values)))
    budgets = [proposal.notes[NOTES]["budget"] for proposal in found]
    assert budgets == [BELOW * limit, 50_000, 30_000] * 2
    groups = [proposal.values["group"] for proposal in found]
    assert len(set(groups[:3])) == len(set(groups[3:])) == 1
    assert found[0].notes[NOTES]["sizes"] != found[3].notes[NOTES]["sizes"]


def test_budgets_are_elsewhere_in_each_round() -> None:
    """By default; so the front has more points than there are budgets."""
    strategy = Gradient(tiny_space(), budgets=2, of="flops")
    found = [strategy.propose(History(), Budget(slot, 9, 0, 4, slot)).notes[NOTES]["budget"] for slot in range(6)]
    assert len(set(found)) == 6


@pytest.mark.parametrize(("attempt", "learns"), [(0, True), (MOST_DRAWS - 1, True), (MOST_DRAWS, False)])
def test_values_that_the_run_itself_finds_are_trained_as_they_are(attempt: int, learns: bool) -> None:
    """What is noted of a proposal is of its own values."""
    strategy = Gradient(tiny_space(), OBJECTIVES, budgets=[20_000])
    assert (NOTES in strategy.propose(History(), Budget(0, 9, attempt, 4, 0)).notes) == learns


OBJECTIVES = [parse_objective("maximize accuracy"), parse_objective("minimize flops")]


def test_by_default_a_training_begins_at_what_front_proposes() -> None:
    """At its sizes, with its price as the budget; what pauses is trained as it is, whole when it is proposed again."""
    strategy, inner = Gradient(tiny_space(), OBJECTIVES), FrontStrategy(tiny_space(), OBJECTIVES)
    paused = 0
    for slot in range(24):
        budget = Budget(slot, 24, 0, 6, slot)
        found, wanted = strategy.propose(History(), budget), inner.propose(History(), budget)
        assert (found.values, found.fidelity) == (wanted.values, wanted.fidelity)
        cost = price(tiny_space().fill(wanted.values))
        outcome: Outcome = Scored({"accuracy": slot / 24})
        if found.fidelity:
            assert not found.notes
            paused, outcome = paused + 1, Stopped({"accuracy": 0.1}, curve=(0.1,), epochs=1)
        else:
            assert found.parent is None
            assert found.notes[NOTES]["budget"] == cost.flops
            assert found.notes[NOTES]["sizes"] == {name: wanted.values[name] for name in ("width", "depth", "size")}
        trial = Trial(slot, slot, found.values, cost=cost, epochs=found.fidelity)
        for event in (Proposed(trial), Finished(slot, outcome)):
            strategy.observe(event)
            inner.observe(event)
    assert 4 <= paused < 24


def test_a_search_by_default_has_pauses_and_learned_sizes(tmp_path: Path, backend: type[Inside]) -> None:
    """Killed or not, its trials are the same."""
    search = Search(
        tiny_space(), bars(), trials=6, strategy="gradient", training=Training(epochs=6, batch_size=32), seed=3
    )
    whole = search.run(tmp_path / "whole", backend="inside", workers=1, watch=None)
    assert {trial.state for trial in whole.trials} >= {"stopped", "scored"}
    assert all(bool(trial.sizes) == (trial.state == "scored") for trial in whole.trials if trial.state != "rejected")
    backend.epochs = 7
    with pytest.raises(Killed):
        search.run(tmp_path / "killed", backend="inside", workers=1, watch=None)
    backend.epochs = None
    again = search.run(tmp_path / "killed", backend="inside", workers=1, watch=None)
    assert told(again) == told(whole)
    assert learned(again) == learned(whole)


def test_front_learns_from_the_sizes_that_were_found() -> None:
    """Of a training that has changed its sizes: values, features and costs are those of what it ended with."""
    known = Knowledge(tiny_space(), OBJECTIVES)
    begun, found = ({"group": "C2", "width": width, "depth": 1, "size": 3} for width in (4, 8))
    costs = [price(tiny_space().fill(values)) for values in (begun, found)]
    known.observe(Proposed(Trial(0, 0, begun, cost=costs[0])))
    known.observe(Finished(0, Scored({"accuracy": 0.5}, cost=costs[1], values=found, sizes={"width": [8.0]})))
    (lesson,) = known.lessons.whole
    assert lesson.values == found
    assert (lesson.place == known.features.of(found, costs[1])).all()
    assert (lesson.costs == known.costs(costs[1])).all()
    assert known.new == [hash(key(begun)), hash(key(found))]


def test_decisions_that_are_not_learned_are_told_once(tmp_path: Path, backend: type[Inside]) -> None:
    """With the reason, in the progress and in the report."""
    stream, only = io.StringIO(), integer("hidden", 4, 8)
    conv = Conv(channels=integer("width", 2, 4), kernel_size=3, kernel=Siren(hidden=only))
    given = Image(channels=1, size=(6, 6))
    space = Space(Architecture(input=given, body=[conv, Norm()], head=Classifier(classes=2)))
    search = Search(space, bars(), trials=2, strategy="gradient", training=TRAINING, seed=3)
    result = search.run(tmp_path, backend="inside", workers=1, watch=Watcher(stream, live=False))
    said = r"hidden is not learned in trial \d, and maybe in others: masks do not learn body.0.kernel.hidden"
    assert len(re.findall(said, stream.getvalue())) == stream.getvalue().count("hidden is not") == 1
    assert len(re.findall(r"hidden was not learned in \d of \d trials", report(result))) == 1


def test_a_filling_without_sizes_is_trained_as_it_is() -> None:
    """And others of the same space learn theirs; with budgets too."""
    other = Conv(channels=integer("width", 2, 8), kernel_size=3)
    body = [choice(other, Norm(), name="which"), Activation()]
    space = Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))
    for strategy in (Gradient(space, OBJECTIVES, budgets=2), Gradient(space, others="random")):
        found = [strategy.propose(History(), Budget(slot, 9, 0, 4, slot)) for slot in range(0, 40, 2)]
        assert all((NOTES in one.notes) == ("width" in one.values) for one in found)
        assert len({NOTES in one.notes for one in found}) == 2


def test_what_cannot_fit_into_memory_is_refused_before_sizes_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_of_sizes, "shortage", lambda *_: "its training takes too much")
    asked = Asked("flops", {"width": 4.0, "depth": 2.0, "size": 3.0}, Learning(1e4))
    values = {"group": "C1", "width": 4, "depth": 2, "size": 3}
    outcome = train_sizes(asked, tiny_space(), values, bars(), TRAINING, 0, OBJECTIVES[0])
    assert isinstance(outcome, Failed)
    assert outcome.seconds == 0


def test_what_it_cannot_do_is_said() -> None:
    """A quantity that no architecture has, no budgets, another choice of the other decisions, and one epoch."""
    with pytest.raises(ValueError, match="others is 'front', with the objectives, or 'random', not 'tpe'"):
        Gradient(tiny_space(), OBJECTIVES, others="tpe")
    with pytest.raises(ValueError, match="others is 'front', with the objectives"):
        Gradient(tiny_space(), others="front")
    with pytest.raises(ValueError, match=r"a budget is of flops, .*, bytes, not of 'accuracy'"):
        Gradient(tiny_space(), of="accuracy")
    with pytest.raises(ValueError, match="one budget or more"):
        Gradient(tiny_space(), budgets=[])
    with pytest.raises(RunError, match="give two epochs or more"):
        Gradient(tiny_space()).propose(History(), Budget(0, 4, 0, 1, 0))


def test_networks_of_learned_sizes_keep_other_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets that ask for more parameters than the limit."""
    inside(monkeypatch)
    strategy = Gradient(tiny_space(), budgets=["100k", "300k"], of="flops", learning=HALF)
    limits = ["params <= 600"]
    search = Search(tiny_space(), bars(), constraints=limits, trials=2, strategy=strategy, training=TRAINING, seed=3)
    result = search.run(tmp_path, backend="inside", workers=1, watch=None)
    scored = [trial for trial in result.trials if trial.state == "scored"]
    assert len(scored) == len([trial for trial in scored if trial.sizes]) == 2
    assert all(trial.feasible and trial.cost and trial.cost.params <= 600 for trial in scored)


def test_what_settles_is_told_the_limits_on_costs_and_no_others() -> None:
    limits = [parse_constraint(text) for text in ("params <= 600", "params <= 900", "bytes <= 1M", "latency <= 5ms")]
    strategy = Gradient(tiny_space(), budgets=["100k"], of="flops")
    notes = strategy.propose(History(), Budget(0, 4, 0, 4, 0, 0, limits)).notes
    assert Asked.from_data(notes[NOTES]).limits == {"params": 600, "bytes": 1e6}


@pytest.mark.parametrize("of", ["flops", "params", "bytes"])
def test_a_budget_below_all_networks_is_refused_and_the_cheapest_is_named(of: str) -> None:
    least = min(priced(of, "torch")(architecture) for architecture in tiny_space().enumerate())
    history, budget = History(), Budget(0, 4, 0, 4, 0)
    with pytest.raises(RunError, match=f"the budget of {least / 2:,.15g} {of} is less than .* takes, {least:,};"):
        Gradient(tiny_space(), budgets=[4 * least, least / 2], of=of).propose(history, budget)
    assert Gradient(tiny_space(), budgets=[4 * least, least], of=of).propose(history, budget).notes


def test_settings_of_the_training_may_be_open(tmp_path: Path, backend: type[Inside]) -> None:
    """They are drawn, and no sizes."""
    training = Training(epochs=4, batch_size=choice(16, 32), learning_rate=real(1e-3, 1e-2, log=True))
    search = Search(tiny_space(), bars(), trials=2, strategy="gradient", training=training, seed=3)
    result = search.run(tmp_path, backend="inside", workers=1, watch=None)
    trials = [trial for trial in result.trials if trial.state == "scored"]
    assert len(trials) == 2
    assert all(set(trial.sizes) == {"width", "depth", "size"} for trial in trials)
    assert all(trial.decided["batch_size"] in (16, 32) for trial in trials)


def test_a_budget_begins_from_the_weights_of_the_next_larger_one(tmp_path: Path, backend: type[Inside]) -> None:
    """With inheritance, and not otherwise."""
    heirs = searched(tmp_path / "heirs", training=Training(epochs=4, batch_size=32, inherit=True))
    begun = [trial.inherits for trial in heirs.trials if trial.state == "scored"]
    scored = [trial.number for trial in heirs.trials if trial.state == "scored"]
    assert begun == [None, scored[0], None, scored[2]]
    assert [trial.inherits for trial in searched(tmp_path / "others").trials if trial.state == "scored"] == [None] * 4


def goes_on(tmp_path: Path, backend: type[Inside]) -> None:
    """Killed while sizes are learned, between the two parts, and in the second."""
    whole = searched(tmp_path / "whole", trials=2)
    for epochs in (1, 2, 3, 6):
        backend.epochs = epochs
        with pytest.raises(Killed):
            searched(tmp_path / str(epochs), trials=2)
        backend.epochs = None
        again = searched(tmp_path / str(epochs), trials=2)
        assert told(again) == told(whole)
        assert learned(again) == learned(whole)
        assert not list((tmp_path / str(epochs)).glob("checkpoints/*"))


def test_killed_after_any_epoch_it_ends_the_same(tmp_path: Path, backend: type[Inside]) -> None:
    """Scores, architectures and the sizes on the way."""
    goes_on(tmp_path, backend)


def test_sizes_that_are_lost_with_a_kill_are_seen(
    tmp_path: Path, backend: type[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: a state is taken for another training's, after a kill, and a longer part is trained."""
    from search.masks import learning

    restore = learning.SizeLoop.restore

    def forgetful(self: Any, path: Path, of: Any) -> bool:
        found = restore(self, path, of)
        self.sizes = {name: values[:-1] for name, values in self.sizes.items()}
        return found

    monkeypatch.setattr(learning.SizeLoop, "restore", forgetful)
    with pytest.raises(AssertionError):
        goes_on(tmp_path, backend)


def test_sizes_are_shown_as_they_are_learned(tmp_path: Path, backend: type[Inside]) -> None:
    """In the record while it is trained, in the picture of the report, and in the lines of the progress."""
    from search.report.report import write_report

    said: list[tuple[int, dict[str, int]]] = []

    class Watch:
        def __call__(self, *told: Any) -> None:
            pass

        def epoch(self, engine: Any, trial: Any, epoch: int, score: float) -> None:
            said.append((epoch, {name: len(values) for name, values in trial.sizes.items()}))

    strategy = Gradient(tiny_space(), of="flops", budgets=2, learning=HALF)
    search = Search(tiny_space(), bars(), trials=1, strategy=strategy, training=TRAINING, seed=3)
    result = search.run(tmp_path / "run", backend="inside", workers=1, watch=Watch())
    names = set(result.trials[0].sizes)
    assert names == {"width", "depth", "size"}
    assert said == [(epoch, dict.fromkeys(said[0][1], min(epoch, 2))) for epoch in (1, 2, 3, 4)]
    write_report(result, tmp_path / "report.md")
    assert (tmp_path / "report-sizes.png").stat().st_size > 5_000
    assert "Learned sizes" in (tmp_path / "report.md").read_text()


def test_an_epoch_that_is_trained_again_counts_once() -> None:
    """After a kill before its state was written; and nothing is left of a training that failed and is tried again."""
    history = History()
    history.observe(Proposed(Trial(0, 0, {})))
    for epoch, width in ((1, 8.0), (2, 7.0), (2, 7.5), (3, 7.25)):
        history.observe(Epoch(0, epoch, 0.5, {"width": width}))
    assert history[0].sizes == {"width": [8.0, 7.5, 7.25]}
    history.observe(Finished(0, Failed("diverged")))
    history.observe(Retried(0))
    assert not history[0].sizes


def test_states_are_kept_of_candidates_that_may_go_on_and_no_others(tmp_path: Path, backend: type[Inside]) -> None:
    search = Search(tiny_space(), bars(), trials=12, strategy="gradient", training=Training(epochs=4, batch_size=32))
    result = search.run(tmp_path, backend="inside", workers=1, watch=None)
    whole = {event.trial.hash for event in result.history.draws if event.trial.epochs is None}
    paused = {trial.hash for trial in result.trials if trial.state == "stopped"}
    assert paused & whole
    assert paused - whole
    assert {file.name for file in (tmp_path / "checkpoints").iterdir()} == {
        f"{hash}.trunk.pt" for hash in paused - whole
    }
