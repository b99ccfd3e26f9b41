"""What breaks is refused before torch, with the path of the block and a remedy; what is approximate is warned of."""

from __future__ import annotations

import pytest

from archspec import (
    Activation,
    Architecture,
    Attention,
    Branch,
    Canonicalise,
    Classifier,
    Conv,
    Dense,
    Disc,
    FrameAverage,
    Graph,
    GraphNode,
    Group,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Restrict,
    SelfAttention,
    SelfAttentionLift,
    Series,
    SignalError,
    Siren,
    TestTimeAverage,
    Volume,
)
from archspec.graph.block import Block
from archspec.symmetry.certifying import certify
from tests.examples import LINE, SQUARE, WIDE, attending, built, network, noise, on

EVEN = Image(size=(12, 12))
FINE = Image(size=(15, 15))
NODE = GraphNode(block=Activation())


def graph(**nodes: tuple[str, ...]) -> Graph:
    return Graph(output="out", nodes={name: GraphNode(block=Activation(), inputs=read) for name, read in nodes.items()})


GIVEN_UP = Restrict(group="C1")
# What is wrong: the architecture, the place named, and a part of the remedy.
MISTAKES: dict[str, tuple[Architecture, str, str]] = {
    "kernel larger than the grid": (
        network(LINE, Conv(channels=2, kernel_size=19)),
        "body[0].kernel_size (conv)",
        "use at most 17",
    ),
    "kernel larger after pooling": (
        network(EVEN, Pool(size=4), Conv(channels=2, kernel_size=5)),
        "body[1].kernel_size (conv)",
        "at most 3",
    ),
    "pool larger than the grid": (network(SQUARE, Pool(size=10)), "body[0].size (pool)", "use at most 9"),
    "kernel of other dimension": (
        network(SQUARE, Conv(channels=2, kernel_size=(3, 3, 3))),
        "body[0].kernel_size (conv)",
        "write one number",
    ),
    "window of other dimension": (network(LINE, Pool(size=(2, 2))), "body[0].size (pool)", "write one number"),
    "even kernel with same": (
        network(SQUARE, Conv(channels=2, kernel_size=4)),
        "body[0].kernel_size (conv)",
        "use an odd size, or padding='valid'",
    ),
    "stride on an even grid": (
        on("C4", Conv(channels=2, stride=2), input=EVEN),
        "body[1].stride (conv)",
        "use an axis of 11",
    ),
    "stride of a lift": (on("D4", input=EVEN, stride=2), "body[0].stride (lift)", "Pool(size=2)"),
    "valid stride": (
        on("D4", Conv(channels=2, padding="valid", stride=2), input=EVEN),
        "body[1].stride (conv)",
        "use an axis of",
    ),
    "tiles on an odd grid": (
        on("D4", Pool(size=2)),
        "body[1].stride (pool)",
        "use an axis of 8, or Pool(size=3, stride=2)",
    ),
    "overlapping pool on an even grid": (
        on("D4", Pool(size=3, stride=2), input=EVEN),
        "body[1].stride (pool)",
        "axis of",
    ),
    "pool after pooling the group": (
        network(SQUARE, Lift(group="C4", channels=2), GroupPool(), Pool(size=2)),
        "body[2].stride (pool)",
        "axis of 8",
    ),
    "oblong window under quarter turns": (
        on("C4", Pool(size=(3, 1), stride=1)),
        "body[1].size (pool)",
        "must be equal",
    ),
    "oblong kernel under quarter turns": (
        on("C4", Conv(channels=2, kernel_size=(3, 5))),
        "body[1].kernel_size (conv)",
        "must be equal",
    ),
    "oblong grid under quarter turns": (on("C4", input=WIDE), "body[0] (lift)", "pad or crop it to equal axes"),
    "oblong cube under rotations": (on("T", input=Volume(size=(5, 5, 7))), "body[0] (lift)", "equal axes"),
    "small kernel under eighth turns": (
        on("C8", input=FINE, window=Disc()),
        "body[0].kernel_size (lift)",
        "at least 5",
    ),
    "small kernel under third turns": (on("C3", input=FINE, window=Disc()), "body[0].kernel_size (lift)", "at least 5"),
    "no disc under eighth turns": (on("C8", input=FINE, kernel_size=5), "body[0].window (lift)", "window=Disc()"),
    "bias per element": (on("C4", Conv(channels=2, bias="per_element")), "body[1].bias (conv)", "bias=True"),
    "bias per element of a lift": (on("C4", bias="per_element"), "body[0].bias (lift)", "bias=True"),
    "statistics per element": (
        on("C4", Norm(statistics="per_element")),
        "body[1].statistics (norm)",
        "statistics='shared'",
    ),
    "sets that do not divide": (
        network(SQUARE, Norm(type="group", groups=3)),
        "body[0].groups (norm)",
        "do not divide 2 channels",
    ),
    "sets of one value": (
        network(Series(channels=2, length=1), Norm(type="group", groups=2)),
        "body[0].groups (norm)",
        "use fewer sets",
    ),
    "group pooled twice": (
        network(SQUARE, Lift(group="C4", channels=2), GroupPool(), GroupPool()),
        "body[2] (group_pool)",
        "remove one",
    ),
    "convolution after pooling": (
        network(SQUARE, Lift(group="C4", channels=2), GroupPool(), Conv(channels=2)),
        "body[2] (conv)",
        "Restrict(group='C1')",
    ),
    "lift after pooling": (
        network(SQUARE, Lift(group="C4", channels=2), GroupPool(), Lift(group="C4", channels=2)),
        "body[2] (lift)",
        "GroupPool()",
    ),
    "head on a group": (
        network(SQUARE, Lift(group="C4", channels=2)),
        "head (classifier)",
        "put GroupPool() before it",
    ),
    "dense head on a group": (
        network(SQUARE, Lift(group="C4", channels=2), head=Dense(outputs=2)),
        "head (dense)",
        "GroupPool()",
    ),
    "causal image": (network(SQUARE, Conv(channels=2, causal=True)), "body[0].causal (conv)", "use causal=False"),
    "causal under a flip": (
        on("D1", Conv(channels=2, causal=True), input=LINE),
        "body[1].causal (conv)",
        "causal=False or a plain signal",
    ),
    "lift twice": (on("C4", Lift(group="C4", channels=2)), "body[1] (lift)", "use Conv() here"),
    "attention on scales": (attending("S3", input=LINE), "body[0].group (self_attention_lift)", "use Lift()"),
    "quarter turns of a series": (on("C4", input=LINE), "body[0].group (lift)", "use C1, D1, scales S2"),
    "cube rotations of an image": (on("O"), "body[0].group (lift)", "use C1, C2, C4"),
    "no subgroup": (on("C4", Restrict(group="D4")), "body[1].group (restrict)", "restrict to a subgroup"),
    "heads that do not divide": (
        network(SQUARE, SelfAttention(channels=4, hidden=6, heads=4)),
        "body[0].hidden (self_attention)",
        "use a multiple of 4",
    ),
    "heads too narrow for positions": (
        attending("C4", SelfAttention(channels=4, hidden=4)),
        "body[1].hidden (self_attention)",
        "use at least 6, or fewer heads",
    ),
    "even attention window": (
        network(LINE, SelfAttention(channels=2, window=4)),
        "body[0].window (self_attention)",
        "use an odd number",
    ),
    "attention beyond the grid": (
        network(SQUARE, SelfAttention(channels=2, window=19)),
        "body[0].window (self_attention)",
        "use at most 17, or None",
    ),
    "attention over too much": (
        attending("C8", input=Image(channels=2, size=(300, 300)), window=None),
        "body[0].window (self_attention_lift)",
        "use a smaller window",
    ),
    "attention after pooling": (
        attending("C4", GroupPool(), SelfAttention(channels=2)),
        "body[2] (self_attention)",
        "Restrict(group='C1')",
    ),
    "attention lifts twice": (
        attending("C4", SelfAttentionLift(group="C4", channels=2)),
        "body[1] (self_attention_lift)",
        "use SelfAttention() here",
    ),
    "attention on a series under quarter turns": (
        attending("C4", input=LINE),
        "body[0].group (self_attention_lift)",
        "use C1, D1",
    ),
    "attention on an oblong under quarter turns": (
        attending("C4", input=WIDE),
        "body[0] (self_attention_lift)",
        "pad or crop it to equal axes",
    ),
    "published relation of D4": (
        attending("D4", SelfAttention(channels=2, relative="published")),
        "body[1].relative (self_attention)",
        "use 'exact'",
    ),
    "restricting a plain signal": (
        network(SQUARE, Restrict(group="C2")),
        "body[0].group (restrict)",
        "Lift() to the larger group",
    ),
    "adding other channels": (
        network(LINE, Branch(branches=[[Pointwise(channels=3)], []])),
        "body[0].add (branch)",
        "or concat",
    ),
    "adding other grids": (
        network(LINE, Branch(branches=[[Pool()], []])),
        "body[0].add (branch)",
        "same grid and group",
    ),
    "concatenating other groups": (
        on("D4", Branch(branches=[[Restrict(group="C4")], []], merge="concat")),
        "body[1].concat (branch)",
        "same grid and group",
    ),
    "adding groups of equal order": (
        on("D4", Branch(branches=[[Restrict(group="C4")], [Restrict(group="D2")]])),
        "body[1].add (branch)",
        "group",
    ),
    "residual that changes the group": (
        on("D4", Residual(body=[Restrict(group="C4")])),
        "body[1] (residual)",
        "out of the residual",
    ),
    "residual that pools the group": (
        on("D4", Residual(body=[GroupPool()])),
        "body[1] (residual)",
        "out of the residual",
    ),
    "frames of what the shortcut is not": (
        network(SQUARE, Residual(body=[Conv(channels=2), FrameAverage(group="C4", body=[])])),
        "body[0].sum (residual): cannot add what turns under C4 when body[0].body[0] does and what does when input",
        "begin both at one node, or end the first with Restrict(group='C1')",
    ),
    "frames beside what looks in one direction": (
        network(SQUARE, Branch(branches=[[Conv(channels=2)], [FrameAverage(group="D4", body=[])]])),
        "body[0].add (branch): cannot add what turns under D4 when input does and what does when body[0].branches[0]",
        "begin both at one node",
    ),
    "frames beside frames given up": (
        network(
            SQUARE,
            Branch(branches=[[FrameAverage(group="C4", body=[])], [FrameAverage(group="C4", body=[]), GIVEN_UP]]),
        ),
        "body[0].add (branch): cannot add what turns under C4 when input does and what does when body[0].branches[1]",
        "begin both at one node",
    ),
    "frames beside frames of another group": (
        network(SQUARE, Branch(branches=[[FrameAverage(group="C4", body=[])], [FrameAverage(group="D4", body=[])]])),
        "body[0].add (branch): cannot add (2 channels pooled over C4, 9×9) and (2 channels pooled over D4, 9×9)",
        "same grid and group",
    ),
    "a pool off centre beside frames": (
        network(
            Image(channels=2, size=(8, 8)), Residual(body=[FrameAverage(group="C4", body=[Conv(channels=2, stride=3)])])
        ),
        "body[0] (residual)",
        "a grid no shortcut reaches",
    ),
    "a residual that gives up what was pooled": (
        network(SQUARE, FrameAverage(group="C4", body=[]), Residual(body=[GIVEN_UP, Conv(channels=2)])),
        "body[1] (residual): the body turns (2 channels pooled over C4, 9×9) into (2 channels, 9×9)",
        "out of the residual",
    ),
    "attention to positions after a larger group was pooled": (
        network(SQUARE, FrameAverage(group="D4", body=[]), Attention(group="C4", kernel_size=3)),
        "body[1].group (attention)",
        "use group='D4'",
    ),
    "residual no shortcut reaches": (
        network(LINE, Residual(body=[Conv(channels=2, padding="valid", kernel_size=4)])),
        "body[0] (residual)",
        "padding='same'",
    ),
    "graph: missing node": (
        network(LINE, graph(out=("a",))),
        "body[0].nodes.out.inputs[0] (graph)",
        "the nodes are input, out",
    ),
    "graph: missing output": (network(LINE, graph(a=("input",))), "body[0].output (graph)", "the nodes are a"),
    "graph: input as output": (
        network(LINE, Graph(nodes={"a": NODE}, output="input")),
        "body[0].output (graph)",
        "the nodes are a",
    ),
    "graph: cycle": (
        network(LINE, graph(a=("b", "input"), b=("a",), out=("b",))),
        "body[0].nodes (graph)",
        "remove one of these",
    ),
    "graph: self": (network(LINE, graph(out=("out",))), "body[0].nodes (graph)", "remove one of these"),
    "graph: block inside": (
        network(LINE, Graph(output="a", nodes={"a": GraphNode(block=Conv(channels=2, kernel_size=2))})),
        "body[0].nodes.a.kernel_size (conv)",
        "odd size",
    ),
    "too many nodes": (
        network(LINE, Repeat(times=1000, body=[Repeat(times=1000, body=[Activation()])])),
        "body[0].copy9.body[0].copy999.body[0]",
        "repeat less",
    ),
    "deep inside": (
        network(LINE, Residual(body=[Repeat(times=2, body=[Branch(branches=[[Conv(channels=2, kernel_size=2)]])])])),
        "body[0].body[0].copy0.body[0].branches[0][0].kernel_size (conv)",
        "odd size",
    ),
    "last step of an image": (
        network(SQUARE, head=Classifier(classes=2, pool="last")),
        "head.pool (classifier)",
        "use 'mean' or 'max'",
    ),
    "last step under reversal": (
        Architecture(
            input=LINE, body=[Lift(group="D1", channels=2), GroupPool()], head=Classifier(classes=2, pool="last")
        ),
        "head.pool (classifier)",
        "use pool='mean' or 'max'",
    ),
}

