"""Text from outside is text: whatever is in it, it reaches no terminal raw, and is no markup anywhere."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from archspec import Cost
from search import Failed, Result, Scored
from search.cli.main import main
from search.events import Finished, Proposed
from search.files import RunDirectory
from search.record.writing import Record
from search.report.notebook import Cell
from search.report.progress import Watcher
from search.report.report import report, write_report
from search.trial import Trial
from search.words import in_html, in_markdown, printable
from spaces import Space
from tests.search.made_up import drive, engine_in
from tests.search.tiny import small_space

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "two\nlines\r\n",
    "\x07\x08\x00\x9b31m",
    "<script>alert(1)</script>",
    "[red]markup[/red] [/]",
    ":smile: [link=https://x.y]here[/link]",
    "| a | **b** | `c` | ![d](https://x.y/e.png) |",
    "# title\n\n- item",
    "$\\frac{1}{0}$",
    "\u202ereversed",
    "half \ud800",
    "path [/data/x] is missing",
    "&lt;b&gt;",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_one_harmless_line(text: str) -> None:
    assert printable(text).isprintable()
    shown = in_markdown(text)
    assert shown.isprintable()
    assert "<" not in shown
    assert not any(f"{before}{c}" in f" {shown}" for c in "|`*[]#" for before in " ab>")
    assert "<" not in in_html(text)
    assert in_html(text).isprintable()


def test_harmless_text_stays_as_it_is() -> None:
    for text in ("digits, rotated (1a2b)", "Größe × 3 · 日本", "accuracy_per_flop", "body[0].kernel_size"):
        assert printable(text) == text
    assert in_markdown("accuracy_per_flop (×2)") == "accuracy_per_flop (×2)"
    assert len(printable("x" * 10_000)) == 500


def hostile_run(directory: Path, text: str) -> Result:
    """A run whose every text from outside is this one."""
    settings = {
        "task": text,
        "objectives": ["maximize accuracy"],
        "constraints": [text],
        "seed": 0,
        "strategy": text,
        "target": text,
    }
    architecture = small_space().default
    with Record(RunDirectory(directory), settings) as record:
        for number, outcome in enumerate((Scored({"accuracy": 0.5, text: 0.5}, 2, curve=(0.25, 0.5)), Failed(text))):
            trial = Trial(number, number, {text: text}, architecture=architecture, hash=text, cost=Cost(macs=5))
            record.append(Proposed(trial))
            record.append(Finished(number, outcome))
    return Result.open(directory)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_command_passes_it_on(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = hostile_run(tmp_path, text)
    for command in (["status"], ["front"], ["front", "--json"], ["report"]):
        assert main([command[0], str(tmp_path), *command[1:]]) == 0
        told = capsys.readouterr().out
        assert all(line.isprintable() for line in told.split("\n"))
        assert command[0] == "status" or len(told) > 50
    assert main(["export", str(tmp_path), "--by", text]) == 1
    capsys.readouterr()
    for shown in (str(result), repr(result), result._repr_html_()):
        assert all(line.isprintable() for line in shown.split("\n"))
    assert "<script" not in result._repr_html_() + report(result)
    assert "<script" not in write_report(result, tmp_path / "told.md").read_text()
    assert len(list(tmp_path.glob("told*.png"))) == 2  # matplotlib has drawn it, too


class Named:
    """A score with a name from outside."""

    maximize, priced = True, False

    def __init__(self, name: str) -> None:
        self.name = name

    def value(self, cost: Cost, scores: Any) -> float:
        return float(scores["accuracy"])

    told = value


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("live", [False, True])
def test_progress_shows_it_as_text(text: str, live: bool, tmp_path: Path) -> None:
    stream, shown = io.StringIO(), list[str]()

    class Hostile(Space):
        def __repr__(self) -> str:
            return text

    engine = engine_in(tmp_path, space=Hostile(small_space().template), trials=2)
    engine.objectives = (Named(text),)

    def show(html: str) -> Any:
        shown.append(html)
        return shown.append

    watches = (Watcher(stream, live=live), Cell(show))
    for watch in watches:
        watch(engine, None, None)
    for outcome in (Scored({"accuracy": 0.5}), Failed(text)):
        trial = engine.ask()
        assert trial
        engine.tell(trial, outcome)
        for watch in watches:
            watch(engine, trial, outcome)
    engine.stop(text)
    for watch in watches:
        watch.__exit__(None, None, None)
    seen = stream.getvalue()
    if live:  # rich draws with sequences of its own, but not with these
        for sequence in ("\x1b[31mred", "\x07", "\x9b", "\u202e", "\x1b]8;"):
            assert sequence not in seen
    else:
        assert all(line.isprintable() for line in seen.split("\n"))
        assert "trial 1    failed: " in seen
    assert not any("<script" in html for html in shown)
    assert all(html.isprintable() for html in shown)


def test_the_path_of_a_mistake_is_shown_with_its_brackets(tmp_path: Path) -> None:
    stream = io.StringIO()
    engine = engine_in(tmp_path, trials=1)
    trial = engine.ask()
    assert trial
    with Watcher(stream) as watch:
        watch(engine, None, None)
        outcome = Failed("ValueError: path [/data/x] is missing")
        engine.tell(trial, outcome)
        watch(engine, trial, outcome)
    assert "failed: ValueError: path [/data/x] is missing" in stream.getvalue()


def test_a_table_of_rich_would_have_read_it(tmp_path: Path) -> None:
    """What the laws above must be able to notice."""
    from rich.errors import MarkupError
    from rich.table import Table

    from search.words import as_text

    table = Table("a")
    table.add_row("path [/data/x] is missing")
    with pytest.raises(MarkupError):
        as_text(table)
    engine = engine_in(tmp_path)
    drive(engine)
    assert len(Result(tmp_path, engine.objectives).front)
