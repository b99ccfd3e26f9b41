"""Tasks by name, and tasks of one's own class."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from search import Search, Training, digits
from search.cli.main import main
from search.objectives import Score
from search.outcome import Scored
from search.tasks.named import TASKS, AnyTask
from search.tasks.task import Batch
from search.training.trainer import train
from spaces import Space, images
from tests.search.tiny import bars, small_space


class Ours:
    """A task that is no `Task`: it has what is asked of one, and nothing else."""

    name, kind, fingerprint, test = "ours", "classification", "1", None

    def __init__(self) -> None:
        self.data = bars()

    @property
    def train(self) -> list[Batch]:
        x, y = self.data.train
        return [(x[:64], y[:64])]

    @property
    def validation(self) -> list[Batch]:
        return self.train

    def without_test(self) -> Ours:
        return self

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        return self.data.loss(outputs, targets, label_smoothing)

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"hits": float((outputs.argmax(1) == targets).sum())}


def test_a_search_names_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    space = images(1, (8, 8), 10)
    assert Search(space, "digits").task.fingerprint == digits().fingerprint
    with pytest.raises(ValueError, match="there is no task 'faces'; use one of"):
        Search(space, "faces")
    monkeypatch.setattr(TASKS, "known", dict(TASKS.known))
    TASKS.add("ours", Ours)
    assert Search(small_space(), "ours", ["maximize hits"]).task.name == "ours"


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"adding_problem", "copy_memory"}))
def test_every_named_task_is_one(name: str) -> None:
    task: AnyTask = TASKS[name]()
    assert task.kind in ("classification", "regression")
    assert task.test is not None
    assert task.without_test().test is None


def test_a_task_of_ones_own_class_is_trained_on() -> None:
    architecture = next(small_space().enumerate())
    outcome = train(architecture, Ours(), Training(epochs=2), 0, Score("hits", True))
    assert isinstance(outcome, Scored)
    assert set(outcome.scores) == {"hits"}
    assert outcome.curve[-1] <= outcome.scores["hits"] == max(outcome.curve)


@pytest.mark.parametrize(
    ("holes", "arguments", "message"),
    [
        (True, [], "is a space; name the task to search it on: --task with one of"),
        (True, ["--task", "faces"], "there is no task 'faces'; name the task to search it on"),
        (False, ["--task", "digits"], "is an architecture without holes; there is nothing to search"),
    ],
)
def test_the_command_says_what_it_needs(
    tmp_path: Path, holes: bool, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    space: Space = small_space()
    text = space.to_json() if holes else next(space.enumerate()).to_json()
    (tmp_path / "space.json").write_text(text)
    assert main(["search", str(tmp_path / "space.json"), *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_python_file_says_itself_on_what_it_searches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n")
    assert main(["search", str(tmp_path / "mine.py"), "--task", "digits"]) == 1
    assert "leave --task out" in capsys.readouterr().err
