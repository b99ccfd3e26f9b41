"""Each of what decides a result is a term of the run, and no other term changes with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from search import Search, Task, Training, maximize
from search.identity import of_array, of_data, of_function
from spaces import Space
from tests.search.tiny import bars, small_space

TASK = bars()
LOSS = torch.nn.CrossEntropyLoss()


def with_pixel(part: str) -> Task:
    x, y = getattr(TASK, part)
    changed = x.clone()
    changed[-1, 0, 0, 0] += 1
    return TASK.with_fields(**{part: (changed, y)})


def metric(direction: Any) -> Task:
    return TASK.with_fields(metrics={"mine": (direction, len)})


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "space": ({}, {"space": Space(small_space().default)}, {"space"}),
    "seed": ({}, {"seed": 1}, {"seed"}),
    "target": ({}, {"target": "onnx"}, {"target"}),
    "strategy": ({}, {"strategy": "random"}, {"strategy"}),
    "limit": ({"constraints": ["params <= 1k"]}, {"constraints": ["params <= 2k"]}, {"constraints"}),
    "price": ({}, {"objectives": ["maximize accuracy", "minimize params"]}, {"objectives"}),
    "goal": ({}, {"objectives": ["minimize loss", "minimize flops"]}, {"objectives", "goals"}),
    "training": ({}, {"training": Training(epochs=3)}, {"training"}),
    "kind of weights": ({}, {"task": TASK.with_fields(class_weights=[1.0, 2.0])}, {"class weights"}),
    "size of weights": (
        {"task": TASK.with_fields(class_weights=[1.0, 3.0])},
        {"task": TASK.with_fields(class_weights=[1.0, 2.0])},
        {"class weights"},
    ),
    "loss": ({}, {"task": TASK.with_fields(criterion=LOSS)}, {"functions"}),
    "direction": ({"task": metric("maximize")}, {"task": metric("minimize")}, {"directions"}),
    "last pixel of validation": ({}, {"task": with_pixel("validation")}, {"task", "data"}),
}


def terms(space: Space | None = None, task: Task = TASK, objectives: Any = None, **options: Any) -> dict[str, object]:
    return Search(space or small_space(), task, objectives, **options)._terms()


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_a_term_and_nothing_else_is(name: str) -> None:
    before, after, wanted = CHANGES[name]
    old, new = terms(**before), terms(**after)
    assert {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)} == wanted


def test_the_measure_of_an_objective_is_a_term() -> None:
    one, two = (
        terms(objectives=["maximize accuracy", maximize("worth", partial(lambda power, cost, scores: power, power))])
        for power in (1, 2)
    )
    assert {key for key in one if one[key] != two[key]} == {"functions"}


class Numbers(Dataset[tuple[float, int]]):
    """Examples of which one is another."""

    def __init__(self, count: int, odd: int | None = None) -> None:
        self.count, self.odd = count, odd

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[float, int]:
        return (0.5 if index == self.odd else 0.0), 0


def test_every_example_of_few_counts_and_of_many_the_first_and_the_last() -> None:
    few, many = of_data(Numbers(20)), of_data(Numbers(1_000))
    assert len({few, *(of_data(Numbers(20, odd)) for odd in range(20))}) == 21
    assert len({many, of_data(Numbers(1_000, 0)), of_data(Numbers(1_000, 999)), of_data(Numbers(1_001))}) == 4


def test_arrays_are_told_apart_by_shape_and_by_content() -> None:
    assert len({of_array(torch.zeros(2, 3)), of_array(torch.zeros(3, 2)), of_array(torch.ones(2, 3))}) == 3


def test_of_a_function_its_source_and_its_arguments_count() -> None:
    def power(x: float, by: float = 1.0) -> float:
        return x**by

    def of_the_same_name(name: str) -> Callable[..., float]:
        def power(x: float, by: float = 1.0) -> float:
            return x ** (2 * by)

        power.__qualname__ = name
        return power

    assert (
        len(
            {
                of_function(of_the_same_name(power.__qualname__)),
                of_function(power),
                *(of_function(partial(power, by=by)) for by in (2, 3)),
            }
        )
        == 4
    )
    assert of_function(partial(power, 2)) != of_function(partial(power, 3))
