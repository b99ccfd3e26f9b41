"""A search shows itself while it runs, and its result when it is looked at; what it says was measured."""

from __future__ import annotations

import builtins
import io
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from search import Engine, Failed, Outcome, Result, Scored
from search.errors import RunError
from search.events import Epoch
from search.report.notebook import Cell, in_notebook
from search.report.progress import Watcher
from search.report.standing import Standing
from search.report.watching import watching
from search.trial import Trial
from tests.search.cli.test_exit_codes import BAD, BETTER, GOOD, WORSE
from tests.search.made_up import engine_in, told
from tests.search.tiny import small_search


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(engine: Engine) -> Trial:
    trial = engine.ask()
    assert trial
    return trial


def tell(engine: Engine, watch: Any, trial: Trial, outcome: Outcome) -> None:
    engine.tell(trial, outcome)
    watch(engine, trial, outcome)


def test_a_search_shows_its_progress_by_itself_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = small_search(trials=2).run(tmp_path, workers=1)
    said = capsys.readouterr()
    assert not said.out
    lines = said.err.splitlines()
    assert "2 candidates, 1 at once" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["1/2", "2/2"]
    assert "about" in lines[1]
    assert "left" in lines[1]
    for silent in (None, False):
        small_search(trials=2).run(tmp_path, watch=silent)
        assert capsys.readouterr().err == ""
    assert result.counts()["scored"] + result.counts()["failed"] == 2


def test_a_watch_of_ones_own_is_called_and_nothing_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watching(own := lambda *_: None) as watch:
        assert watch is own
    with watching(None) as watch:
        assert watch is None
    with watching("auto") as watch:
        assert isinstance(watch, Watcher)
        assert watch.console.file is sys.stderr


def test_nothing_is_said_of_the_time_left_before_it_was_measured(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=9, lag=2, constraints=())
    standing = Standing(engine)
    first, second = asked(engine), asked(engine)
    assert standing.left() is None
    engine.tell(first, Scored({"accuracy": 0.5}, epochs=4, seconds=20.0))
    # Eight are left for two workers, at 20 seconds each.
    assert standing.left() == pytest.approx(8 * 20 / 2)
    engine.observe(Epoch(second.number, 1, 0.5))
    engine.observe(Epoch(second.number, 2, 0.5))
    # Of one, half of the epochs are done.
    assert standing.left() == pytest.approx(7.5 * 20 / 2)
    engine.tell(second, Failed("diverged", seconds=10.0))
    assert standing.left() == pytest.approx(7 * 15 / 2)
    engine.stop("the time is up")
    assert standing.left() is None


def test_the_front_grows_and_the_best_is_named(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=9, constraints=())
    standing = Standing(engine)
    assert standing.best is None
    flops = []
    for accuracy in (0.5, 0.25, 0.75, 0.125):
        trial = asked(engine)
        outcome = Scored({"accuracy": accuracy}, 3)
        engine.tell(trial, outcome)
        standing.take(trial, outcome)
        flops.append(trial.cost.flops if trial.cost else 0)
        assert standing.front == Result(tmp_path, engine.objectives).front
    assert standing.best == "accuracy 0.7500 (trial 2)"
    assert standing.epochs == 12
    assert str(standing).startswith(f"12 epochs · best accuracy 0.7500 (trial 2) · {len(standing.front)} on the front")


def test_what_takes_long_says_so_between_outcomes(tmp_path: Path) -> None:
    clock, stream = Clock(), io.StringIO()
    engine = engine_in(tmp_path, trials=2, constraints=())
    with Watcher(stream, clock=clock) as watch:
        watch(engine, None, None)
        trial = asked(engine)
        for epoch in range(1, 101):
            clock.now += 1.0
            engine.observe(Epoch(trial.number, epoch, 0.5))
            watch.epoch(engine, trial, epoch, 0.5)
        tell(engine, watch, trial, Scored({"accuracy": 0.5}, 100, 100.0))
    _, *epochs, last = stream.getvalue().splitlines()
    assert len(epochs) == 3  # after 30, 60 and 90 seconds
    assert "epoch 30: 0.5000" in epochs[0]
    assert "left" not in "".join(epochs)
    assert "about 2 min left" in last
    assert "(on the front)" in last


