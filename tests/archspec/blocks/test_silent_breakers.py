"""Twenty ways to break a symmetry without a sign: none passes unnoticed here.

Each is refused or warned of by type, with the path of its node, or it is a mutant that the laws catch (named here), or
there is no way to write it.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from archspec import (
    Activation,
    Architecture,
    Attention,
    Classifier,
    Conv,
    Dense,
    Disc,
    Group,
    GroupPool,
    Image,
    Lift,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Residual,
    Restrict,
    Scales,
    SelfAttention,
    SignalError,
    Siren,
    freeze,
)
from archspec.geometry.families import MAX_ROTATIONS
from archspec.graph.block import BLOCKS
from archspec.symmetry.certifying import certify
from archspec.symmetry.signals import Waves
from tests.archspec.blocks import test_mutants, test_scales
from tests.archspec.network import test_offsets
from tests.examples import LINE, SQUARE, WIDE, network, on
from tests.laws.equivariance import settled

EVEN = Image(channels=2, size=(10, 10))
DISC = {"kernel_size": 7, "window": Disc(), "kernel": Siren()}

LAST = on("D1", input=LINE).model_copy(update={"head": Classifier(classes=2, pool="last")})
POOLED = network(SQUARE, Lift(group="C4", channels=2), GroupPool(), Conv(channels=2))
CAUSAL = on("D1", Conv(channels=2, causal=True), input=LINE)

REFUSED: dict[str, tuple[Architecture, str, str]] = {
    "1 a stride off centre": (on("C4", Conv(channels=2, stride=2), input=EVEN), "body[1].stride", "off its centre"),
    "1 a pool off centre": (on("C4", Pool(size=2)), "body[1].stride", "off its centre"),
    "2 an even kernel, same": (on("C4", Conv(channels=2, kernel_size=4)), "body[1].kernel_size", "no centre"),
    "3 quarter turns of an oblong": (on("C4", input=WIDE), "body[0]", "equal axes"),
    "4 statistics per element": (on("C4", Norm(statistics="per_element")), "body[1].statistics", "shared"),
    "4 a bias per element": (on("C4", Conv(channels=2, bias="per_element")), "body[1].bias", "bias=True"),
    "5 a head on a group": (network(SQUARE, Lift(group="C4", channels=2)), "head", "GroupPool()"),
    "5 the last step under reversal": (
        on("D1", input=LINE).model_copy(update={"head": Classifier(classes=2, pool="last")}),
        "head.pool",
        "'mean' or 'max'",
    ),
    "13 more scales than fit": (on("S7", input=LINE), "body[0].kernel_size", "fewer scales"),
    "15 corners of a square kernel": (
        on("C8", kernel_size=7, kernel=Siren(), input=EVEN),
        "body[0].window",
        "window=Disc()",
    ),
    "15 kernels too small to turn": (on("C8", kernel_size=3, window=Disc()), "body[0].kernel_size", "at least 5"),
    "16 a sum of other sampled sets": (on("C4", Residual(body=[Norm(), Partial()])), "body[1].sum", "put Partial()"),
    "16 a sum of other groups": (on("D4", Residual(body=[Restrict(group="C4")])), "body[1]", "out of the residual"),
    "17 a layer after the axis is pooled": (POOLED, "body[2]", "before GroupPool()"),
    "a causal kernel under reversal": (
        on("D1", Conv(channels=2, causal=True), input=LINE),
        "body[1].causal",
        "causal=False",
    ),
    "a group that is not one of these": (on("C4", Restrict(group="D2")), "body[1].group", "not a subgroup"),
    "lifted twice": (on("C4", Lift(group="D4", channels=2)), "body[1]", "use Conv()"),
}

WARNED: dict[str, tuple[Architecture, str]] = {
    "8 an angle that wraps around": (
        on("C8", **{**DISC, "kernel": Siren(angle="interval")}, input=EVEN),
        "body[0] (lift): an angle on an interval",
    ),
    "10 turns off the grid": (on("C8", **DISC, input=EVEN), "body[0] (lift): turns of C8"),
    "13 scales that end": (
        on("S3", Conv(channels=2), input=LINE),
        "body[1] (conv): kernels at the last 2 scales of S3",
    ),
    "14 a table interpolated": (
        on("C8", **{**DISC, "kernel": {"kind": "table"}}, input=EVEN),
        "a table is interpolated",
    ),
    "a frequency that aliases": (
        on("C8", **{**DISC, "kernel": Siren(omega_0=20.0)}, input=EVEN),
        "frequency 20 aliases under turns of C8",
    ),
    "a plain convolution before the lift": (
        network(SQUARE, Conv(channels=2), Norm(), Lift(group="C4", channels=2), GroupPool()),
        "body[2] (lift): body[0] before it looks in one direction",
    ),
    "attention under no group before the lift": (
        network(SQUARE, Attention(kernel_size=3), Lift(group="C4", channels=2), GroupPool()),
        "body[1] (lift): body[0]",
    ),
    "the published relation": (
        on("C4", SelfAttention(channels=4, window=3, relative="published")),
        "relative='published' breaks C4",
    ),
}

MUTANTS = {
    "4 statistics": test_mutants.statistics_per_element,
    "4 affine": test_mutants.affine_per_element,
    "4 bias": test_mutants.bias_per_element,
    "6 axes mixed up": test_mutants.group_axis_mixed_with_channels,
    "6 axes swapped": test_mutants.kernel_not_turned,
    "7 the sign of the turn": test_mutants.wrong_turning_direction,
    "7 the table transposed": test_mutants.product_for_relative,
    "1 a stride": test_mutants.stride_off_centre,
    "1 a pool": test_mutants.pooling_off_centre,
    "2 padding": test_mutants.padding_on_one_side,
    "16 cosets": test_mutants.left_cosets_for_right,
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_place_and_a_remedy(name: str) -> None:
    architecture, place, remedy = REFUSED[name]
    with pytest.raises(SignalError) as caught:
        _ = architecture.graph
    assert str(caught.value).startswith(place), str(caught.value)
    assert remedy in str(caught.value), str(caught.value)


@pytest.mark.parametrize("name", WARNED)
def test_it_is_warned_of_with_its_place(name: str) -> None:
    architecture, words = WARNED[name]
    assert any(words in warning for warning in architecture.warnings), architecture.warnings


@pytest.mark.parametrize("name", MUTANTS)
def test_it_is_a_mutant_that_the_law_catches(name: str) -> None:
    assert MUTANTS[name] in test_mutants.MUTANTS


def test_a_sound_network_is_not_warned_of() -> None:
    for group in ("C4", "D4", "C2"):
        assert not on(group, Norm(), Activation(), Conv(channels=2), Pointwise(channels=3)).warnings
    assert not network(SQUARE, Pointwise(channels=3), Norm(), Lift(group="C4", channels=2), GroupPool()).warnings
    assert not on("S3", Conv(channels=2, scales=Scales(crop=True)), input=LINE).warnings


def test_what_is_warned_of_before_a_lift_is_really_broken() -> None:
    architecture, _ = WARNED["a plain convolution before the lift"]
    certificate = certify(settled(architecture), "C4")
    assert (certificate.verdict, certificate.breaks) == ("broken", "body[0]")


def test_4_dropout_drops_the_same_points_for_every_element() -> None:
    for channels in (False, True):
        test_mutants.test_dropout_drops_the_same_for_every_element(channels)


def test_5_there_is_no_block_that_flattens_the_grid() -> None:
    kinds = {block.model_fields["kind"].default for block in BLOCKS.values()}
    assert not kinds & {"flatten", "linear", "reshape", "resize", "shuffle", "positional"}
    with pytest.raises(SignalError, match="GroupPool"):
        _ = network(SQUARE, Lift(group="C4", channels=2), head=Dense(outputs=2)).graph


@pytest.mark.parametrize("group", [f"{family}{n}" for family in "CD" for n in (1, 3, 7, 16, 60, MAX_ROTATIONS)])
def test_9_tables_are_made_in_double_precision_and_matched_to_1e_9(group: str) -> None:
    action = Group(group).action(2)
    rounded = action.matrices.astype(np.float32).astype(np.float64)
    off_grid = np.abs(rounded - action.matrices).max() > 1e-9
    product = action.matrices[action.product]
    assert np.abs(product - np.einsum("aij,bjk->abik", action.matrices, action.matrices)).max() < 1e-12
    if off_grid:
        with pytest.raises(ValueError, match="not all of these"):
            action.index_of(rounded)


def test_11_nothing_is_sampled_in_evaluation() -> None:
    model = settled(on("C4", Norm(), Partial(), Conv(channels=2), Norm()))
    x = torch.randn(2, 2, 9, 9, dtype=torch.float64)
    assert torch.equal(model(x), model(x))
    model.train()
    assert len({float(model(x).detach().sum()) for _ in range(30)}) > 1
    test_offsets.test_offsets_that_do_not_agree_change_the_answer()


def test_12_single_precision_keeps_the_verdict() -> None:
    for group in ("C4", "D4"):
        model = settled(on(group, Norm(), Activation(), Conv(channels=4), Norm())).float()
        assert certify(model).verdict == "exact"
        assert 1e-9 < certify(model).error < 1e-5


def test_13_kernels_on_scales_dilate_by_the_scale_they_give(monkeypatch: pytest.MonkeyPatch) -> None:
    test_scales.test_a_layer_that_dilates_by_the_scale_it_reads_fails(monkeypatch)


def test_19_the_certificate_is_of_the_network_and_not_of_its_training() -> None:
    """A plain network is broken under a group, however it was trained."""
    assert certify(settled(on("C1", Conv(channels=2))), "C4").verdict == "broken"


def test_20_the_examples_have_no_symmetry_of_their_own() -> None:
    for group, shape in (("D4", (2, 2, 9, 9)), ("Oh", (1, 2, 5, 5, 5)), ("C8", (2, 2, 9, 9)), ("S3", (2, 2, 64))):
        waves = Waves(shape, Group(group), 0.25, seed=0)
        seen = [waves.moved([e] * shape[0]) for e in range(Group(group).order)]
        for a in range(len(seen)):
            for b in range(a):
                assert float((seen[a] - seen[b]).norm()) > 0.1 * float(seen[a].norm())


def test_18_what_pooling_over_mirrors_forgets_is_what_it_is_asked_to() -> None:
    """Mirror images give one answer on D4 and two on C4: so which group is right is a matter of the task."""
    x = torch.randn(1, 2, 9, 9, dtype=torch.float64)
    for group, alike in (("D4", True), ("C4", False)):
        model = freeze(settled(on(group, Norm(), Activation(), Conv(channels=2))))
        difference = float((model(x) - model(x.flip(2))).detach().abs().max())
        assert (difference < 1e-10) == alike
