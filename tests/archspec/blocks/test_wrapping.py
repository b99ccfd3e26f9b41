"""A body with a group around it: what it computes, and that everything reaches inside."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from archspec import (
    Activation,
    Canonicalise,
    Conv,
    FrameAverage,
    Gaussian,
    Group,
    Image,
    Magnet,
    Norm,
    Pool,
    Series,
    Siren,
    TestTimeAverage,
    carry,
    export,
    freeze,
    load,
    price,
)
from archspec.blocks.around.wrapper import Wrapper
from archspec.layers.canonicalise import straight_through
from archspec.layers.moving import Moves
from archspec.symmetry.certifying import certify, transformed
from tests.archspec.blocks.wrappers import BODY, around, each_kind
from tests.examples import EXAMPLES, SQUARE, built, network, noise, seeded
from tests.laws.counting import counted
from tests.laws.equivariance import settled


def quarter_turns(x: Tensor, times: int) -> Tensor:
    """As C4 moves an image: what lies down the rows comes to lie along the columns."""
    return torch.rot90(x, times, (2, 3))


@pytest.mark.parametrize("reduce", ["mean", "max"])
@pytest.mark.parametrize("kind", [FrameAverage, TestTimeAverage])
def test_frames_are_the_results_moved_back_written_out(kind: type[Wrapper], reduce: str) -> None:
    architecture = around(kind, *BODY, Pool(), reduce=reduce)
    model, x = settled(architecture), noise(architecture)
    layer = next(model.children())
    results = torch.stack([quarter_turns(layer.network(quarter_turns(x, n)), -n) for n in range(4)])
    wanted = results.mean(0) if reduce == "mean" else results.amax(0)
    assert (layer(x) - wanted).abs().max() < 1e-12


def test_in_training_the_average_in_the_test_is_the_plain_body() -> None:
    architecture = around(TestTimeAverage, Conv(channels=3), Activation())
    layer, x = next(built(architecture).children()), noise(architecture)
    assert torch.equal(layer.train()(x), layer.network(x))
    assert not torch.allclose(layer.eval()(x), layer.network(x))
    always = next(built(around(FrameAverage, Conv(channels=3), Activation())).children())
    assert torch.equal(always.train()(x), always.eval()(x))


def test_the_canonical_result_is_that_of_the_best_element_written_out() -> None:
    architecture = around(Canonicalise, *BODY, Pool(size=3, stride=2))
    model, x = settled(architecture), noise(architecture, batch=24)
    layer = next(model.children())
    scores = layer.scorer(x).mean((1, 3, 4))
    best = scores.argmax(1)
    assert len(set(best.tolist())) == 4
    wanted = [quarter_turns(layer.network(quarter_turns(x[i : i + 1], -n)), n) for i, n in enumerate(best.tolist())]
    assert (layer(x) - torch.cat(wanted)).abs().max() < 1e-12


def test_in_training_the_canonical_choice_is_the_same_and_the_scorer_learns() -> None:
    architecture = around(Canonicalise, Conv(channels=3), Activation(function="tanh"), group="D4")
    model, x = built(architecture), noise(architecture, batch=6)
    assert (model.train()(x) - model.eval()(x)).abs().max() < 1e-12
    model.train()(x)[:, 0].sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if "scorer" in name}
    assert len(gradients) == 2
    assert all(g is not None and g.abs().max() > 1e-9 for g in gradients.values())
    model.zero_grad()
    model.eval()(x)[:, 0].sum().backward()
    assert all(p.grad is None for name, p in model.named_parameters() if "scorer" in name)


def test_gradients_go_to_the_scores_as_through_their_softmax() -> None:
    scores = torch.randn(5, 4, dtype=torch.float64, generator=seeded(0)).requires_grad_()
    worth = torch.randn(5, 4, dtype=torch.float64, generator=seeded(1))
    weights = straight_through(scores, scores.argmax(1), 0.5)
    assert torch.equal(weights, torch.eye(4, dtype=torch.float64)[scores.argmax(1)])
    (found,) = torch.autograd.grad((weights * worth).sum(), scores)
    (wanted,) = torch.autograd.grad((torch.softmax(scores / 0.5, 1) * worth).sum(), scores)
    assert torch.allclose(found, wanted)


def test_the_scorer_learns_to_turn_what_the_body_reads_in_one_orientation_only() -> None:
    """The body likes what falls along the rows and at first meets what grows; any ramp comes to be turned its way."""
    architecture = around(Canonicalise, Conv(channels=1, bias=False), kernel_size=3, channels=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = built(architecture).train()
    layer = next(model.children())
    taps = torch.tensor([[1.0, 1, 1], [0, 0, 0], [-1, -1, -1]], dtype=torch.float64).flatten()
    kernel = layer.network.get_parameter("body_0_conv.kernel.weight")
    kernel.data.copy_(taps.expand_as(kernel))
    kernel.requires_grad_(False)
    ramp = torch.linspace(-1, 1, 9, dtype=torch.float64)[:, None].expand(9, 9)
    x = torch.stack([quarter_turns(ramp.expand(1, 2, 9, 9), n)[0] for n in range(4)])
    before = layer(x).detach()[:, :, 2:-2, 2:-2].mean()
    optimiser = torch.optim.Adam(layer.scorer.parameters(), 0.01)
    for _ in range(60):
        optimiser.zero_grad()
        (-layer(x)[:, :, 2:-2, 2:-2].mean()).backward()
        optimiser.step()
    after = layer(x).detach()[:, :, 2:-2, 2:-2]
    assert torch.allclose(after, after[:1].expand_as(after).abs())
    assert float(before) < -2.5
    assert float(after.mean()) > 2.5


def test_a_tie_is_broken_by_the_order_of_the_group_and_the_answer_stays_invariant() -> None:
    architecture = around(Canonicalise)
    model = settled(architecture)
    x = noise(architecture)
    twofold = x + quarter_turns(x, 2)  # keeps half turns: elements 0 and 2, or 1 and 3, are alike
    layer = next(model.children())
    scores = layer.scores(twofold)
    assert torch.allclose(scores[:, :2], scores[:, 2:], atol=1e-12)
    constant = torch.ones(1, 2, 9, 9, dtype=torch.float64)
    layer.scorer = torch.nn.Sequential(layer.scorer, torch.nn.Threshold(1e9, 1.0))
    assert torch.argmax(layer.scores(constant), 1).tolist() == [0]
    layer.scorer = layer.scorer[0]
    for n in range(4):
        assert (model(quarter_turns(twofold, n)) - model(twofold)).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("group", "grid"), [("D1", (6,)), ("D4", (5, 5)), ("D2", (4, 6)), ("C8", (9, 9)), ("Oh", (3,) * 3)]
)
def test_layers_move_signals_as_symmetry_is_measured(group: str, grid: tuple[int, ...]) -> None:
    signal = Series(length=6).signal if len(grid) == 1 else Image(size=(1, 1)).signal._replace(grid=grid)
    action = Group(group).action(len(grid))
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    moves = Moves(np.swapaxes(action.matrices, 1, 2), 1, grid)
    torch.set_default_dtype(default)
    x = torch.randn(3, 1, *grid, dtype=torch.float64, generator=seeded(0))
    for i, moved in enumerate(moves.each(x)):
        assert (moved - transformed(x, signal, Group(group), i)).abs().max() < 1e-12
    assert (moves.apart(torch.cat([x] * len(moves.axes))) - moves.each(x)).abs().max() < 1e-12
    chosen = torch.tensor([0, moves.order - 1, 1])
    assert torch.equal(moves.chosen(x, chosen), moves.each(x)[chosen, torch.arange(3)])


def test_making_kernels_in_a_body_costs_once() -> None:
    body = Conv(channels=3, kernel=Siren(hidden=4), kernel_size=5)
    assert price(around(FrameAverage, body)).kernel_macs == price(network(SQUARE, body)).kernel_macs > 0


WINDOWED = Conv(channels=3, kernel_size=9, kernel=Magnet(hidden=4), window=Gaussian(sigma=0.9), algorithm="direct")


@each_kind
def test_a_window_in_a_body_is_fitted_priced_carried_and_resampled(kind: type[Wrapper]) -> None:
    fields = {"kernel": Siren(hidden=4)} if kind is Canonicalise else {}
    architecture = around(kind, WINDOWED, Norm(), **fields)
    model, x = built(architecture).eval(), noise(architecture)
    begun = model.cost()
    assert begun == price(architecture)
    with torch.no_grad():
        model.get_parameter(f"body_0_{architecture.body[0].kind}.network.body_0_conv.window.log_width").fill_(
            math.log(0.15)
        )
        assert model.fit()
        assert model.cost().macs < begun.macs - 25_000
        assert model.cost().flops == counted(freeze(model), x[:1])
        finer = model.at_resolution(18, 18)
        assert finer.cost().flops > 3.5 * model.cost().flops
        assert finer(torch.randn(2, 2, 18, 18, dtype=torch.float64)).shape == (2, 3)
        assert torch.equal(finer.at_resolution(9, 9)(x), model(x))
        larger = carry(model, around(kind, WINDOWED.with_fields({"kernel_size": 13}), Norm(), **fields))
        assert (larger(x) - model(x)).abs().max() < 1e-6 * model(x).abs().max()


@each_kind
def test_state_has_readable_names(kind: type[Wrapper]) -> None:
    names = set(built(around(kind)).state_dict())
    place = f"body_0_{kind.model_fields['kind'].default}"
    assert f"{place}.network.body_0_conv.kernel.weight" in names
    assert (f"{place}.scorer.scorer_0_lift.kernel.weight" in names) == (kind is Canonicalise)
    assert not [name for name in names if "there" in name or "back" in name]


@each_kind
def test_a_wrapped_network_is_copied_pickled_and_compiled(kind: type[Wrapper]) -> None:
    architecture = around(kind)
    model, x = settled(architecture), noise(architecture)
    assert torch.equal(copy.deepcopy(model)(x), model(x))
    assert copy.deepcopy(model).cost() == model.cost()
    assert torch.equal(pickle.loads(pickle.dumps(model))(x), model(x))
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    assert (compiled(x) - model(x)).abs().max() < 1e-12


@pytest.mark.thorough
@each_kind
def test_a_wrapped_network_is_exported(kind: type[Wrapper], tmp_path: Path) -> None:
    architecture = around(kind, *BODY, Pool(), group="D4")
    model = built(architecture).float().eval()
    export(model, tmp_path)  # checks the ONNX model at two batch sizes
    x = noise(architecture, batch=5).float()
    with torch.no_grad():
        assert torch.equal(load(tmp_path)(x), model(x))
        frozen = freeze(model)
        program = torch.export.export(frozen, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        assert torch.allclose(program.module()(x[:3]), frozen(x[:3]), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "frames" in name or "canonical" in name])
def test_the_certificate_names_the_group_around_a_network(name: str) -> None:
    architecture = EXAMPLES[name]
    certificate = certify(settled(architecture))
    kept = {node.signal.symmetry for node in architecture.graph.nodes.values()}
    assert certificate.group == max(kept, key=lambda group: group.order)
    if certificate.group.action(len(architecture.input.grid)).exact:
        assert certificate.verdict == "exact"