def test_a_reader_of_the_progress_that_goes_away_ends_no_search(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as stream:
        engine, watch = engine_in(tmp_path, trials=2, constraints=()), Watcher(stream, live=False)
        watch(engine, None, None)
        for accuracy in (0.5, 0.6):
            tell(engine, watch, asked(engine), Scored({"accuracy": accuracy}, 100, 1.0))
        assert engine.finished == 2
        assert watch.console.quiet


def test_on_a_terminal_the_bar_stands_over_the_front(tmp_path: Path) -> None:
    stream = io.StringIO()
    engine = engine_in(tmp_path, trials=2, constraints=())
    with Watcher(stream, live=True) as watch:
        watch(engine, None, None)
        trial = asked(engine)
        watch.epoch(engine, trial, 1, 0.5)
        tell(engine, watch, trial, Scored({"accuracy": 0.875}, 3, 60.0))
    shown = stream.getvalue()
    for part in ("training", "1/2", "best accuracy 0.8750 (trial 0)", "1 on the front", "architecture"):
        assert part in shown


def test_a_notebook_shows_one_cell_that_changes(tmp_path: Path) -> None:
    clock, shown = Clock(), list[str]()

    def show(html: str) -> Callable[[str], object]:
        shown.append(html)
        return shown.append

    engine = engine_in(tmp_path, trials=30, constraints=())
    with Cell(show, clock) as watch:
        watch(engine, None, None)
        assert len(shown) == 1
        for _ in range(20):
            clock.now += 0.1
            tell(engine, watch, asked(engine), Scored({"accuracy": 0.5}, 3, 60.0))
        tell(engine, watch, asked(engine), Failed("ran out of <b>memory</b>"))
    assert 4 <= len(shown) <= 7
    assert "0 of 30 trials" in shown[0]
    assert "left" not in shown[0]
    assert "21 of 30 trials" in shown[-1]
    assert "about 9 min left" in shown[-1]
    assert "ran out of &lt;b&gt;memory&lt;/b&gt;" in shown[-1]
    assert "<table>" in shown[-1]


def test_a_cell_shows_what_a_search_waits_for_until_it_goes_on(tmp_path: Path) -> None:
    shown = [""]
    engine = engine_in(tmp_path, trials=30, constraints=())
    with Cell(lambda html: shown.append, Clock()) as watch:
        watch(engine, None, None)
        watch.notice("waiting for 1 GPU; the cluster has 0 <b>free</b>")
        assert "waiting for 1 GPU; the cluster has 0 &lt;b&gt;free&lt;/b&gt;" in shown[-1]
        tell(engine, watch, asked(engine), Scored({"accuracy": 0.5}, 3, 60.0))
    assert "waiting" not in shown[-1]


def test_an_interrupted_cell_says_how_the_search_goes_on(tmp_path: Path) -> None:
    shown = [""]
    watch = Cell(lambda html: shown.append, Clock())
    watch(engine_in(tmp_path, trials=30, constraints=()), None, None)
    watch.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert "interrupted; run the cell again, and the search goes on" in shown[-1]


def test_a_notebook_is_known_by_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[Any] = []
    handle = SimpleNamespace(update=displayed.append)
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=None)
    vars(display).update(HTML=str, display=lambda html, display_id: displayed.append(html) or handle)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    assert in_notebook()
    with watching("auto") as watch:
        assert isinstance(watch, Cell)
        watch.show("first")("second")
    assert displayed == ["first", "second"]
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace()  # IPython on a terminal
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_a_result_shows_itself(tmp_path: Path) -> None:
    result = told(tmp_path, [GOOD, BETTER, WORSE, BAD])
    assert repr(result) == f"Result({tmp_path}: 3 scored, 1 failed)"
    assert str(result) == f"{tmp_path}: 3 scored, 1 failed\n\n{result.front}"
    page = result._repr_html_()
    assert page.count("<tr>") == 1 + len(result.front) == 3
    assert result.front._repr_html_() in page
    assert repr(result.front) == str(result.front)
    assert repr(result.history) == "History(3 scored, 1 failed)"
    assert repr(result.trials[0]).startswith("Trial(0, scored, accuracy 0.")
    assert repr(result.trials[3]).startswith("Trial(3, failed, ")
    assert all(len(repr(trial)) < 120 for trial in result.trials)
    assert repr(small_search(trials=3)).startswith("Search(Space(")


