"""A certificate says what is exact, what is approximate, and where a symmetry is lost."""

from __future__ import annotations

import json

import pytest
import torch

from archspec import (
    Activation,
    Classifier,
    Conv,
    Disc,
    Group,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Partial,
    Pool,
    Scales,
    Series,
    Siren,
    lower,
)
from archspec.symmetry.certificate import Certificate
from archspec.symmetry.certifying import certify, settle
from archspec.symmetry.signals import smooth_noise
from tests.examples import APPROXIMATE, EXAMPLES, SYMMETRIC, network, on
from tests.laws.equivariance import BROKEN, EXACT, deviations, settled


@pytest.mark.parametrize("name", APPROXIMATE)
def test_eighth_turns_are_approximate_and_their_error_is_stated(name: str) -> None:
    architecture = APPROXIMATE[name]
    model = settled(architecture)
    certificate = certify(model, "C8")
    assert certificate.verdict != "exact"
    assert 1e-4 < max(certificate.features) < 0.6
    # Quarter turns are exact; which of the elements are not is seen one by one.
    assert max(certificate.features[::2]) < EXACT
    assert min(certificate.features[1::2]) > 1e-4
    assert architecture.warnings
    assert max(deviations(model, architecture, Group("C4")).values()) < EXACT


def test_a_continuous_kernel_turns_better_than_a_table() -> None:
    table, siren = (max(certify(settled(APPROXIMATE[name]), "C8").features) for name in ("C8 table", "C8 siren"))
    assert siren < 0.1 < table


def test_a_plain_network_is_certified_broken() -> None:
    architecture = on("C1", Conv(channels=4), Norm())
    certificate = certify(settled(architecture), "C4")
    assert certificate.verdict == "broken"
    assert certificate.breaks == "body[0]"


def test_a_group_that_gives_up_its_symmetry_is_certified_broken_at_the_output() -> None:
    architecture = SYMMETRIC["D4 to C4 to C1"]
    certificate = certify(settled(architecture), "D4")
    assert max(certificate.output) > BROKEN
    assert certificate.breaks == "body[2]"  # restricted to C4
    assert certify(settled(architecture), "C4").breaks == "body[5]"  # restricted to C1


def test_a_group_the_network_has_not_is_lost_where_it_is_lifted() -> None:
    certificate = certify(settled(on("C4", Norm(), _conv())), "D4")
    assert certificate.verdict == "broken"
    assert not certificate.held
    assert certificate.breaks == "body[0]"


def test_a_group_given_up_by_depth_is_lost_where_it_is_restricted() -> None:
    model = settled(EXAMPLES["D8 to D4 to C1"])
    assert certify(model, "D8").breaks == certify(model, "C8").breaks == "body[2]"
    assert certify(model, "D4").breaks == "body[5]"


def test_what_is_kept_in_part_is_lost_there() -> None:
    model = settled(on("C4", Norm(), Partial(), _conv(), Norm()))
    _of(model, "body_2_partial").logits.data.fill_(-1.0)
    certificate = certify(model)
    assert (certificate.verdict, certificate.breaks) == ("broken", "body[2]")


def _of(model: torch.nn.Module, name: str) -> torch.nn.Module:
    return model.get_submodule(name)


def _conv() -> Conv:
    return Conv(channels=2)


def test_a_broken_layer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = settled(on("C4", Norm(), _conv(), Norm(), Activation(), _conv()))
    _of(model, "body_2_conv").expanded_bias = lambda: torch.arange(8, dtype=torch.float64)
    certificate = certify(model)
    assert (certificate.verdict, certificate.breaks) == ("broken", "body[2]")


def test_given_examples_are_moved_too() -> None:
    x = smooth_noise((3, 2, 9, 9), seed=0)
    assert certify(settled(on("C4", _conv())), examples=x).verdict == "exact"
    assert certify(settled(on("C1", _conv())), "C4", examples=x).verdict == "broken"


def test_a_certificate_is_data() -> None:
    certificate = certify(settled(on("C4", _conv())), "D4")
    again = Certificate.from_data(json.loads(json.dumps(certificate.to_data())))
    assert (again.group, again.verdict, again.breaks, again.held) == (
        certificate.group,
        certificate.verdict,
        certificate.breaks,
        certificate.held,
    )
    assert again.output == pytest.approx(certificate.output, rel=1e-3)


SLOW = pytest.mark.slow


@pytest.mark.thorough
@pytest.mark.parametrize("group", ["C8", pytest.param("C12", marks=SLOW), pytest.param("C16", marks=SLOW)])
@pytest.mark.parametrize("kernel", [Siren(), pytest.param(Magnet(), marks=SLOW)], ids=["siren", "magnet"])
def test_three_layers_at_kernel_7_turn_under_any_angle_and_a_quarter_group_does_not(
    group: str, kernel: Siren | Magnet
) -> None:
    """Measured on feature maps: an invariant answer cannot tell them apart at the start."""

    def measured(lifted: str, seed: int) -> Certificate:
        fields = {"channels": 8, "kernel_size": 7, "kernel": kernel, "window": Disc()}
        body = [Norm(), Activation(), Conv(**fields), Norm(), Activation(), Conv(**fields)]
        torch.manual_seed(seed)
        model = lower(on(lifted, *body, input=Image(channels=2, size=(33, 33)), **fields)).double()
        settle(model, seed)
        return certify(model, group, seed=seed)

    full, quarter = ([measured(g, seed) for seed in range(3)] for g in (group, "C4"))
    assert all(max(c.features) < 0.04 and c.verdict == "approximate" for c in full)
    assert sum(max(c.features) for c in quarter) / 3 > 0.06
    assert all(c.verdict == "broken" for c in quarter)


def test_scales_are_certified_where_they_are_and_their_ends_are_seen() -> None:
    fields = {"channels": 2, "kernel_size": 5, "scales": Scales(smooth=False, span=1)}
    body = [Norm(), Activation(), Conv(**fields)]
    head = Classifier(classes=3, pool="max")
    line = Series(channels=2, length=512)
    model = settled(network(line, Lift(group="S3", **fields), *body, GroupPool(), head=head))
    certificate = certify(model)
    assert len(certificate.features) == 3
    assert certificate.held
    # Before the scales are pooled it is exact; a maximum over scales that end is not.
    assert max(certificate.features) < 1e-10
    assert all(1e-4 < e < 1 for e in (certify(model, "S2").output[1], certificate.output[2]))


@pytest.mark.parametrize("size", [60, 62, 64, 65, 67])
def test_strides_keep_the_point_about_which_scales_stretch(size: int) -> None:
    fields = {"channels": 2, "kernel_size": 3, "scales": Scales(smooth=False, span=1)}
    line = Series(channels=2, length=size)
    body = [Pool(size=1, stride=2), Norm(), Activation(), Pool(size=1, stride=2), GroupPool()]
    assert max(certify(settled(network(line, Lift(group="S2", **fields), *body))).features) < 1e-10


def test_scales_that_are_left_out_are_not_given_up() -> None:
    fields = {"channels": 2, "kernel_size": 3, "scales": Scales(smooth=False, span=2, crop=True)}
    image = Image(channels=2, size=(64, 64))
    model = settled(network(image, Lift(group="C4xS3", **fields), Conv(**fields), GroupPool()))
    certificate = certify(model)
    assert certificate.held
    assert max(certificate.features) < 1e-10
    assert certify(model, "C4").verdict == "exact"


def test_a_certificate_needs_a_group_that_acts() -> None:
    with pytest.raises(ValueError, match="O does not act on 2 axes"):
        certify(settled(on("C4")), "O")