OBLONG_CELLS = {"input": SQUARE, "reference": (12, 6), "head": Classifier(classes=2)}  # 4/3 by 2/3 steps
TURNING: dict[str, Block] = {
    "lift": Lift(group="C4", channels=2, kernel=Siren(hidden=4)),
    "attention lift": SelfAttentionLift(group="C4", channels=2),
    "attention": Attention(group="C4", kernel=Siren(hidden=4), kernel_size=3),
    "frames": FrameAverage(group="C4", body=[]),
    "frames in the test": TestTimeAverage(group="C4", body=[]),
    "canonical": Canonicalise(group="C4", body=[], kernel=Siren(hidden=4)),
}
MISTAKES |= {
    f"cells that are not square, {name}": (
        Architecture(body=[block, GroupPool()] if "lift" in name else [block], **OBLONG_CELLS),
        f"body[0] ({block.kind}): C4 turns axis 0 into axis 1, but their points are 4/3 and 2/3 reference steps apart",
        "give the reference grid equal axes too, or use a group without quarter turns such as C2 or D1",
    )
    for name, block in TURNING.items()
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_place_and_a_remedy(name: str) -> None:
    architecture, place, remedy = MISTAKES[name]
    with pytest.raises(SignalError) as caught:
        _ = architecture.graph
    message = str(caught.value)
    assert message.startswith(place), message
    assert remedy in message, message
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("group", ["C2", "D1", "D2"])
@pytest.mark.parametrize("name", TURNING)
def test_groups_that_only_flip_may_have_cells_that_are_not_square(name: str, group: str) -> None:
    block = TURNING[name].with_fields({"group": Group(group)})
    architecture = Architecture(body=[block, GroupPool()] if "lift" in name else [block], **OBLONG_CELLS)
    x = noise(architecture)
    assert built(architecture).eval()(x).shape == (2, 2)
    assert certify(built(architecture).eval(), group, examples=x).verdict == "exact"


@pytest.mark.parametrize("size", [7, 8, 9, 10, 11, 12])
@pytest.mark.parametrize(
    "block",
    [Conv(channels=2, stride=2), Conv(channels=2, padding="valid", stride=3), Pool(size=2), Pool(size=3, stride=2)],
    ids=str,
)
def test_the_axis_that_a_parity_mistake_recommends_is_allowed(block: Conv | Pool, size: int) -> None:
    architecture = on("D4", block, input=Image(size=(size, size)))
    try:
        _ = architecture.graph
    except SignalError as error:
        better = int(str(error).split("use an axis of ")[1].split(",")[0])
        assert on("D4", block, input=Image(size=(better, better))).graph


def test_the_axis_recommended_holds_a_kernel_larger_than_the_grid() -> None:
    wide = on("D4", Conv(channels=2, kernel_size=7, kernel=Siren(), stride=2), input=Image(size=(4, 4)))
    with pytest.raises(SignalError, match="use an axis of 7, or"):
        _ = wide.graph


def test_what_a_plain_network_may_do_under_no_group() -> None:
    body = (
        Conv(channels=4, stride=2),
        Conv(channels=4, kernel_size=(1, 3), bias="per_element"),
        Pool(size=2),
        Norm(statistics="per_element"),
    )
    for lift in (Lift(group="C1", channels=3, stride=2), Conv(channels=3, stride=2)):
        assert network(Image(size=(28, 20)), lift, *body).graph.signal.channels == 3


def test_axes_a_group_leaves_alone_may_have_any_parity() -> None:
    flipped = on("D1", Pool(size=(3, 3), stride=2), input=Image(size=(9, 10)))
    assert flipped.graph.nodes["body.1"].signal.grid == (5, 5)
    with pytest.raises(SignalError, match="axis of 10"):
        _ = on("D1", Pool(size=(3, 3), stride=2), input=Image(size=(10, 9))).graph


def test_what_is_approximate_is_warned_of_with_its_place() -> None:
    (turns,) = on("C8", input=FINE, kernel_size=7, window=Disc(), kernel=Siren()).warnings
    assert turns.startswith("body[0] (lift): turns of C8 other than quarter turns are approximate")
    fast = on("C8", input=FINE, kernel_size=7, window=Disc(), kernel=Siren(omega_0=30)).warnings
    assert "aliases under turns of C8" in fast[1]
    table = on("C8", input=FINE, kernel_size=7, window=Disc()).warnings
    assert "use" in table[1] or "Siren" in table[1]
    (attention,) = attending("C8", input=FINE).warnings
    assert attention.startswith("body[0] (self_attention_lift): turns of C8 other than quarter turns are approximate")
    (quirk,) = attending("C4", SelfAttention(channels=2, window=3, relative="published")).warnings
    assert quirk == "body[1] (self_attention): relative='published' breaks C4; use relative='exact'"
    (unread,) = network(Series(length=9), Pool(size=2)).warnings
    assert unread == "body[0] (pool): the last 1 of 9 points on axis 0 are never read"


@pytest.mark.parametrize(
    "architecture",
    [
        network(Series(channels=2, length=1), Norm(type="group")),
        network(Series(channels=1, length=2), Norm(type="group")),
        on("D1", Norm(type="group"), input=Series(length=1), channels=1, kernel_size=1),
    ],
)
def test_sets_of_two_values_run_on_one_example(architecture: Architecture) -> None:
    """Of one value, which is refused, torch raises an error for one example, and for two answers zero."""
    built(architecture).eval()(noise(architecture, batch=1))