def test_in_a_notebook_text_is_text_and_goes_where_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There rich would show it in the cell, and `str` of a front would be empty."""
    result, lines = told(tmp_path, [GOOD, BETTER]), io.StringIO()
    wanted = str(result.front)
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    assert "accuracy" in wanted
    assert str(result.front) == wanted
    with Watcher(lines) as watch:
        watch.notice("a node is lost")
    assert lines.getvalue() == "a node is lost\n"


def test_all_trials_are_a_data_frame(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=4, constraints=())
    for number in range(3):
        trial = asked(engine)
        engine.observe(Epoch(trial.number, 1, 0.25))
        outcome = Failed("diverged") if number == 1 else Scored({"accuracy": 0.5}, 2, 1.5, curve=(0.25, 0.5))
        engine.tell(trial, outcome)
    result = Result(tmp_path, engine.objectives)
    frame = result.to_frame()
    drawn = [t for t in result.trials if t.state != "rejected"]
    assert list(frame.index) == [t.number for t in result.trials]
    assert list(frame["state"]) == [t.state for t in result.trials]
    for trial in drawn:
        row = frame.loc[trial.number]
        assert row["width"] == trial.values["width"]
        assert row["flops"] == (trial.cost.flops if trial.cost else None)
        assert row["reason"] == trial.reason or (trial.reason is None and math.isnan(row["reason"]))
    assert list(frame.loc[drawn[0].number][["accuracy", "epochs", "seconds"]]) == [0.5, 2, 1.5]
    curves = result.curves()
    assert list(curves.index) == [1, 2]
    assert list(curves.columns) == [t.number for t in drawn]
    assert list(curves[drawn[0].number]) == [0.25, 0.5]
    assert curves[drawn[1].number].isna().tolist() == [False, True]


def test_a_value_named_like_a_score_has_a_column_of_its_own(tmp_path: Path) -> None:
    trial = Trial(0, 0, {"accuracy": 3, "depth": 2}, "scored", scores={"accuracy": 0.5})
    from search.frame import trials_frame

    row = trials_frame([trial]).loc[0]
    assert (row["accuracy"], row["accuracy (value)"], row["depth"]) == (0.5, 3, 2)


def test_without_pandas_it_is_said_how_to_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    for frame in (told(tmp_path, [GOOD]).to_frame, Result.open(tmp_path).curves):
        with pytest.raises(RunError, match=r"needs pandas: pip install 'archsearch\[data\]'"):
            frame()


def test_the_report_shows_the_learning_curves(tmp_path: Path) -> None:
    from search.report.report import write_report

    engine = engine_in(tmp_path / "run", trials=2, constraints=())
    for _ in range(2):
        engine.tell(asked(engine), Scored({"accuracy": 0.5}, 2, curve=(0.25, 0.5)))
    result = Result(tmp_path / "run", engine.objectives)
    text = write_report(result, tmp_path / "my report.md").read_text()
    assert "![Learning curves](my%20report-curves.png)" in text
    assert (tmp_path / "my report-curves.png").read_bytes()[:4] == b"\x89PNG"
