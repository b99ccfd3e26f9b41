"""Training in which sizes are learned: it keeps its budget, gets cheaper, and goes on after a kill as if none was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from archspec import Activation, Architecture, Classifier, Conv, Image, Norm, Table, price
from archspec.transfer import inherit
from search import Training
from search.masks import carrying as module
from search.masks.carrying import carried
from search.masks.learnable import Learnable, learnable
from search.masks.learning import Learning, SizeLoop, begun
from search.masks.settling import NEAR
from search.masks.training import Asked, train_sizes
from search.objectives import goal_of, parse_objective
from search.outcome import Scored
from search.training.weights import load_network
from spaces import Space, integer
from tests.search.masks.spaces import flops, space
from tests.search.tiny import bars

TASK = bars(64, size=12)
SPACE = space(Image(channels=1, size=(12, 12)), "C4", step=1, kernel=Table(), factorisation="group_separable")
VALUES = {"width": 8, "depth": 2, "size": 3}
GOAL = goal_of([parse_objective("maximize accuracy")], TASK.kind)
TRAINING = Training(epochs=6, batch_size=32, patience=None)
BUDGET = 2e6


def sized() -> Learnable:
    """What is learned."""
    return learnable(SPACE, VALUES, flops)


def loop(budget: float, sizes: list[float] | None = None, epochs: int = 6, **options: Any) -> SizeLoop:
    training = Training(epochs=epochs, batch_size=32, patience=None)
    return SizeLoop(sized(), Learning(budget, **({"share": 0.5} | options)), TASK, training, 0, GOAL, sizes)


def ran(found: SizeLoop, epochs: int | None = None) -> SizeLoop:
    for _ in range(found.epochs - found.done if epochs is None else epochs):
        assert found.epoch(lambda: None) is None
    return found


@pytest.mark.parametrize("share", [0.3, 1.0, 3.0])
def test_the_price_comes_to_the_budget_from_wherever_it_begins(share: float) -> None:
    """From 0.3 to 3 times the budget; the extracted network within 2 % of it."""
    known, budget = sized(), BUDGET
    found = ran(loop(budget, begun(known, share * budget), epochs=12, rate=0.1))
    network = found.settle()
    assert abs(float(found.model.cost().detach()) / budget - 1) < NEAR
    assert abs(price(network.architecture).flops / budget - 1) < NEAR


def test_a_price_without_a_penalty_stays_where_it_is() -> None:
    """Planted fault: no penalty, so that nothing leads to the budget."""
    known, budget = sized(), BUDGET
    found = ran(loop(budget, begun(known, 3 * budget), epochs=12, rate=0.1, strength=0.0))
    assert float(found.model.cost().detach()) / budget > 1.5


def test_a_size_that_is_the_only_one_follows_the_price() -> None:
    """Nothing is along sizes of equal price then."""
    body = [Conv(channels=integer("width", 4, 24), kernel_size=3), Norm(), Activation()]
    where = Space(Architecture(input=Image(channels=1, size=(12, 12)), body=body, head=Classifier(classes=2)))
    known = learnable(where, {"width": 4}, flops)
    low, high = (known.fillings.at([width]).price for width in (4, 24))
    found = ran(
        SizeLoop(known, Learning(high, share=0.5, rate=0.1), TASK, replace(TRAINING, epochs=40), 0, GOAL, [4.0])
    )
    assert float(found.model.cost().detach()) > 0.5 * (low + high)


def test_steps_get_cheaper_as_the_network_shrinks() -> None:
    """By the price of the network that is computed, masks and all."""
    known, budget = sized(), BUDGET
    found = loop(budget, begun(known, 3 * budget), epochs=12, rate=0.1)
    before = found.model.network.cost().flops
    after = ran(found).model.network.cost().flops
    assert after < 0.7 * before


def test_moments_stay_with_their_weights() -> None:
    """Those of the channels that are left, exactly; those of new ones are zero."""
    found = ran(loop(BUDGET), 1)
    before, model = found.model.network, found.model
    moments = {
        name: found.optimizer.state[p]["exp_avg"] for name, p in before.named_parameters() if p in found.optimizer.state
    }
    model.set_sizes(
        [4.0 if size.name == "width" else float(now) for size, now in zip(model.fillings.sizes, model.at, strict=True)]
    )
    assert model.fit(1.0)
    carried_on = carried(found.optimizer, before, model.network, found._optimizer())
    for name, parameter in model.network.named_parameters():
        if name.endswith("norm.weight"):
            assert torch.equal(carried_on.state[parameter]["exp_avg"], moments[name][:4]), name
            assert bool((carried_on.state[parameter]["exp_avg_sq"] >= 0).all())


def test_moments_that_are_left_behind_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: nothing is inherited."""
    monkeypatch.setattr(module, "inherit", lambda network, parent: 0.0)
    with pytest.raises(AssertionError):
        test_moments_stay_with_their_weights()
    assert module.inherit is not inherit


def state(found: SizeLoop) -> tuple[Any, ...]:
    weights = {name: value.tolist() for name, value in found.model.state_dict().items()}
    return found.done, found.sizes, found.history, found.model.at, weights


def test_a_training_that_was_killed_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """After an epoch after which the network was built anew."""
    known, file = sized(), tmp_path / "state.pt"
    whole = ran(loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1))
    killed = ran(loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1), 2)
    killed.save(file, {"of": 1})
    other = loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1)
    assert not other.restore(file, {"of": 2}), "the state of another training"
    assert other.restore(file, {"of": 1})
    assert state(ran(other)) == state(whole)


def test_a_state_without_its_moments_is_seen(tmp_path: Path) -> None:
    """Planted fault: the optimizer begins anew."""
    known, file = sized(), tmp_path / "state.pt"
    whole = ran(loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1))
    killed = ran(loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1), 2)
    killed.save(file, {})
    other = loop(BUDGET, begun(known, 3 * BUDGET), rate=0.1)
    assert other.restore(file, {})
    other.optimizer = other._optimizer()
    assert state(ran(other)) != state(whole)


@pytest.mark.parametrize("content", [b"", b"\x80" * 5_000, b"{}"])
def test_a_damaged_state_is_left_aside(tmp_path: Path, content: bytes) -> None:
    """The training begins anew."""
    file = tmp_path / "state.pt"
    file.write_bytes(content)
    assert not loop(BUDGET).restore(file, {})


def test_a_candidate_ends_as_an_ordinary_network_of_whole_sizes(tmp_path: Path) -> None:
    """Its weights are those of the architecture that its outcome names; epochs and curve are those of both parts."""
    sizes = dict(zip(("width", "depth", "size"), begun(sized(), BUDGET), strict=True))
    told: list[int] = []
    outcome = train_sizes(
        Asked("flops", sizes, Learning(BUDGET, share=0.5)),
        SPACE,
        VALUES,
        TASK,
        TRAINING,
        0,
        GOAL,
        weights=tmp_path / "w.safetensors",
        each_epoch=lambda epoch, *more: told.append(epoch),
    )
    assert isinstance(outcome, Scored)
    assert told == list(range(1, 7))
    assert outcome.epochs == len(outcome.curve) == 6
    assert outcome.architecture is not None
    assert outcome.cost is not None
    architecture = Architecture.from_data(outcome.architecture)
    load_network(architecture, tmp_path / "w.safetensors")
    assert outcome.cost == price(architecture)
    assert SPACE.values_of(architecture), "a filling of the space"
    assert {name: len(values) for name, values in outcome.sizes.items()} == {"width": 3, "depth": 3, "size": 3}
