"""A body with a group around it: what it computes, costs and refuses, and that everything reaches inside."""

from __future__ import annotations

import copy
import math
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from archspec import (
    Activation,
    Architecture,
    Branch,
    Canonicalise,
    Conv,
    Dense,
    Dropout,
    FrameAverage,
    Gaussian,
    Group,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Restrict,
    Sequential,
    Series,
    SignalError,
    Siren,
    TestTimeAverage,
    carry,
    choice,
    export,
    freeze,
    integer,
    load,
    price,
)
from archspec.blocks.around.wrapper import Wrapper
from archspec.graph.graph import Builder
from archspec.layers.canonicalise import straight_through
from archspec.layers.moving import Moves
from archspec.symmetry.certifying import certify, transformed
from spaces import Space
from tests.examples import CUBE, EXAMPLES, LINE, SQUARE, built, network, noise, on, seeded
from tests.laws.bounds import bounded
from tests.laws.counting import counted
from tests.laws.equivariance import settled

BODY = (Conv(channels=3), Norm(), Activation(function="tanh"))
WRAPPERS: dict[str, type[Wrapper]] = {
    "frames": FrameAverage,
    "in the test": TestTimeAverage,
    "canonical": Canonicalise,
}
each_kind = pytest.mark.parametrize("kind", WRAPPERS.values(), ids=WRAPPERS)


def around(kind: type[Wrapper], *body: object, group: str = "C4", **fields: object) -> Architecture:
    return network(SQUARE, kind(group=group, body=body or BODY, **fields))


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


def test_averages_cost_a_run_in_each_orientation_and_one_set_of_weights() -> None:
    plain = network(SQUARE, *BODY)
    head = price(network(SQUARE.with_fields({"channels": 3})))
    for kind in (FrameAverage, TestTimeAverage):
        cost = price(around(kind, group="D4"))
        assert cost.macs - head.macs == 8 * (price(plain).macs - head.macs)
        assert cost.params == price(plain).params
    scored = price(around(Canonicalise, group="D4", channels=2, kernel_size=3))
    assert scored.macs == price(plain).macs + 81 * 9 * 2 * 2 * 8
    assert scored.params == price(plain).params + 2 * 2 * 9 + 2


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


@each_kind
def test_over_the_trivial_group_it_is_its_body(kind: type[Wrapper]) -> None:
    assert around(kind, group="C1").hash == network(SQUARE, Sequential(body=BODY)).hash
    on_it = network(SQUARE, kind(group="C1", body=[Lift(group="C4", channels=2)]), Conv(channels=2), GroupPool())
    assert on_it.hash == on("C4", Conv(channels=2)).hash


def test_the_hash_is_that_of_the_graph_of_the_body() -> None:
    one = around(FrameAverage, Sequential(body=BODY[:1]), *BODY[1:], Pool(size=1))
    assert one.hash == around(FrameAverage).hash
    others = [
        around(FrameAverage, group="D4"),
        around(FrameAverage, reduce="max"),
        around(FrameAverage, *BODY, Norm()),
        around(TestTimeAverage),
        around(Canonicalise),
        around(Canonicalise, temperature=1.0),
    ]
    assert len({a.hash for a in (one, *others)}) == 1 + len(others)


