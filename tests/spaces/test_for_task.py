"""A space for a task reads rows, columns and outputs as they are."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from archspec import Classifier, Dense, Regressor, lower
from archspec.graph.block import AnyHead
from search import Task
from search.tasks.kinds import Kind
from spaces import images, ready, rotated_images, sequences, volumes
from tests.search.planting import Fault
from tests.spaces.test_spaces import Described


def test_the_sides_of_the_examples_are_in_their_order() -> None:
    wide = images.for_task(Described("classification", (2, 6, 10), 4), groups=("C1",))
    assert (wide.template.input.channels, wide.template.input.grid) == (2, (6, 10))
    deep = volumes.for_task(Described("classification", (1, 4, 6, 8), 4), groups=("C1",))
    assert deep.template.input.grid == (4, 6, 8)


def test_yes_or_no_has_one_output() -> None:
    space = sequences.for_task(Described("binary", (1, 16), 1), groups=("C1",))
    assert space.template.head == Classifier(classes=1)


@pytest.mark.parametrize(
    ("kind", "y", "head"),
    [
        ("regression", np.zeros((20, 16)), Regressor(outputs=16)),
        ("regression", np.zeros((20, 1, 16)), Dense(outputs=1)),
        ("regression", np.zeros((20, 3, 16)), Dense(outputs=3)),
        ("dense", np.arange(320).reshape(20, 16) % 4, Dense(outputs=4)),
        ("classification", np.arange(20) % 4, Classifier(classes=4)),
    ],
)
def test_targets_at_each_position_have_a_head_there(kind: Kind, y: Any, head: AnyHead) -> None:
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(20, 2, 16)), y, kind=kind)
    assert sequences.for_task(task).template.head == head


def test_no_output_of_causal_sequences_sees_a_later_step() -> None:
    space = sequences(2, 32, Dense(outputs=1), causal=True)
    for number in range(12):
        torch.manual_seed(number)
        model = lower(space.sample(random.Random(number))).double().eval()
        x = torch.randn(1, 2, 32, dtype=torch.float64, requires_grad=True)
        model(x)[0, 0, 15].backward()
        assert x.grad is not None
        assert x.grad[0, :, 16:].abs().max() <= 1e-12 * x.grad.abs().max()
        assert not model.architecture.warnings


def test_sequences_that_are_not_causal_fail_that_law(monkeypatch: pytest.MonkeyPatch) -> None:
    Fault(ready.sequences.make, "causal=causal)", "causal=False)", lambda: None).plant(monkeypatch)
    with pytest.raises(AssertionError):
        test_no_output_of_causal_sequences_sees_a_later_step()


def test_groups_of_which_none_acts_on_the_grid_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="of the groups O, T none acts on a grid of 4×6×8; add C1"):
        volumes(1, (4, 6, 8), 3, groups=("O", "T"))


@pytest.mark.parametrize(("ready", "axes"), [(images, 2), (rotated_images, 2), (volumes, 3)])
def test_one_side_is_that_of_a_square_or_of_a_cube(ready: Any, axes: int) -> None:
    assert ready(1, 8, 3).to_json() == ready(1, (8,) * axes, 3).to_json()


def test_a_ready_made_space_says_how_it_is_made() -> None:
    assert repr(volumes).startswith("spaces.volumes(channels: ")


def test_a_space_is_drawn_with_its_holes() -> None:
    space = images(1, (8, 8), 3)
    assert str(space.draw()) == str(space.template.draw())
