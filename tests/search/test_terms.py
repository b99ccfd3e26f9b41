"""A run knows what decided its results: another function, other data or another split is refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from archspec.graph.cost import Cost
from search import Engine, Search, Task, Training, at_most, maximize
from search.errors import RunError
from search.files import RunDirectory
from search.identity import of_data, of_function
from search.record.difference import difference
from search.record.writing import Record
from tests.search.tiny import small_space


class Images(Dataset[Any]):
    def __init__(self, brightness: float = 0.0, noise: bool = False) -> None:
        self.brightness, self.noise = brightness, noise

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> Any:
        image = torch.full((1, 6, 6), index + self.brightness)
        return image + (torch.randn(1, 6, 6) if self.noise else 0), index % 2


def first(outputs: Tensor, targets: Tensor) -> float:
    return float(outputs[0, 0])


def accuracy(cost: Cost, scores: Mapping[str, float], power: float = 1.0) -> float:
    return scores["accuracy"] ** power


def make(
    data: Dataset[Any] | None = None,
    seed: int = 0,
    metric: Any = first,
    objective: Any = accuracy,
    limit: Callable[[Cost], float] = lambda cost: cost.params,
    **options: Any,
) -> Search:
    task = Task.from_datasets(data or Images(), seed=seed, metrics={"mine": ("maximize", metric)}, **options)
    return Search(small_space(), task, [maximize("score", objective)], [at_most("size", 1000, limit)])


def other(outputs: Tensor, targets: Tensor) -> float:
    return float(outputs[0, 1])


@pytest.mark.parametrize(
    ("begun", "wanted", "words"),
    [
        (0, 1, "it was 0, and is 1 now"),
        (None, "tpe", "it was not given, and is 'tpe' now"),
        ({"a": 1, "b": {"c": [1, 2]}}, {"a": 1, "b": {"c": [1, 3]}}, r"b\.c\[1\] was 2, and is 3 now"),
        ({"a": 1}, {"a": 1, "b c": 2}, r"\['b c'\] was not given, and is 2 now"),
        ({"a": 1, "b": 2}, {"b": 2}, "a was 1, and is not given now"),
        ([1], [1, 2], r"it was \[1\], and is \[1, 2\] now"),
    ],
)
def test_what_differs_is_said_with_both_values(begun: Any, wanted: Any, words: str) -> None:
    assert re.fullmatch(words, difference(begun, wanted))


def test_a_run_that_cannot_be_resumed_says_which_setting_was_what(tmp_path: Path) -> None:
    task = Task.from_datasets(Images())
    opened(Search(small_space(), task, training=Training(epochs=3)), tmp_path)
    with pytest.raises(RunError, match="with another training: epochs was 3, and is 4 now; use another directory, or"):
        opened(Search(small_space(), task, training=Training(epochs=4)), tmp_path)
    with pytest.raises(RunError, match="with another seed: it was 0, and is 1 now; use another directory, or"):
        opened(Search(small_space(), task, training=Training(epochs=3), seed=1), tmp_path)


CHANGES: dict[str, tuple[Callable[[], Search], str]] = {
    "another metric of the same name": (lambda: make(metric=other), "functions"),
    "another metric written at once": (lambda: make(metric=lambda outputs, targets: 2.0), "functions"),
    "another objective of the same name": (lambda: make(objective=lambda cost, scores: 1.0), "functions"),
    "another argument of an objective": (lambda: make(objective=partial(accuracy, power=2)), "functions"),
    "another limit of the same name": (lambda: make(limit=lambda cost: cost.flops), "functions"),
    "another loss": (lambda: make(loss=torch.nn.MultiMarginLoss()), "functions"),
    "class weights": (lambda: make(class_weights=[1.0, 2.0]), "class weights"),
    "a dataset of other content and equal length": (lambda: make(Images(0.5)), "data"),
    "another seed of what is held out": (lambda: make(seed=1), "data"),
}


def opened(search: Search, directory: Path) -> None:
    with Record(RunDirectory(directory), search._terms()) as record:
        if not record.history.draws:
            Engine(record, search.space, search.objectives, [], trials=1, seed=0).ask()


@pytest.mark.parametrize("name", CHANGES)
def test_what_decides_a_result_cannot_change_unnoticed(name: str, tmp_path: Path) -> None:
    opened(make(), tmp_path)
    opened(make(), tmp_path)
    change, what = CHANGES[name]
    with pytest.raises(RunError, match=f"holds a search with (an)?other {what}"):
        opened(change(), tmp_path)


def test_random_augmentation_is_the_same_data() -> None:
    assert of_data(Images(noise=True)) == of_data(Images(noise=True))
    loader = partial(DataLoader, batch_size=8)
    assert of_data(loader(Images())) == of_data(loader(Images())) != of_data(loader(Images(1.0)))
    with pytest.raises(ValueError, match="example 0 of the data cannot be read: TypeError"):
        of_data(Images("much"))


def test_a_function_is_its_name_its_source_and_what_it_encloses() -> None:
    def made(factor: float) -> Callable[[float], float]:
        return lambda x: factor * x

    assert of_function(made(2.0)) == of_function(made(2.0)) != of_function(made(3.0))
    code = "lambda x: x + {}"
    one, same, two = eval(code.format(1)), eval(code.format(1)), eval(code.format(2))
    assert of_function(one) == of_function(same) != of_function(two)
    assert of_function(torch.nn.HuberLoss(delta=1.0)) != of_function(torch.nn.HuberLoss(delta=2.0))


def test_what_is_done_to_the_examples_decides_a_result(tmp_path: Path) -> None:
    x, y = torch.randn(40, 1, 6, 6).numpy(), torch.arange(40).numpy() % 2

    def over(**options: Any) -> Search:
        return Search(small_space(), Task.from_arrays(x, y, **options))

    opened(over(classes=["a", "b"]), tmp_path)
    with pytest.raises(RunError, match="holds a search with another preparation"):
        opened(over(classes=["b", "a"]), tmp_path)


LIMIT = 3.0


def limited(outputs: Tensor, targets: Tensor) -> float:
    return min(LIMIT, float(outputs[0, 0]))


def test_numbers_that_a_function_reads_from_its_module_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of_function(limited)
    monkeypatch.setitem(limited.__globals__, "LIMIT", 4.0)
    assert of_function(limited) != before


def test_what_a_metric_has_seen_so_far_is_no_part_of_it() -> None:
    class Counting:
        def __init__(self) -> None:
            self.seen = torch.zeros(1)

        def reset(self) -> None:
            self.seen.zero_()

        def __call__(self, outputs: Tensor, targets: Tensor) -> float:
            self.seen += 1
            return 0.0

    metric = Counting()
    before = of_function(metric)
    metric(torch.zeros(1), torch.zeros(1))
    assert of_function(metric) == before


def test_a_function_whose_file_has_been_changed_since_is_known_by_its_code(tmp_path: Path) -> None:
    """What then stands in its place may be no whole Python, which `inspect` does not expect."""
    file = tmp_path / "own.py"
    file.write_text("\n\ndef twice(x):\n    return 2 * x\n")
    made: dict[str, Any] = {}
    exec(compile(file.read_text(), file, "exec"), made)
    file.write_text('\n\n"""Begun, and not ended:\n    x = 2\n')
    try:
        known = of_function(made["twice"])
    except Exception as error:
        pytest.fail(f"it is not known: {error!r}")
    assert known.startswith("twice ")
