"""The page about runs: its code is run beside two runs, and its table is what lies in a run's directory."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.search.tiny import small_search

PAGE = (Path(__file__).parents[1] / "docs" / "runs.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def files_told(page: str) -> set[str]:
    """Names in the first column of the table of a run's files."""
    table = page.split("| in `runs/mine` |", 1)[1].split("\n\n", 1)[0]
    return {name for line in table.splitlines()[2:] for name in re.findall(r"`([\w.]+)`", line.split("|")[1])}


@pytest.mark.thorough
def test_the_page_about_runs_is_true_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = small_search().task
    for name, seed in (("first", 1), ("second", 2)):
        result = small_search(4, strategy="front", seed=seed).run(f"runs/{name}", workers=1, watch=None)
    result.confirm(seeds=1, workers=1)
    assert {path.name for path in Path("runs/second").iterdir()} == files_told(PAGE)
    names: dict[str, Any] = {"task": task}
    assert BLOCKS
    for code in BLOCKS:
        exec(compile(code, "the page", "exec"), names)
    assert (names["answer"] - names["model"](names["example"])).abs().max() < 1e-5
    assert {"model.py", "model.pt", "model.pt2"} < {path.name for path in Path("plain").iterdir()}


def test_a_file_that_the_page_leaves_out_is_noticed() -> None:
    told = files_told(PAGE)
    assert {"weights", "record.jsonl"} < told
    assert files_told(re.sub(r"\| `weights` \|.*\n", "", PAGE)) == told - {"weights"}