MISTAKES: dict[str, tuple[Architecture, str]] = {
    "a scale": (
        network(LINE, FrameAverage(group="S3", body=[])),
        r"body\[0\].group \(frame_average\): the scales S3 .* use Lift\(group='S3'\)",
    ),
    "other axes": (around(Canonicalise, group="O"), r"body\[0\].group \(canonicalise\): O does not act on .* 2 axes"),
    "turns of a series": (network(LINE, FrameAverage(group="C2", body=[])), "use C1 or D1"),
    "oblong": (
        network(Image(size=(8, 10)), TestTimeAverage(group="C4", body=[])),
        r"body\[0\] \(test_time_average\): C4 turns axis 0 into axis 1, but the grid is 8×10",
    ),
    "made oblong": (
        around(FrameAverage, Conv(channels=2, kernel_size=(1, 3), padding="valid")),
        r"body\[0\].body \(frame_average\): C4 turns axis 0 into axis 1, but the grid is 9×7",
    ),
    "on a group before": (on("C4", FrameAverage(group="C4", body=[])), r"body\[1\] .*put GroupPool\(\) before it"),
    "pooled before": (
        network(SQUARE, FrameAverage(group="D4", body=[]), FrameAverage(group="C4", body=[])),
        r"body\[1\].group \(frame_average\): moved by C4 alone, a signal loses D4, .* Restrict\(\)",
    ),
    "left on a group": (
        around(FrameAverage, Lift(group="C4", channels=2)),
        r"body\[0\].body \(frame_average\): it gives a signal on C4.*GroupPool\(\)",
    ),
    "inside": (
        network(
            SQUARE,
            Residual(body=[Norm()]),
            FrameAverage(group="C4", body=[Norm(), Repeat(times=2, body=[Conv(channels=2, kernel_size=11)])]),
        ),
        r"body\[1\].body\[1\].copy0.body\[0\].kernel_size \(conv\): 11 taps on an axis of 9",
    ),
    "deep inside": (
        around(FrameAverage, Canonicalise(group="C2", body=[Lift(group="D1", channels=2), Pool(size=10)])),
        r"body\[0\].body\[0\].body\[1\].size \(pool\): ",
    ),
    "the scorer": (
        network(CUBE, Canonicalise(group="O", body=[], kernel_size=7)),
        r"body\[0\].kernel_size \(canonicalise\): 7 taps on an axis of 5",
    ),
    "a scorer of a table on another grid": (
        around(Canonicalise, Norm()).at_resolution(18, 18),
        r"body\[0\].kernel \(canonicalise\): ",
    ),
    "a convolution after it": (
        network(SQUARE, FrameAverage(group="C4", body=BODY), Conv(channels=2)),
        r"body\[1\] \(conv\): a convolution after the C4 axis was pooled",
    ),
    "the last step of a series": (
        Architecture(
            input=LINE,
            body=[FrameAverage(group="D1", body=[])],
            head={"kind": "classifier", "classes": 2, "pool": "last"},
        ),
        "the last step is not kept by D1",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_does_not_fit_is_refused_where_it_is(name: str) -> None:
    architecture, words = MISTAKES[name]
    with pytest.raises(SignalError, match=words):
        _ = architecture.graph
    with pytest.raises(SignalError, match=words):
        price(architecture)


def test_the_grid_that_comes_out_still_turns() -> None:
    architecture = network(SQUARE, FrameAverage(group="D4", body=[*BODY, Pool()]), Norm(), head=Dense(outputs=2))
    signal = architecture.graph.nodes["body.0"].signal
    assert (signal.grid, signal.pooled.name, signal.channels) == ((4, 4), "D4", 3)
    given_up = network(SQUARE, FrameAverage(group="C4", body=BODY), Restrict(group="C1"), Conv(channels=2))
    assert given_up.graph.nodes["body.2"].signal.symmetry.trivial


def test_what_is_approximate_is_warned_of_with_its_place() -> None:
    square = Image(channels=2, size=(16, 16))
    inside = network(square, FrameAverage(group="C8", body=[Pool(size=3)])).warnings
    assert inside[0].startswith("body[0] (frame_average): turns of C8 other than quarter turns are interpolated")
    assert inside[1].startswith("body[0] (frame_average): body[0] (pool): the last 1 of 16 points")
    jumps = network(square, Canonicalise(group="C8", body=[])).warnings
    assert any("can jump" in warning for warning in jumps)
    assert not around(FrameAverage).warnings


def test_random_parts_are_not_shared() -> None:
    frames = FrameAverage(group="C4", body=[Dropout()])
    graph = network(SQUARE, Branch(branches=[[frames], [frames]])).graph
    assert sum(node.block is not None and node.block.kind == "frame_average" for node in graph.nodes.values()) == 2


def test_a_space_has_holes_for_the_group_and_in_the_body() -> None:
    group = choice("C1", "C4", "D4", name="group")
    wrapped = choice(
        FrameAverage(
            group=group, body=[Conv(channels=integer(2, 4), kernel_size=choice(1, 3)), choice(Norm(), Partial())]
        ),
        TestTimeAverage(group=group, body=choice([Conv(channels=2)], [Conv(channels=2), Activation()])),
        Canonicalise(group=group, body=[Repeat(times=integer(1, 2), tied=False, body=[choice(Norm(), Activation())])]),
    )
    space = Space(network(SQUARE, wrapped))
    assert space.size() == 3 * (3 * 2 * 2 + 2 + (2 + 4))
    assert Space.from_json(space.to_json()).size() == space.size()
    priced = {}
    for architecture in space.enumerate():
        assert price(architecture) == architecture.graph.cost()
        assert space.fill(space.values_of(architecture)).hash == architecture.hash
        assert Architecture.from_json(architecture.to_json()).hash == architecture.hash
        priced[architecture.hash] = price(architecture)
    assert len(priced) > 40
    rng = random.Random(0)
    for _ in range(5):
        drawn = space.sample(rng)
        x = noise(drawn)
        assert built(drawn).eval()(x).shape == (2, 3)
        assert list(space.neighbours(drawn))


FRAMES = FrameAverage(group="C4", body=BODY[:1])
BROKEN: dict[str, Architecture] = {
    "a convolution": network(SQUARE, Branch(branches=[[Conv(channels=3)], [FRAMES]])),
    "a pool off centre": network(SQUARE, Branch(branches=[[Pool()], [FrameAverage(group="C4", body=[Pool()])]])),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_frames_may_not_be_added_to_would_break_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = BROKEN[name]
    with pytest.raises(SignalError, match="begin both at one node"):
        _ = architecture.graph
    monkeypatch.setattr(Builder, "_require_turning", lambda *_: None)
    certificate = certify(settled(architecture))
    assert (certificate.group.name, certificate.held) == ("C4", True)
    assert certificate.error > 0.05


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "frames" in name or "canonical" in name])
def test_the_certificate_names_the_group_around_a_network(name: str) -> None:
    architecture = EXAMPLES[name]
    certificate = certify(settled(architecture))
    kept = {node.signal.symmetry for node in architecture.graph.nodes.values()}
    assert certificate.group == max(kept, key=lambda group: group.order)
    if certificate.group.action(len(architecture.input.grid)).exact:
        assert certificate.verdict == "exact"


def test_a_residual_of_frames_costs_the_same_block_by_block() -> None:
    group = choice("C1", "C4", "D4", name="group")
    stack = [Residual(body=[FrameAverage(group=group, body=[Conv(channels=2)]), Norm()]) for _ in range(2)]
    for architecture in Space(network(SQUARE, *stack)).enumerate():
        assert price(architecture) == architecture.graph.cost()
        assert not architecture.warnings


def test_a_lift_or_a_wrapper_after_what_looks_in_one_direction_is_warned_of() -> None:
    for block in (FRAMES, Canonicalise(group="C4", body=[], kernel_size=3), TestTimeAverage(group="C4", body=[])):
        (late,) = network(SQUARE, Conv(channels=2), Norm(), block).warnings
        assert late.startswith(f"body[2] ({block.kind}): body[0] before it looks in one direction")
        assert not network(SQUARE, Pointwise(channels=2), Pool(size=3, stride=2), block).warnings
        assert any("body[0] before it" in warning for warning in network(SQUARE, Pool(), block).warnings)


def test_bodies_in_bodies_are_typed_at_once_and_too_many_are_refused() -> None:
    body: list[object] = [Pointwise(channels=2)]
    for _ in range(25):
        body = [FrameAverage(group="D1", body=body), Restrict(group="C1")]
    with bounded(5):
        assert price(network(LINE, *body)).macs == 17 * 4 * 2**25 + 6
    body = [Pointwise(channels=2)]
    for _ in range(6):
        body = [Repeat(times=30, body=[FrameAverage(group="D1", body=body), Restrict(group="C1")])]
    with bounded(5), pytest.raises(SignalError, match="more than 10000 nodes"):
        _ = network(LINE, *body).graph
