"""A confirmation trains as the search did, from seeds of its own; test data choose nothing; it can be killed."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from archspec.graph.cost import Cost
from search import Failed, Result, Task, confirming
from search.cli.main import main
from search.confirmation import Confirmation
from search.confirmed import INDEX, TEST, Confirmed
from search.errors import RunError
from search.estimate import Estimate
from search.events import Event, Finished, Interrupted
from search.outcome import TOO_LARGE
from search.report import plot
from search.report.plot import draw_front
from search.report.report import write_report
from search.retrained import Retrained
from search.seeds import derived_seed
from search.trial import Trial
from tests.search.inside import Inside, Killed, inside, searched
from tests.search.made_up import told
from tests.search.tiny import bars

SEEDS = 2


def flipped() -> Task:
    """The same task with the other labels in the test data alone."""
    task = bars()
    assert isinstance(task.test, tuple)
    return task.with_fields(test=(task.test[0], 1 - task.test[1]))


def came(confirmation: Confirmation) -> list[tuple[object, ...]]:
    """All that must be the same whatever interrupts it."""
    return [(row.trial.number, [(t.notes, t.seed, t.scores) for t in row.again]) for row in confirmation.rows]


def validated(trial: Trial) -> dict[str, float]:
    """The scores that are not of test data."""
    return {name: value for name, value in trial.scores.items() if not name.startswith(TEST)}


def made(scores: tuple[float, int], *again: tuple[float, float], number: int = 0) -> Confirmed:
    """A trial of an accuracy and FLOPs, confirmed with accuracies on validation and test data."""
    cost = Cost(macs=scores[1] // 2)
    found = Trial(number, 0, {}, "scored", scores={"accuracy": scores[0]}, cost=cost)
    fresh = [
        Trial(i, i, {}, "scored", scores={"accuracy": a, f"{TEST}accuracy": b}, cost=cost, seed=i)
        for i, (a, b) in enumerate(again)
    ]
    return Confirmed(found, tuple(fresh))


def confirmation_of(directory: Path, *rows: Confirmed) -> Confirmation:
    return Confirmation(rows, told(directory, [({"accuracy": 0.5}, 10)]).objectives)


def test_from_the_seed_of_the_search_a_confirmation_finds_what_the_search_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside(monkeypatch)
    monkeypatch.setattr(confirming, "derived_seed", lambda seed, what: derived_seed(seed, what.split()[1]))
    result = searched(tmp_path)
    for row in result.confirm(1, [t.number for t in result.trials if t.state == "scored"]).rows:
        (again,) = row.again
        assert again.seed == row.trial.seed
        assert {name: again.scores[name] for name in row.trial.scores} == row.trial.scores
        assert again.fidelity == row.trial.fidelity
        tested = row.trial.test()
        assert {name: again.scores[TEST + name] for name in tested} == tested


def test_its_seeds_are_neither_those_of_the_search_nor_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch)
    result = searched(tmp_path / "run")
    rows = result.confirm(SEEDS).rows
    assert len(rows) == len(result.front)
    seeds = [trial.seed for row in rows for trial in row.again]
    assert len(seeds) == SEEDS * len(rows) == len(set(seeds))
    assert not set(seeds) & {trial.seed for trial in result.trials}
    assert [trial.seed for row in result.confirm(SEEDS + 1).rows for trial in row.again[:SEEDS]] == seeds
    first = result.front[0]
    assert confirming.fresh(first, 0, seed=3).seed != confirming.fresh(first, 0, seed=4).seed


def test_whatever_the_test_data_are_only_test_scores_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = inside(monkeypatch)
    ours = searched(tmp_path / "a").confirm(SEEDS)
    other = searched(tmp_path / "b", task=flipped()).confirm(SEEDS)
    assert (tmp_path / "a" / "reference.json").read_text() == (tmp_path / "b" / "reference.json").read_text()
    assert [row.trial.number for row in ours.front] == [row.trial.number for row in other.front]
    assert all(trainer.task.test is None for trainer in backend.trainers)
    for mine, theirs in zip(ours.rows, other.rows, strict=True):
        for a, b in zip(mine.again, theirs.again, strict=True):
            assert validated(a) == validated(b)
            assert a.scores["test accuracy"] == pytest.approx(1 - b.scores["test accuracy"])


def test_the_confirmed_front_is_by_validation_data(tmp_path: Path) -> None:
    # By what was found all three are a front, by test data the first and the last, by validation data the first two.
    rows = (
        made((0.7, 100), (0.6, 0.8), (0.6, 0.8), number=4),
        made((0.8, 1_000), (0.8, 0.6), (0.7, 0.8), number=2),
        made((0.96, 10_000), (0.75, 0.9), (0.7, 0.9), number=7),
    )
    confirmation = confirmation_of(tmp_path, *rows)
    assert [row.trial.number for row in confirmation.front] == [4, 2]
    assert [row.split()[-1] for row in str(confirmation).splitlines()[1:4]] == ["yes", "yes", "2"]
    assert confirmation.optimism("accuracy") == pytest.approx((-0.1 + 0.1 + 0.06) / 3)
    assert confirmation.summary.startswith("3 trials confirmed by 6 trainings from fresh seeds")
    assert confirmation.summary.endswith("trials 4, 2.")
    one = confirmation_of(tmp_path / "one", rows[0]).summary
    assert one.startswith("1 trial confirmed by 2 trainings")
    assert one.endswith("trial 4.")
    small = [({"loss": 0.2}, 10)]
    losses = Confirmation(rows, told(tmp_path / "loss", small, ["minimize accuracy"]).objectives)
    assert losses.optimism("accuracy") == pytest.approx(-confirmation.optimism("accuracy"))


def test_an_interval_is_the_mean_and_students_t_times_the_standard_error() -> None:
    values = (0.90, 0.92, 0.97)
    middle = sum(values) / 3
    deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / 2)
    half = 4.302652729911275 * deviation / math.sqrt(3)  # the 97.5 % quantile of t with two degrees of freedom
    assert Estimate(values).interval() == pytest.approx((middle - half, middle + half))
    assert str(Estimate(values)) == f"{middle:.4f} ± {half:.4f}"
    assert Retrained((0, 1, 2), (), tuple({"f1": v} for v in values)).interval("f1") == Estimate(values).interval()
    assert str(Estimate((0.5,))) == "0.5000"
    with pytest.raises(ValueError, match="two seeds or more"):
        Estimate((0.5,)).interval()


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_killed_confirmation_goes_on_and_ends_as_if_nothing_had_happened(
    epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = inside(monkeypatch)
    result = searched(tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "whole")
    whole = Result.open(tmp_path / "whole", bars()).confirm(SEEDS)
    backend.trained.clear()
    backend.epochs = epochs
    with pytest.raises(Killed):
        result.confirm(SEEDS)
    backend.epochs = None
    again = Result.open(tmp_path / "run", bars())
    unfinished = again.confirmation
    assert unfinished is not None
    assert unfinished.running
    assert "more to come" in unfinished.summary
    assert came(again.confirm(SEEDS)) == came(whole)
    ended = [trial.number for trial, finished in backend.trained if finished]
    assert sorted(ended) == sorted(set(ended)) == list(range(SEEDS * len(whole.rows)))
    # Of the training that was killed, what was done before is not done again: its checkpoint was there.
    assert len(backend.trained) == len(ended) + 1


def test_what_is_confirmed_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = inside(monkeypatch)
    result = searched(tmp_path)
    backend.trained.clear()
    lines: list[str] = []
    first = result.confirm(SEEDS, watch=lines.append)
    assert len(lines) == len(backend.trained) == SEEDS * len(first.rows)
    backend.trained.clear()
    assert came(result.confirm(SEEDS)) == came(Result.open(tmp_path, bars()).confirm(1)) == came(first)
    assert backend.trained == []
    more = result.confirm(SEEDS + 1)
    assert [trial.notes[INDEX] for trial, _ in backend.trained] == [SEEDS] * len(more.rows)


def test_another_task_another_run_and_what_was_not_scored_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside(monkeypatch)
    result = searched(tmp_path / "run")
    with pytest.raises(RunError, match=r"another task or other objectives \(their task, data\)"):
        Result.open(tmp_path / "run", bars(seed=1)).confirm()
    with pytest.raises(RunError, match="open the run with its task"):
        Result.open(tmp_path / "run").confirm()
    with pytest.raises(RunError, match="no trial 99"):
        result.confirm(trials=[99])
    with pytest.raises(ValueError, match="seeds must be 1 or more"):
        result.confirm(0)
    rejected = next(trial.number for trial in result.trials if trial.state == "rejected")
    with pytest.raises(RunError, match=rf"trial {rejected} \(rejected\) was not scored"):
        result.confirm(trials=[rejected])
    result.confirm(1)
    shutil.move(tmp_path / "run" / "confirmation", tmp_path / "kept")
    other = searched(tmp_path / "other")
    shutil.move(tmp_path / "kept", tmp_path / "other" / "confirmation")
    with pytest.raises(RunError, match="confirms another run"):
        other.confirm(1)


def test_a_seed_that_fails_is_told_and_not_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = inside(monkeypatch)
    result = searched(tmp_path)
    run = backend.events

    def failing(self: Inside) -> list[Event]:
        events = list(run(self))
        if events[-1].number == 0:
            events[-1] = Finished(0, Failed("diverged: the loss is nan in epoch 1"))
        return events

    monkeypatch.setattr(backend, "events", failing)
    lines: list[str] = []
    confirmation = result.confirm(SEEDS, watch=lines.append)
    row = confirmation.rows[0]
    assert "failed: diverged" in lines[0]
    assert row.seeds == f"{SEEDS - 1} of {SEEDS}"
    assert len(row.validation("accuracy").values) == SEEDS - 1


def test_memory_that_others_may_have_taken_and_a_machine_that_fails_are_no_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = inside(monkeypatch)
    result = searched(tmp_path)
    answers = {
        "workers=1, which goes on": lambda n: Finished(n, Failed("ran out of memory")),
        "confirm where there is more memory, which goes on": lambda n: Finished(
            n, Failed(f"{TOO_LARGE} 8GB; use less")
        ),
        "mend that": lambda n: Interrupted(n, "full"),
    }
    for said, answer in answers.items():
        monkeypatch.setattr(backend, "events", lambda self, answer=answer: [answer(self.waiting.popleft().number)])
        with pytest.raises(RunError, match=said):
            result.confirm(2, workers=2)
    monkeypatch.setattr(backend, "events", Inside.events)
    assert result.confirm(2).running == 0


def test_found_and_confirmed_are_told_apart_wherever_they_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inside(monkeypatch)
    result = searched(tmp_path / "run")

    def shown(command: str) -> str:
        assert main([command, str(tmp_path / "run")]) == 0
        return capsys.readouterr().out

    before = [str(result.front), shown("front"), shown("report")]
    assert all("accuracy found" in text and "accuracy test" not in text for text in before)
    assert all("scores are as found" in shown(command) for command in ("front", "status", "report"))
    confirmation = result.confirm(SEEDS)
    after = [str(result.front), shown("front"), shown("report"), result.front.to_html(), confirmation.to_html()]
    row = confirmation.rows[0]
    for text in after:
        assert all(f"accuracy {what}" in text for what in ("found", "confirmed", "test"))
        assert str(row.validation("accuracy")) in text
        assert str(row.test("accuracy")) in text
    assert all("on average than the same" in shown(command) for command in ("front", "status", "report"))
    assert main(["front", str(tmp_path / "run"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)[0]["confirmed"]
    assert told["test accuracy"]["mean"] == row.test("accuracy").mean
    assert told["seeds"] == [trial.seed for trial in row.again]
    assert draw_front(result, tmp_path / "front.png").exists()
    write_report(result, tmp_path / "report.md")
    assert {path.name for path in tmp_path.glob("report*")} == {
        *("report.md", "report.png", "report-curves.png", "report-anytime.png")
    }


def test_a_picture_shows_scores_and_no_more_of_intervals_than_they_differ() -> None:
    """Of two seeds an interval is thirteen times as long as the deviation."""
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2], [0.6, 0.9], "o")
    axes.errorbar([1], [0.6], yerr=2.0)
    plot._frame(axes, [0.6, 0.9])
    assert axes.get_ylim() == pytest.approx((0.3, 1.2))
    near = Figure().add_subplot()
    near.plot([1, 2], [0.6, 0.9], "o")
    before = near.get_ylim()
    plot._frame(near, [0.6, 0.9])
    assert near.get_ylim() == before


def test_its_frame_has_a_row_for_each_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    inside(monkeypatch)
    confirmation = searched(tmp_path).confirm(SEEDS)
    frame = confirmation.to_frame()
    assert len(frame) == SEEDS * len(confirmation.rows)
    assert frame["test accuracy"].tolist() == [
        t.scores["test accuracy"] for row in confirmation.rows for t in row.again
    ]
    assert frame["seed"].tolist() == [t.seed for row in confirmation.rows for t in row.again]
