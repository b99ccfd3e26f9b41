"""Which trainings can have coarse epochs, how that is written down, and what the examples are in them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from archspec import Architecture, Conv, Dense, Image, Magnet, Table
from archspec.lowering import Network
from search import Scored, Search, Task, Training
from search.measures import coarser
from search.training import trainer
from search.training.loop import Loop
from search.training.resolution import Resampled, sampled
from spaces import Space, choice
from tests.search.training.test_coarse import HALF, RISING, network
from tests.search.training.watched import LOSS, noise


def test_examples_sampled_more_coarsely_are_means_over_their_cells_and_keep_nothing_above_the_new_band() -> None:
    x = torch.randn(2, 3, 12, generator=torch.Generator().manual_seed(0))
    assert sampled(x, (12,)) is x
    assert torch.allclose(sampled(x, (6,)), x.reshape(2, 3, 6, 2).mean(-1))
    fastest = torch.tensor([1.0, -1.0]).repeat(6)[None, None]
    assert torch.equal(sampled(fastest, (6,)), torch.zeros(1, 1, 6))
    constant = torch.full((1, 1, 4, 6), 0.5)
    assert torch.equal(sampled(constant, (2, 3)), torch.full((1, 1, 2, 3), 0.5))
    assert torch.equal(sampled(constant, (8, 12)), torch.full((1, 1, 8, 12), 0.5))


def test_a_network_with_answers_for_each_position_answers_on_its_own_grid() -> None:
    conv = Conv(channels=2, kernel_size=3, kernel=Magnet(hidden=4, layers=1))
    architecture = Architecture(input=Image(channels=1, size=(6, 6)), body=[conv], head=Dense(outputs=2))
    x, y = torch.randn(24, 1, 6, 6), torch.randint(0, 2, (24, 6, 6))
    task = Task("maps", "dense", (x, y), (x, y))
    outcome = trainer.train(architecture, task, HALF, 0, LOSS)
    assert isinstance(outcome, Scored)
    model = trainer.Loop(architecture, task, HALF, 0, LOSS, 4).model
    assert Resampled(model.at_resolution(3, 3), (6, 6))(x).shape == (24, 2, 6, 6)


@pytest.mark.parametrize(
    "coarse", [{1: 0.5}, {2: 1.0}, {2: -0.1}, {2: 0.5, 4: 0.5}, {2: math.nan}, {2.5: 0.2}, 0.5, {"two": 0.1}]
)
def test_coarse_epochs_leave_some_at_the_full_rate(coarse: Any) -> None:
    with pytest.raises(ValueError, match=r"coarse has whole factors of 2 or more .* as in \{2: 0.5\}, not"):
        Training(coarse=coarse)


def test_coarse_epochs_are_recorded_and_read_again() -> None:
    again = Training.from_record(json.loads(json.dumps(RISING.record())))
    assert again == RISING
    assert list(again.coarse) == [4, 2]
    assert [again.factor(epoch) for epoch in range(6)] == [4, 4, 2, 2, 1, 1]
    options: dict[str, Any] = {"coarse": choice(1, 2)}
    with pytest.raises(ValueError, match="coarse cannot be open"):
        Training(**options)


def test_a_search_whose_networks_cannot_be_sampled_more_coarsely_is_refused() -> None:
    half = Training(epochs=2, coarse={2: 0.5})
    kernels = {"tables": (Table(), 16, "a table has weights at its own taps only"), "odd": (Magnet(), 15, "15 points")}
    for kernel, length, reason in kernels.values():
        with pytest.raises(
            ValueError, match=f"coarse: no architecture .* 2 times more coarsely .*{reason}.*leave coarse"
        ):
            Search(Space(network(kernel, length)), noise(1, length), training=half)
        with pytest.raises(ValueError, match=reason):
            coarser(network(kernel, length), 2)
    mixed = Space(network(choice(Table(), Magnet(), name="kernel")))
    assert Search(mixed, noise(1, 16), training=half).training is half
    assert isinstance(Loop(network(length=15), noise(1, 15), half, 0, LOSS, 2).model, Network)
