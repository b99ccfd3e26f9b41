"""Every command of the README is run, on a search so small that it takes seconds."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from search.cli.main import main

README = (Path(__file__).parents[1] / "README.md").read_text()
SEARCH = """
import numpy as np
from search import Search, Task
from spaces import images

rng = np.random.default_rng(0)
y = np.arange(80) % 2
task = Task.from_arrays(rng.normal(size=(80, 1, 8, 8)) + y[:, None, None, None], y)
search = Search(images.for_task(task), task, constraints=["flops <= 300k"], trials=2, epochs=1)
"""
# What stands for the words in capitals and the choices of the README, one after the other in the order of a day's work.
COMMANDS = [
    "new own --kind regression",
    "check tiny.py",
    "search tiny.py --trials 2 --workers 1 --hours 1 --directory run",
    "status run",
    "front run",
    "front run --plot front.png",
    "confirm tiny.py --directory run --seeds 1 --workers 1",
    "export run --to best",
    "export run --by flops --to best --overwrite",
    "report run --to report.md",
    "check best/architecture.json",
    "cost best/architecture.json --target onnx",
    "draw best/architecture.json",
    "symmetry best --group D4",
]


@pytest.mark.thorough
def test_every_command_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = set(re.findall(r"^archsearch (\w+)|· (\w+) (?:RUN|SPEC|FILE)", README, re.MULTILINE))
    wanted = {one or other for one, other in named}
    assert wanted == {command.split()[0] for command in COMMANDS}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "tiny.py").write_text(SEARCH)
    for command in COMMANDS:
        code = main(shlex.split(command))
        told = capsys.readouterr()
        # A network of C1 is not equivariant under D4: `symmetry` says so by its exit code.
        assert code == 0 or command.startswith("symmetry"), (command, told.err)
        assert told.out
    assert main(["export", "run", "--to", "own"]) == 1
    error = capsys.readouterr().err
    assert "--overwrite" in error
    assert "overwrite=True" not in error
    assert {path.name for path in tmp_path.iterdir()} >= {"own", "run", "best", "front.png", "report.md"}


def test_every_command_has_a_place_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    known = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert len(known) > 8
    assert [name for name in known if not re.search(rf"archsearch {name}|· {name} ", README)] == []


def options_left_out(capsys: pytest.CaptureFixture[str], pages: str) -> set[tuple[str, str]]:
    """Options of the commands, by the name of the command, that no page names."""
    found = set()
    for name in {command.split()[0] for command in COMMANDS}:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        options = re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)
        found |= {(name, option) for option in options if not re.search(rf"{option}(?![\w-])", pages)}
    return found - {(name, "--help") for name, _ in found}


def test_every_option_is_named_on_some_page(capsys: pytest.CaptureFixture[str]) -> None:
    pages = "".join(page.read_text() for page in (Path(__file__).parents[1] / "docs").glob("*.md"))
    assert options_left_out(capsys, README + pages) == set()


def test_an_option_that_no_page_names_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    found = options_left_out(capsys, README.replace("--strict", "").replace("--json", "--jsonl"))
    assert {("check", "--strict"), ("front", "--json"), ("cost", "--json"), ("symmetry", "--json")} <= found
