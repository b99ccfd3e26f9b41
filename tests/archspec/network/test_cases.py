"""Small inputs that once gave the wrong answer without a word, each with the right one.

The laws of their kinds: `test_state`, `test_borders`, `test_devices`, `test_precision`, `test_exporting`,
`test_targets`, `test_agreement`, `test_depth`, and the tests of what was published.
"""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils import prune

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    FrameAverage,
    Gaussian,
    GroupPool,
    Image,
    Kernel,
    Lift,
    Magnet,
    Network,
    Norm,
    Residual,
    SelfAttention,
    SelfAttentionLift,
    Series,
    SignalError,
    Siren,
    Table,
    freeze,
    lower,
    price,
)
from archspec.symmetry.certifying import certify
from tests.examples import built, fresh, network, noise, on
from tests.laws.numbers import difference


def seeded_network(architecture: Architecture, seed: int = 0) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return lower(architecture)


@pytest.mark.parametrize("group", ["S2", "C4xS2"])
def test_frozen_after_a_write_that_no_counter_sees(group: str) -> None:
    architecture = on(group, Conv(channels=2), input=Image(channels=1, size=(9, 9)))
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        model(x)
        for parameter in model.parameters():
            parameter.data.mul_(1.5)
        assert difference(freeze(model)(x), model(x)) < 1e-10
        assert torch.equal(model(x), fresh(model)(x))


def test_a_pruned_table_is_pruned_in_evaluation() -> None:
    model = built(on("C4", Conv(channels=4), input=Image(channels=1, size=(8, 8)))).eval()
    x = noise(model.architecture)
    with torch.no_grad():
        before = model(x)
        prune.l1_unstructured(model.get_submodule("body_1_conv").kernel, "weight", 0.9)
        assert not torch.equal(model(x), before)
        kernels = model.get_submodule("body_1_conv").sample()
        assert (kernels == 0).double().mean() == pytest.approx(0.9, abs=0.01)


def test_a_window_that_has_grown_moves_with_its_state() -> None:
    conv = Conv(channels=4, kernel_size=21, kernel=Siren(hidden=8), window=Gaussian(sigma=0.12))
    architecture = Architecture(input=Image(channels=1, size=(24, 24)), body=[conv], head=Classifier(classes=2))
    model = seeded_network(architecture)
    began = model.get_submodule("body_0_conv").taps
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-2)
    x = torch.randn(4, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    for step in range(60):
        optimiser.zero_grad()
        (model(x).square().mean() - model.get_parameter("body_0_conv.window.log_width").sum()).backward()
        optimiser.step()
        if step == 40:
            model.fit()
    model.eval()
    other = seeded_network(architecture, seed=1).eval()
    other.load_state_dict(model.state_dict())
    assert other.get_submodule("body_0_conv").taps == model.get_submodule("body_0_conv").taps > began
    assert other.cost() == model.cost()
    with torch.no_grad():
        assert torch.equal(other(x), model(x))


def test_cells_that_are_not_square_cannot_be_turned() -> None:
    body = [Lift(group="C4", channels=2, kernel=Siren()), GroupPool()]
    oblong = Architecture(
        input=Image(channels=2, size=(9, 9)), reference=(12, 6), body=body, head=Classifier(classes=2)
    )
    with pytest.raises(SignalError, match="square"):
        _ = oblong.graph


def test_an_average_stands_in_a_residual_and_is_certified_by_its_own_group() -> None:
    average = FrameAverage(group="D4", body=[Conv(channels=2)])
    architecture = network(Image(channels=2, size=(9, 9)), Residual(body=[average]))
    model = built(architecture).eval()
    certificate = certify(model)
    assert str(certificate.group) == "D4"
    assert certificate.verdict == "exact"


def test_the_scores_of_attention_are_activations() -> None:
    whole = network(Image(channels=1, size=(64, 64)), SelfAttention(channels=8))
    assert price(whole).activations > 2 * 4096**2


def test_two_taps_lie_at_both_ends() -> None:
    architecture = network(Series(channels=1, length=8), Conv(channels=1, kernel_size=2, kernel=Siren(), causal=True))
    points = built(architecture).get_submodule("body_0_conv").kernel.points
    assert points.flatten().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("group", ["C8", "C12", "D8"])
def test_a_square_window_of_attention_can_be_said_on_any_group(group: str) -> None:
    lift = SelfAttentionLift(group=group, channels=2, window=3, shape="square")
    architecture = network(Image(channels=1, size=(7, 7)), lift, GroupPool())
    assert any("square" in warning for warning in architecture.warnings)
    assert built(architecture).eval()(noise(architecture)).shape == (2, 3)


DEPTHS = [(Siren(), False, 4), (Magnet(), False, 4), (Siren(), True, 6), (Table(), True, 10)]


@pytest.mark.parametrize(("kernel", "activated", "layers"), DEPTHS)
def test_depth_without_norms_is_warned_of_from_the_layer_that_the_docs_name(
    kernel: Kernel, activated: bool, layers: int
) -> None:
    layer = [Conv(channels=4, kernel_size=7, kernel=kernel), *[Activation()] * activated]
    first = [depth for depth in range(1, 12) if network(Image(channels=1, size=(9, 9)), *layer * depth).warnings]
    assert first[:1] == [layers]
    assert not network(Image(channels=1, size=(9, 9)), *[*layer, Norm()] * 11).warnings
