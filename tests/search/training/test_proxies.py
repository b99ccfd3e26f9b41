"""Zero-cost proxies are what their papers say, of the network that is trained, which they leave as it was."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from archspec import Activation, Architecture, Classifier, Conv, Dropout, GroupPool, Image, Lift, Norm, Siren, lower
from archspec.lowering import Network
from search import Scored, Training
from search.objectives import Score
from search.outcome import Stopped
from search.training.loop import Loop
from search.training.proxies import (
    FLOOR,
    PROXIES,
    gradient_norm,
    jacobian_covariance,
    proxies_of,
    synflow,
    zen,
)
from search.training.trainer import train
from tests.search.training.watched import ACCURACY, PLAIN, copied, noise

SMALL = Image(channels=1, size=(4, 4))
MIXED = Architecture(
    input=SMALL,
    body=[Lift(group="C4", channels=2, kernel=Siren()), Norm(), Activation(), Dropout(rate=0.5), GroupPool()],
    head=Classifier(classes=2),
)
X, Y = noise().train
WITH, WITHOUT = Training(epochs=3, batch_size=16, proxies=True), Training(epochs=3, batch_size=16)


def chain(*body: Any) -> Network:
    """A network whose layers have no biases, and norms that scale by three."""
    torch.manual_seed(0)
    network = lower(Architecture(input=SMALL, body=list(body), head=Classifier(classes=2)))
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
            elif "norm" in name:
                weight.fill_(3.0)
    return network


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_leaves_everything_as_it_was_and_is_the_same_again(name: str) -> None:
    network = lower(MIXED)
    before, random = copied(network), torch.random.get_rng_state()
    values = [PROXIES[name](network, X, Y, noise().loss) for _ in range(2)]
    assert values[0] == values[1]
    assert network.training
    assert all(module.training for module in network.modules())
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(weight.requires_grad and weight.grad is None for weight in network.parameters())
    assert torch.equal(torch.random.get_rng_state(), random)


def test_proxies_are_of_the_network_that_training_begins_with() -> None:
    random = torch.random.get_rng_state()
    values = [proxies_of(MIXED, noise(), seed) for seed in (5, 5, 6)]
    assert torch.equal(torch.random.get_rng_state(), random)
    assert values[0] == values[1] != values[2]
    assert all(map(math.isfinite, values[0].values()))
    network = Loop(MIXED, noise(), WITHOUT, 5, ACCURACY, 3).model
    x = torch.zeros(1, 1, 4, 4)
    assert synflow(network, x, Y, noise().loss) == values[0]["synflow"]


def test_the_gradient_norm_is_that_of_the_loss_with_the_statistics_of_the_batch() -> None:
    network = lower(PLAIN)
    found = gradient_norm(network, X, Y, noise().loss)
    noise().loss(network.train()(X), Y).backward()
    squares = [float(weight.grad.square().sum()) for weight in network.parameters() if weight.grad is not None]
    assert found == pytest.approx(math.sqrt(sum(squares)))


def test_synflow_of_a_linear_chain_is_its_length_times_the_product_of_its_absolute_weights() -> None:
    one = {"kernel_size": 1}
    network = chain(Conv(channels=3, **one), Norm(), Conv(channels=5, **one))
    flow = torch.ones(1)
    for name, weight in network.named_parameters():
        if "norm" in name and name.endswith("weight"):
            flow = flow * 3
        elif name.endswith("weight"):
            outputs = 2 if "head" in name else 3 if "body_0" in name else 5
            flow = weight.detach().abs().reshape(outputs, -1) @ flow
    assert synflow(network, X, Y, noise().loss) == pytest.approx(4 * float(flow.sum()))


def test_a_kernel_that_is_a_function_counts_as_the_table_of_its_samples() -> None:
    siren, table = chain(Conv(channels=3, kernel=Siren())), chain(Conv(channels=3))
    with torch.no_grad():
        for name, weight in table.named_parameters():
            weight.copy_(siren.get_parameter(name) if "kernel" not in name else siren.get_submodule(name[:-7])())
    found, wanted = (synflow(network, X, Y, noise().loss) for network in (siren, table))
    assert found == pytest.approx(wanted)
    assert found > 0


def test_jacobians_that_are_all_alike_have_one_eigenvalue() -> None:
    found, count = jacobian_covariance(chain(Conv(channels=3)), X, Y, noise().loss), 8  # half of the 16 numbers
    alike = math.log(count + FLOOR) + 1 / (count + FLOOR) + (count - 1) * (math.log(FLOOR) + 1 / FLOOR)
    assert found == pytest.approx(-alike, rel=1e-6)


def test_the_correlations_of_jacobians_know_no_scale_and_no_order() -> None:
    network = chain(Conv(channels=8), Norm(), Activation(), Conv(channels=8), Activation())
    found, turned = (jacobian_covariance(network, x, Y, noise().loss) for x in (X[:8], X[:8].flip(0)))
    with torch.no_grad():
        network.get_parameter("head_classifier.linear.weight").mul_(3)
    assert found == pytest.approx(turned, rel=1e-3)
    assert found == pytest.approx(jacobian_covariance(network, X[:8], Y, noise().loss), rel=1e-3)


@pytest.mark.parametrize("norm", ["batch", "layer", "group"])
def test_each_layer_twice_as_large_adds_log_two_to_zen_whether_a_norm_follows_or_not(norm: Any) -> None:
    network = chain(Conv(channels=4), Norm(type=norm, eps=1e-12), Activation(), Conv(channels=4))
    values = [zen(network, X, Y, noise().loss)]
    for name in ("body_0_conv.kernel.weight", "body_3_conv.kernel.weight", "head_classifier.linear.weight"):
        with torch.no_grad():
            network.get_parameter(name).mul_(2)
        values.append(zen(network, X, Y, noise().loss))
    assert [b - a for a, b in pairwise(values)] == pytest.approx([math.log(2)] * 3, abs=1e-2)


def test_a_proxy_that_cannot_be_computed_is_no_number_and_the_training_goes_on() -> None:
    def stubborn(outputs: Tensor, targets: Tensor) -> Tensor:
        if len(targets) == len(X):
            raise ValueError("no loss of all examples at once")
        return outputs.square().mean()

    task = noise().with_fields(criterion=stubborn, train=(X, Y))
    proxies = proxies_of(PLAIN, task, 0)
    assert [name for name, value in proxies.items() if math.isnan(value)] == ["gradient_norm"]


def outcome(training: Training, directory: Path, **options: Any) -> Scored | Stopped:
    found = train(MIXED, noise(), training, 3, Score("accuracy", True), weights=directory / "w", **options)
    assert isinstance(found, Scored | Stopped)
    return found


def test_training_with_proxies_is_training_without_and_records_them(tmp_path: Path) -> None:
    without = outcome(WITHOUT, tmp_path)
    weights = (tmp_path / "w").read_bytes()
    found = outcome(WITH, tmp_path)
    assert (tmp_path / "w").read_bytes() == weights
    assert asdict(replace(found, seconds=0, proxies={})) == asdict(replace(without, seconds=0))
    assert (without.proxies, found.proxies) == ({}, proxies_of(MIXED, noise(), 3))
    assert outcome(WITH, tmp_path, epochs=1).proxies == found.proxies


def test_a_training_taken_up_again_has_the_proxies_of_its_beginning(tmp_path: Path) -> None:
    whole = outcome(WITH, tmp_path)

    def kill(epoch: int, score: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(WITH, tmp_path, checkpoint=tmp_path / "c", each_epoch=kill)
    epochs: list[int] = []
    again = outcome(WITH, tmp_path, checkpoint=tmp_path / "c", each_epoch=lambda epoch, _: epochs.append(epoch))
    assert epochs == [2, 3]
    assert again.proxies == whole.proxies


def test_whether_proxies_are_recorded_is_said_and_not_searched() -> None:
    assert Training.from_record(WITH.record()).proxies
    assert "proxies" not in WITHOUT.record()
    written: dict[str, Any] = {"proxies": 1}
    with pytest.raises(ValueError, match="proxies is True or False, not 1"):
        Training(**written)
