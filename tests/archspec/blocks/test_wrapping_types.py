"""A body with a group around it, before torch: what it costs, what is refused or warned of, its hash, its spaces."""

from __future__ import annotations

import random

import pytest

from archspec import (
    Activation,
    Architecture,
    Branch,
    Canonicalise,
    Conv,
    Dense,
    Dropout,
    FrameAverage,
    GroupPool,
    Image,
    Lift,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Restrict,
    Sequential,
    SignalError,
    TestTimeAverage,
    choice,
    integer,
    price,
)
from archspec.blocks.around.wrapper import Wrapper
from archspec.graph.graph import Builder
from archspec.symmetry.certifying import certify
from spaces import Space
from tests.archspec.blocks.wrappers import BODY, around, each_kind
from tests.examples import CUBE, LINE, SQUARE, built, network, noise, on
from tests.laws.bounds import bounded
from tests.laws.equivariance import settled


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
        r"body\[0\].body \(frame_average\): its output is on C4.*GroupPool\(\)",
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
        "D1 moves the last step elsewhere",
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
