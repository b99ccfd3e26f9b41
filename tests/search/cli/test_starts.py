"""What a command loads before it answers: who asks for a price or a front does not wait for torch."""

from __future__ import annotations

from pathlib import Path

from archspec import Norm
from tests.examples import LINE, network
from tests.laws.process import run
from tests.search.made_up import told


def heavy(code: str) -> str:
    """Which of the libraries that take long to import are loaded after some code, in a process of its own."""
    return run(
        "-c", f"{code}\nimport sys; print(sorted({{'torch', 'optuna', 'ray'}} & set(sys.modules)))"
    ).splitlines()[-1]


def test_prices_and_runs_are_told_without_torch(tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text(network(LINE, Norm()).to_json())
    told(tmp_path / "run", [({"accuracy": 0.5}, 1_000), ({"accuracy": 0.7}, 2_000)])
    reading = [[command, str(tmp_path / "run")] for command in ("front", "status", "report")]
    specs = [[command, str(tmp_path / "network.json")] for command in ("cost", "draw")]
    for command in (*specs, *reading):
        assert heavy(f"from search.cli.main import main\nmain({command})") == "[]"
    assert heavy("from search import Result, Training, Trial\nimport search.training, search.engine") == "[]"
    assert heavy("from search.training import train") == "['torch']"
