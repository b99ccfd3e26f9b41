"""Which elements of a group count is learned; what does not count has no part in anything, nor in the cost."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archspec import (
    Branch,
    Conv,
    Disc,
    GroupPool,
    Lift,
    Norm,
    Partial,
    Residual,
    Restrict,
    SignalError,
    Siren,
    Table,
    freeze,
    price,
)
from archspec.graph import lints
from archspec.graph.block import Primitive
from archspec.layers.norm import BatchNorm
from archspec.layers.partial import Elements, Sector, gates
from archspec.lowering import Network
from tests.examples import CUBE, PARTIAL, SQUARE, built, network, noise, on, seeded
from tests.laws.counting import counted


def learned(name: str, seed: int) -> Network:
    """A network that has learned some elements: each is as likely kept as not, a sector reaches anywhere."""
    model = built(PARTIAL[name], seed).eval()
    generator = seeded(seed)
    for module in model.modules():
        if isinstance(module, Elements | Sector) and module.logits is not None:
            module.logits.data.uniform_(-1, 1, generator=generator)
        if isinstance(module, Sector):
            module.reach.data.uniform_(0, 1, generator=generator)
    return model


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", PARTIAL)
def test_the_frozen_network_is_the_same_and_does_only_what_counts(name: str, seed: int) -> None:
    architecture, model = PARTIAL[name], learned(name, seed)
    x = noise(architecture)
    with torch.no_grad():
        frozen = freeze(model)
        assert (frozen(x) - model(x)).abs().max() < 1e-10 * model(x).abs().max()
        assert model.cost().flops == counted(frozen, x[:1])
    assert model.cost().flops <= price(architecture).flops


def test_little_that_counts_costs_little() -> None:
    model = built(on("D4", Norm(), Partial(), Conv(channels=4), Norm(), channels=4)).eval()
    all_of_it = model.cost().macs
    _set(model, -1.0)
    assert model.cost().macs < 0.06 * all_of_it


def _set(model: nn.Module, logit: float) -> None:
    for module in model.modules():
        if isinstance(module, Elements):
            module.logits.data.fill_(logit)


@pytest.mark.parametrize("reduce", ["max", "mean"])
def test_what_does_not_count_has_no_part_in_the_answer(reduce: str) -> None:
    body = (Norm(), Partial(), Norm(), Conv(channels=3, factorisation="group_separable"), Norm())
    architecture = network(SQUARE, Lift(group="C4", channels=2), *body, GroupPool(reduce=reduce))
    model = built(architecture).eval()
    kept = model.get_submodule("body_2_partial")
    kept.logits.data = torch.tensor([-1.0, 1.0, -1.0], dtype=torch.float64)
    x = noise(architecture)
    wanted = model(x)
    norm = model.get_submodule("body_1_norm")

    def disturb(module: nn.Module, inputs: object, y: Tensor) -> Tensor:
        y = y.clone()
        y[:, :, [1, 3]] += 5.0
        return y

    norm.register_forward_hook(disturb)
    assert torch.equal(model(x), wanted)
    kept.logits.data[0] = 1.0
    assert not torch.allclose(model(x), wanted)


def test_the_norm_sees_what_counts_only() -> None:
    norm = BatchNorm(3, 4, 2, 1e-5).double().train()
    other = BatchNorm(3, 2, 2, 1e-5).double().train()
    x = torch.randn(4, 3, 4, 5, 5, dtype=torch.float64, generator=seeded(0))
    kept = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64).view(4, 1, 1)
    assert torch.allclose(norm(x, kept)[:, :, [0, 2]], other(x[:, :, [0, 2]]), atol=1e-12)
    assert norm.running_mean is not None
    assert other.running_mean is not None
    assert torch.allclose(norm.running_mean, other.running_mean)
    assert norm.running_var is not None
    assert other.running_var is not None
    assert torch.allclose(norm.running_var, other.running_var)


def test_the_identity_always_counts_and_every_probability_is_learned() -> None:
    torch.manual_seed(0)
    layer = Elements(8, 2, 0.5, 0.5).train()
    draws = torch.stack([layer() for _ in range(200)])
    assert (draws[:, 0] == 1).all()
    assert set(draws.detach().unique().tolist()) <= {0.0, 1.0}
    assert 0.4 < float(draws[:, 1:].detach().mean()) < 0.6
    draws.sum().backward()
    assert layer.logits.grad is not None
    assert (layer.logits.grad > 0).all()
    assert layer.eval()().flatten().tolist() == [1.0] * 8


def test_samples_have_their_probability() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([-2.0, 0.5, 3.0])
    mean = torch.stack([gates(logits, 0.5, sampled=True) for _ in range(4000)]).mean(0)
    assert torch.allclose(mean, logits.sigmoid(), atol=0.03)


@pytest.mark.parametrize(
    ("reach", "wanted"), [(1.0, [1, 1, 1, 1, 1]), (0.5, [1, 1, 1, 0, 0]), (0.3, [1, 1, 0.2, 0, 0])]
)
def test_a_sector_reaches_as_far_either_way(reach: float, wanted: list[float]) -> None:
    layer = Sector([0, 1, 2, 3, 4, 3, 2, 1], [False] * 8, 2, 0.5, 0.5)
    layer.reach.data.fill_(reach)
    kept = layer().flatten()
    assert torch.allclose(kept[:5], torch.tensor(wanted, dtype=torch.float32), atol=1e-6)
    assert torch.equal(kept[5:], kept[1:4].flip(0))
    kept.sum().backward()
    assert layer.reach.grad is not None
    assert layer.reach.grad > 0


def test_the_mirrored_half_of_a_sector_counts_or_does_not_as_one() -> None:
    layer = Sector([0, 1, 0, 1], [False, False, True, True], 2, 0.5, 0.5).eval()
    layer.reach.data.fill_(1.0)
    assert layer.logits is not None
    layer.logits.data.fill_(-1.0)
    assert layer().flatten().tolist() == [1.0, 1.0, 0.0, 0.0]
    layer.logits.data.fill_(1.0)
    assert layer().flatten().tolist() == [1.0] * 4


def test_a_sector_that_has_left_its_bounds_comes_back() -> None:
    layer = Sector([0, 1, 2, 1], [False] * 4, 2, 0.5, 0.5)
    layer.reach.data.fill_(1.7)
    layer().sum().backward()
    assert layer.reach.grad is not None
    assert layer.reach.grad > 0
    assert layer().flatten().tolist() == [1.0] * 4


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ((Residual(body=[Norm(), Partial()]),), r"put Partial\(\) after it"),
        ((Branch(branches=[[Partial()], [Partial()]]),), "different elements count"),
        ((Partial(), Norm(type="layer")), "type='batch'"),
        ((Partial(), Restrict(group="C2")), "before Partial"),
        ((Partial(), Conv(channels=2, factorisation="depthwise_separable")), "group_separable"),
    ],
)
def test_what_cannot_be_in_part_says_so(body: tuple, words: str) -> None:
    with pytest.raises(SignalError, match=words):
        _ = on("C4", *body).graph


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("causal", True),
        ("kernel", Table()),
        ("factorisation", "depthwise_separable"),
        ("window", None),
        ("algorithm", "fft"),
        ("bias", "per_element"),
        ("kernel_size", 3),
        ("kernel_size", 4),
    ],
)
def test_what_cannot_be_turned_by_any_angle_is_refused(field: str, value: object) -> None:
    """Without that it is what it is frozen to."""
    before = Partial(learn="sector", sampling="continuous")
    fields = {"channels": 2, "kernel_size": 5, "kernel": Siren(hidden=4), "window": Disc()}
    architecture = on("C4", before, Conv(**fields))
    model, x = built(architecture).eval(), noise(architecture)
    assert (freeze(model)(x) - model(x)).abs().max() < 1e-12
    with pytest.raises(SignalError) as refused:
        _ = on("C4", before, Conv(**fields | {field: value})).graph
    assert f".{field} (conv)" in str(refused.value)


TURNS = Partial(learn="sector", sampling="continuous")
TURNED = Conv(channels=2, kernel_size=5, kernel=Siren(hidden=4), window=Disc())
UNREAD: dict[tuple[Primitive, ...], list[str]] = {
    (TURNS, Norm(), TURNED): [],
    (TURNS, Norm(), TURNED, TURNS, TURNED): [],
    (TURNS, Norm()): ["body[1]"],
    (TURNS, TURNS, TURNED): ["body[1]"],
    (TURNS, TURNED, Norm(), TURNS): ["body[4]"],
    (Partial(),): [],
}


def turns_that_no_convolution_outputs_are_warned_of() -> None:
    for body, wanted in UNREAD.items():
        found = [text.split(" ")[0] for text in on("C4", *body).warnings if "learns nothing" in text]
        assert found == wanted


def test_turns_that_no_convolution_outputs_are_warned_of() -> None:
    turns_that_no_convolution_outputs_are_warned_of()


@pytest.mark.parametrize("found", [lambda *_: None, lambda nodes, _: tuple(nodes)], ids=["none", "all"])
def test_a_warning_that_takes_none_or_all_as_read_fails_that_law(
    found: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lints, "stating_nodes", found)
    with pytest.raises(AssertionError):
        turns_that_no_convolution_outputs_are_warned_of()


def test_a_sector_is_for_turns() -> None:
    with pytest.raises(SignalError, match="learn='elements'"):
        _ = on("O", Partial(learn="sector"), input=CUBE).graph


def test_after_it_the_pooled_signal_holds_no_symmetry() -> None:
    graph = on("D4", Partial()).graph
    assert graph.nodes["body.2"].block == GroupPool()
    assert graph.nodes["body.2"].signal.symmetry.trivial


def test_turns_that_no_convolution_reads_are_left_out_when_it_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = PARTIAL["C4 in a sector that no convolution reads"]
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        assert torch.allclose(freeze(model)(x), model(x), rtol=0, atol=1e-12)
    monkeypatch.setattr("archspec.network.folding.settled", lambda model: model)
    with pytest.raises(NotImplementedError, match="Turns has no plain form"):
        freeze(model)
